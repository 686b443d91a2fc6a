import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeJpeg, workingPixels } from '../../../src/core/media/picture.ts';
import { makePicture } from './made_media.ts';

/** Quarters of red and blue above green and black, 80 × 48. */
async function quarters(): Promise<Buffer> {
  const quarter = (background: string) => ({ create: { width: 40, height: 24, channels: 3 as const, background } });
  return sharp({ create: { width: 80, height: 48, channels: 3, background: '#ff0000' } })
    .composite([
      { input: quarter('#0000ff'), left: 40, top: 0 },
      { input: quarter('#00c000'), left: 0, top: 24 },
      { input: quarter('#000000'), left: 40, top: 24 },
    ])
    .png()
    .toBuffer();
}

async function pixelAt(picture: Uint8Array, left: number, top: number): Promise<number[]> {
  return [...(await sharp(picture).extract({ left, top, width: 1, height: 1 }).raw().toBuffer())];
}

function expectColour(actual: readonly number[], expected: readonly number[]): void {
  // JPEG moves flat colours by a few levels.
  for (const [channel, value] of expected.entries()) expect(Math.abs((actual[channel] as number) - value)).toBeLessThanOrEqual(6);
}

/** How an upright picture becomes the pixels stored under an EXIF orientation; sharp mirrors before it turns. */
const STORED_AS: Readonly<Record<number, (picture: Sharp) => Sharp>> = {
  1: (picture) => picture,
  2: (picture) => picture.flop(),
  3: (picture) => picture.rotate(180),
  4: (picture) => picture.flip(),
  5: (picture) => picture.flip().rotate(90),
  6: (picture) => picture.rotate(270),
  7: (picture) => picture.flip().rotate(270),
  8: (picture) => picture.rotate(90),
};

describe('a stored picture', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('stands upright whatever its EXIF orientation (%i)', async (orientation) => {
    const turn = STORED_AS[orientation] as (picture: Sharp) => Sharp;
    const turned = await turn(sharp(await quarters()))
      .png()
      .toBuffer();
    const photo = await sharp(turned).withMetadata({ orientation }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    const { bytes, width, height } = await encodeJpeg(photo);
    expect([width, height]).toEqual([80, 48]);
    expectColour(await pixelAt(bytes, 16, 8), [254, 0, 0]);
    expectColour(await pixelAt(bytes, 64, 8), [0, 0, 254]);
    expectColour(await pixelAt(bytes, 16, 40), [0, 192, 0]);
    expectColour(await pixelAt(bytes, 64, 40), [0, 0, 0]);
  });

  it('has no metadata left: no EXIF, no profile, no orientation', async () => {
    const photo = await sharp(await quarters())
      .withMetadata({ orientation: 6, exif: { IFD0: { Copyright: 'somebody', ImageDescription: 'where I live' } }, icc: 'p3' })
      .jpeg()
      .toBuffer();
    const { bytes } = await encodeJpeg(photo);
    const metadata = await sharp(bytes).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', space: 'srgb', channels: 3 });
    for (const field of ['exif', 'icc', 'xmp', 'iptc', 'orientation'] as const) expect(metadata[field]).toBeUndefined();
  });

  it('is converted from its colour profile to sRGB', async () => {
    const green = { create: { width: 16, height: 16, channels: 3 as const, background: '#40c040' } };
    const wide = await sharp(green).withIccProfile('p3').png().toBuffer();
    // The same colour has other numbers in Display P3; read back they must be sRGB's again.
    expect(await pixelAt(wide, 8, 8)).not.toEqual([0x40, 0xc0, 0x40]);
    expectColour(await pixelAt((await encodeJpeg(wide)).bytes, 8, 8), [0x40, 0xc0, 0x40]);
  });

  it('lies on white where it was transparent', async () => {
    const glass = await sharp({ create: { width: 16, height: 16, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer();
    expectColour(await pixelAt((await encodeJpeg(glass)).bytes, 8, 8), [255, 255, 255]);
  });

  it('has three channels of eight bits, from grey and from sixteen bits too', async () => {
    const picture = sharp(await quarters());
    const sources = [await picture.clone().greyscale().png().toBuffer(), await picture.clone().toColourspace('rgb16').png().toBuffer()];
    for (const source of sources) {
      const jpeg = await encodeJpeg(source);
      expect((await sharp(jpeg.bytes).metadata()).channels).toBe(3);
      const pixels = await workingPixels(jpeg);
      expect(pixels.data.length).toBe(pixels.width * pixels.height * 3);
    }
  });

  it.each(['webp', 'avif', 'tiff', 'gif', 'png', 'jpeg'] as const)('is read from %s', async (format) => {
    const source = await sharp(await quarters())
      .toFormat(format)
      .toBuffer();
    expect(await encodeJpeg(source)).toMatchObject({ width: 80, height: 48 });
  });

  it('is the same bytes every time', async () => {
    const source = await makePicture(5);
    expect((await encodeJpeg(source)).bytes).toEqual((await encodeJpeg(source)).bytes);
  });

  it('is measured at one size whatever its own', async () => {
    for (const width of [200, 1000]) {
      const pixels = await workingPixels(await encodeJpeg(await makePicture(6, width, width / 2)));
      expect([pixels.width, pixels.height]).toEqual([384, 192]);
    }
  });
});

describe('a picture that cannot be used', () => {
  it('is refused with what was expected: text, an SVG, a damaged file', async () => {
    const whole = await sharp(await makePicture(7))
      .jpeg()
      .toBuffer();
    await expect(encodeJpeg(Buffer.from('no picture at all'))).rejects.toThrow('Expected a JPEG, PNG, WebP, GIF, TIFF or AVIF picture but');
    await expect(encodeJpeg(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'))).rejects.toThrow(
      'but received svg',
    );
    await expect(encodeJpeg(whole.subarray(0, whole.length / 2))).rejects.toThrow('cannot be decoded');
  });

  it('is refused before it is decoded when its header tells of too many pixels', async () => {
    const bomb = await sharp(await quarters())
      .png()
      .toBuffer();
    // Width and height in the PNG's header, behind its 8-byte signature and the chunk's length and name.
    bomb.writeUInt32BE(20_000, 16);
    bomb.writeUInt32BE(20_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    await expect(encodeJpeg(bomb)).rejects.toThrow('Expected at most 100 megapixels but received 20000 × 20000');
  });
});
