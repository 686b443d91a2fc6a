import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJpegStructure } from '../../../src/core/media/jpeg_metadata.ts';
import { makePicture } from './made_media.ts';

let picture: Buffer;
let photo: Buffer;
beforeAll(async () => {
  picture = await makePicture(1, 320, 200);
  photo = await sharp(picture).jpeg({ quality: 80 }).toBuffer();
});

/** A segment: its marker, its length, its content. */
function segment(marker: number, content: string | Buffer): Buffer {
  const body = Buffer.from(content as string, 'latin1');
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

function withSegments(jpeg: Buffer, ...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

function pictureOf(jpeg: Uint8Array): Buffer {
  const structure = readJpegStructure(jpeg);
  if (structure === undefined) throw new Error('Expected a structure but received none.');
  return Buffer.concat(structure.picture);
}

describe('the structure of a JPEG file', () => {
  it('loses every kind of metadata and keeps the picture bit for bit', async () => {
    const secrets = [
      segment(0xe1, 'Exif\0\0GPS 48.8584 N 2.2945 E'),
      segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>the owner</x:xmpmeta>'),
      segment(0xe2, 'ICC_PROFILE\0a profile'),
      segment(0xe2, 'MPF\0more pictures'),
      segment(0xed, 'Photoshop 3.0\0the editor'),
      segment(0xe0, 'JFXX\0a preview of what was cut away'),
      segment(0xee, 'Adobe and a long tail of other things'),
      segment(0xfe, 'a comment'),
    ];
    const stripped = pictureOf(withSegments(photo, ...secrets));
    expect(stripped.equals(photo)).toBe(true);
  });

  it('ends with the picture: the film of a motion photo behind it is left out', () => {
    const film = Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), photo]);
    expect(pictureOf(Buffer.concat([photo, film])).equals(photo)).toBe(true);
  });

  it('loses a JFIF segment with a preview picture, and keeps one without', () => {
    const density = '\x01\x01\0\0\x01\0\x01';
    const bare = withSegments(photo, segment(0xe0, `JFIF\0${density}\0\0`));
    expect(pictureOf(bare).equals(bare)).toBe(true);
    const withPreview = withSegments(photo, segment(0xe0, `JFIF\0${density}\x01\x01rgb`));
    expect(pictureOf(withPreview).equals(photo)).toBe(true);
  });

  it('is read from progressive files, with their several scans and tables between', async () => {
    const progressive = await sharp(picture).jpeg({ progressive: true, quality: 60 }).toBuffer();
    const stripped = pictureOf(withSegments(progressive, segment(0xfe, 'a comment')));
    expect(stripped.equals(progressive)).toBe(true);
  });

  it('is read over fill bytes before a marker and restart markers inside a scan', () => {
    const scan = photo.indexOf(Buffer.from([0xff, 0xda]));
    const filled = Buffer.concat([photo.subarray(0, scan), Buffer.from([0xff, 0xff]), photo.subarray(scan)]);
    expect(readJpegStructure(filled)?.quantisationStep).toBe(readJpegStructure(photo)?.quantisationStep);
    const restarted = Buffer.concat([photo.subarray(0, -2), Buffer.from([0xff, 0xd0, 1, 2, 0xff, 0, 3]), photo.subarray(-2)]);
    expect(pictureOf(restarted).equals(restarted)).toBe(true);
  });

  it('tells the strength of its compression from its tables', async () => {
    // The ten lowest entries of Annex K's luminance table have the mean 13.2; quality 5 multiplies them by 10.
    for (const [quality, step] of [
      [5, 132],
      [10, 66],
      [50, 13.2],
      [75, 6.6],
    ] as const) {
      const jpeg = await sharp(picture).jpeg({ quality }).toBuffer();
      expect(Math.abs((readJpegStructure(jpeg)?.quantisationStep as number) - step), `quality ${quality}`).toBeLessThan(0.05 * step);
    }
  });

  it('tells YCbCr from grey, CMYK and RGB', async () => {
    expect(readJpegStructure(photo)?.isYcc).toBe(true);
    expect(readJpegStructure(await sharp(picture).greyscale().toColourspace('b-w').jpeg().toBuffer())?.isYcc).toBe(false);
    expect(readJpegStructure(await sharp(picture).toColourspace('cmyk').jpeg().toBuffer())?.isYcc).toBe(false);
    const adobeRgb = segment(0xee, 'Adobe\0\x64\0\0\0\0\0');
    expect(readJpegStructure(withSegments(photo, adobeRgb))?.isYcc).toBe(false);
  });

  it('is unknown of anything cut off, and of frames that few programs read', () => {
    for (let length = 0; length < photo.length; length += 7) expect(readJpegStructure(photo.subarray(0, length))).toBeUndefined();
    const arithmetic = Buffer.from(photo);
    arithmetic[photo.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc9;
    expect(readJpegStructure(arithmetic)).toBeUndefined();
    expect(readJpegStructure(picture)).toBeUndefined();
  });

  it('is read from any bytes without an error, and its pieces follow each other inside the file', () => {
    const edits = fc.array(
      fc.record({ at: fc.nat(photo.length - 1), byte: fc.constantFrom(0, 1, 0xff, 0xd8, 0xd9, 0xda, 0xdb, 0xe1, 0xfe) }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(edits, (list) => {
        const damaged = Buffer.from(photo);
        for (const { at, byte } of list) damaged[at] = byte;
        const { picture: pieces } = readJpegStructure(damaged) ?? { picture: [] };
        let end = damaged.byteOffset;
        for (const piece of pieces) {
          expect(piece.byteOffset).toBeGreaterThanOrEqual(end);
          end = piece.byteOffset + piece.length;
        }
        expect(end).toBeLessThanOrEqual(damaged.byteOffset + damaged.length);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => readJpegStructure(Buffer.concat([Buffer.from([0xff, 0xd8]), bytes]))).not.toThrow();
      }),
    );
  });
});
