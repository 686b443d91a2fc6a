import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { croppedJpeg, pixelsOf, readPicture, thumbnailJpeg } from '../../../src/core/media/picture.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { makePicture, temporaryFolder } from './made_media.ts';

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
    const { bytes, width, height } = await readPicture(photo);
    expect([width, height]).toEqual([80, 48]);
    expectColour(await pixelAt(bytes, 16, 8), [254, 0, 0]);
    expectColour(await pixelAt(bytes, 64, 8), [0, 0, 254]);
    expectColour(await pixelAt(bytes, 16, 40), [0, 192, 0]);
    expectColour(await pixelAt(bytes, 64, 40), [0, 0, 0]);
  });

  it.each([1, 6])('has no metadata left: no EXIF, no profile, no orientation (orientation %i)', async (orientation) => {
    const photo = await sharp(await quarters())
      .withExif({ IFD0: { Copyright: 'somebody', ImageDescription: 'where I live' } })
      .withMetadata({ orientation })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">the owner</x:xmpmeta>')
      .jpeg()
      .toBuffer();
    const { bytes } = await readPicture(photo);
    const metadata = await sharp(bytes).metadata();
    expect(metadata).toMatchObject({ format: 'jpeg', space: 'srgb', channels: 3 });
    for (const field of ['exif', 'icc', 'xmp', 'iptc', 'orientation'] as const) expect(metadata[field]).toBeUndefined();
    for (const secret of ['somebody', 'where I live', 'the owner']) expect(Buffer.from(bytes).includes(secret)).toBe(false);
  });

  it('keeps the pixels of an upright sRGB JPEG bit for bit, with or without the profile that says so', async () => {
    const plain = await sharp(await makePicture(2))
      .jpeg({ quality: 83 })
      .toBuffer();
    const tagged = await sharp(await makePicture(2))
      .withIccProfile('srgb')
      .jpeg({ quality: 83 })
      .toBuffer();
    expect(tagged.length).toBeGreaterThan(plain.length);
    for (const photo of [plain, tagged]) expect(Buffer.from((await readPicture(photo)).bytes).equals(plain)).toBe(true);
  });

  it('is the same again when it is read again: no generation is lost', async () => {
    const first = await readPicture(await makePicture(3));
    expect(Buffer.from((await readPicture(first.bytes)).bytes).equals(first.bytes)).toBe(true);
  });

  it.each(['png', 'jpeg'] as const)('is converted from its colour profile to sRGB (%s)', async (format) => {
    const green = { create: { width: 16, height: 16, channels: 3 as const, background: '#40c040' } };
    const wide = await sharp(green).withIccProfile('p3').toFormat(format, { quality: 100 }).toBuffer();
    // The same colour has other numbers in Display P3; read back they must be sRGB's again.
    expect(await pixelAt(wide, 8, 8)).not.toEqual([0x40, 0xc0, 0x40]);
    const { bytes } = await readPicture(wide);
    expect((await sharp(bytes).metadata()).icc).toBeUndefined();
    expectColour(await pixelAt(bytes, 8, 8), [0x40, 0xc0, 0x40]);
  });

  it('is converted from CMYK to the colours that the print would have', async () => {
    const red = { create: { width: 16, height: 16, channels: 3 as const, background: '#c03020' } };
    for (const format of ['jpeg', 'tiff'] as const) {
      const print = await sharp(red).toColourspace('cmyk').toFormat(format, { quality: 100 }).toBuffer();
      expect((await sharp(print).metadata()).space).toBe('cmyk');
      const [r, g, b] = (await pixelAt((await readPicture(print)).bytes, 8, 8)) as [number, number, number];
      // Inks cannot print every red; it stays a red.
      expect(r).toBeGreaterThan(150);
      expect(Math.max(g, b)).toBeLessThan(80);
    }
  });

  it('lies on white where it was transparent', async () => {
    const glass = await sharp({ create: { width: 16, height: 16, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
      .png()
      .toBuffer();
    expectColour(await pixelAt((await readPicture(glass)).bytes, 8, 8), [255, 255, 255]);
  });

  it('has three channels of eight bits, from grey and from sixteen bits too', async () => {
    const picture = sharp(await quarters());
    const sources = [
      await picture.clone().greyscale().png().toBuffer(),
      await picture.clone().greyscale().toColourspace('b-w').jpeg().toBuffer(),
      await picture.clone().toColourspace('rgb16').png().toBuffer(),
      await picture.clone().toColourspace('grey16').png().toBuffer(),
    ];
    for (const source of sources) {
      const { bytes, working } = await readPicture(source);
      expect(await sharp(bytes).metadata()).toMatchObject({ channels: 3, depth: 'uchar', space: 'srgb' });
      expect(working.data.length).toBe(working.width * working.height * 3);
    }
  });

  it.each(['webp', 'avif', 'tiff', 'gif', 'png', 'jpeg'] as const)('is read from %s', async (format) => {
    const source = await sharp(await quarters())
      .toFormat(format)
      .toBuffer();
    expect(await readPicture(source)).toMatchObject({ width: 80, height: 48 });
  });

  it('is read from a path, from bytes and from pixels alike', async () => {
    const source = await quarters();
    const path = join(temporaryFolder(), 'a "quoted"\nname.png');
    writeFileSync(path, source);
    const { data, info } = await sharp(source).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const read = await Promise.all([path, source, { data, ...sizeOf(info) }].map(readPicture));
    const contents = read.map(({ bytes, working }) => Buffer.concat([bytes, working.data]).toString('hex'));
    expect(new Set(contents).size).toBe(1);
    expect(read.map(sizeOf)).toEqual(Array(3).fill({ width: 80, height: 48 }));
  });

  it.each(['gif', 'webp'] as const)('is the first frame of an animation that shows something (%s)', async (format) => {
    const black = await sharp({ create: { width: 80, height: 48, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    const frames = sharp([black, await quarters(), await makePicture(9, 80, 48)], { join: { animated: true } });
    const animation = await frames.toFormat(format, { delay: [100, 100, 100], loop: 0 }).toBuffer();
    const { bytes, width, height } = await readPicture(animation);
    expect([width, height]).toEqual([80, 48]);
    const [r, , b] = (await pixelAt(bytes, 16, 8)) as [number, number, number];
    expect(r).toBeGreaterThan(200);
    expect(b).toBeLessThan(40);
  });

  it('is the same bytes every time', async () => {
    const source = await makePicture(5);
    const [first, second] = [await readPicture(source), await readPicture(source)];
    expect(Buffer.from(first.bytes).equals(second.bytes)).toBe(true);
  });

  it('is measured at one size whatever its own', async () => {
    for (const width of [200, 1000]) {
      const { working } = await readPicture(await makePicture(6, width, width / 2));
      expect([working.width, working.height]).toEqual([384, 192]);
    }
  });

  it('knows a heavy compression of its file, of the file it was before, and none of a fine one', async () => {
    const picture = await makePicture(8);
    const coarse = await sharp(picture).jpeg({ quality: 5 }).toBuffer();
    const compressionOf = async (file: Buffer): Promise<number> => (await readPicture(file)).compression;
    expect(await compressionOf(coarse)).toBeGreaterThan(0.7);
    expect(await compressionOf(await sharp(coarse).png().toBuffer())).toBeGreaterThan(0.3);
    expect(await compressionOf(await sharp(coarse).jpeg({ quality: 90 }).toBuffer())).toBeGreaterThan(0.3);
    expect(await compressionOf(await sharp(picture).jpeg({ quality: 85 }).toBuffer())).toBeLessThan(0.1);
    expect(await compressionOf(picture)).toBeLessThan(0.1);
  });
});

describe('a part or a small copy of a picture', () => {
  it('is cut where the box says, of a stored picture and of one that has to be turned', async () => {
    const photo = await sharp(await quarters())
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer();
    for (const source of [await quarters(), photo]) {
      const { bytes, width, height } = await croppedJpeg(source, { left: 40, top: 24, width: 40, height: 24 });
      expect([width, height]).toEqual([40, 24]);
      expectColour(await pixelAt(bytes, 20, 12), [0, 0, 0]);
    }
  });

  it('ends at the border of the picture, and is refused outside', async () => {
    const picture = await quarters();
    expect(await croppedJpeg(picture, { left: -5, top: 39.6, width: 20.2, height: 30 })).toMatchObject({ width: 15, height: 8 });
    await expect(croppedJpeg(picture, { left: 80, top: 0, width: 9, height: 9 })).rejects.toThrow(
      'inside 80 × 48 pixels but received 9 × 9 at 80, 0',
    );
  });

  it('is never enlarged', async () => {
    const { bytes } = await readPicture(await makePicture(4, 300, 200));
    const sizes = [await pixelsOf(bytes, 150), await pixelsOf(bytes, 1000)].map(sizeOf);
    expect(sizes).toEqual([
      { width: 150, height: 100 },
      { width: 300, height: 200 },
    ]);
    expect(await sharp(await thumbnailJpeg(bytes, 60)).metadata()).toMatchObject({ format: 'jpeg', width: 60, height: 40 });
    expect(await sharp(await thumbnailJpeg(await pixelsOf(bytes, 150), 400)).metadata()).toMatchObject({ width: 150, height: 100 });
  });
});

describe('a picture that cannot be used', () => {
  it('is refused with what was expected and what came: nothing, text, a drawing, a PDF', async () => {
    for (const [content, name] of [
      ['no picture at all', 'text'],
      ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'a drawing (SVG)'],
      ['%PDF-1.7', 'a PDF document'],
      ['', 'empty'],
    ] as const) {
      await expect(readPicture(Buffer.from(content))).rejects.toThrow(/^Expected a JPEG, PNG, WebP, GIF, TIFF or AVIF picture but /);
      await expect(readPicture(Buffer.from(content))).rejects.toThrow(name);
    }
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'is refused when it is cut off, not shown half grey (%s)',
    async (format) => {
      const whole = await sharp(await makePicture(7, 240, 160))
        .toFormat(format)
        .toBuffer();
      await expect(readPicture(whole.subarray(0, Math.floor(whole.length * 0.6)))).rejects.toThrow(/damaged or cut off\. Copy it again/);
    },
  );

  it('is refused when a JPEG lacks its last tenth, progressive or with metadata of its own', async () => {
    const picture = sharp(await makePicture(7)).withMetadata({ orientation: 1 });
    for (const options of [{}, { progressive: true }]) {
      const whole = await picture.clone().jpeg(options).toBuffer();
      await expect(readPicture(whole.subarray(0, Math.floor(whole.length * 0.9)))).rejects.toThrow('damaged or cut off');
    }
  });

  it('is refused with the reason when it is a HEIC', async () => {
    const avif = await sharp(await quarters())
      .avif()
      .toBuffer();
    const renamed = avif.toString('latin1').replaceAll('avif', 'heic').replaceAll('av01', 'hvc1').replaceAll('av1C', 'hvcC');
    await expect(readPicture(Buffer.from(renamed, 'latin1'))).rejects.toThrow(/HEIC needs an HEVC decoder.*Save it as JPEG/);
  });

  it('is refused before it is decoded when its header tells of too many pixels', async () => {
    const bomb = await sharp(await quarters())
      .png()
      .toBuffer();
    // Width and height in the PNG's header, behind its 8-byte signature and the chunk's length and name.
    bomb.writeUInt32BE(30_000, 16);
    bomb.writeUInt32BE(30_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    await expect(readPicture(bomb)).rejects.toThrow('Expected at most 100 megapixels but received 30000 × 30000');
  });
});

function sizeOf({ width, height }: Pick<RgbPicture, 'width' | 'height'>): { width: number; height: number } {
  return { width, height };
}
