import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLettering, type Lettering } from '../../../../src/core/media/lettering.ts';
import { createTextReader, type TextReader } from '../../../../src/core/media/ocr/text_reader.ts';
import type { RgbPicture } from '../../../../src/core/media/pixels.ts';
import { drawText } from '../../../../src/core/media/sheet_drawing.ts';

const LINES = ['夏日大促全场五折', 'Fresh bread every morning'];
/** The network is not sure of every space. */
const letters = (text: string): string => text.replaceAll(' ', '');

describe('the text reader', () => {
  let reader: TextReader;
  let lettering: Lettering;
  beforeAll(async () => {
    reader = await createTextReader({ threads: 1 });
    lettering = createLettering();
  });
  afterAll(() => reader.close());

  /** Lines of text in black on a light ground, 60 pixels apart. */
  async function poster(turn = 0): Promise<RgbPicture> {
    const texts = LINES.map((text, row) =>
      drawText(lettering, text, { x: 40, y: 80 + 60 * row, style: { size: 28, weight: 700 }, fill: '#222222' }),
    );
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="220"><rect width="100%" height="100%" fill="#f4e8d0"/>${texts.join('')}</svg>`;
    const { data, info } = await sharp(Buffer.from(svg)).rotate(turn).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  }

  it('reads Chinese and English from top to bottom, and says where', async () => {
    const read = await reader.read(await poster());
    expect(read.map(({ text }) => text)).toEqual(LINES);
    for (const [row, { box, confidence }] of read.entries()) {
      expect(confidence).toBeGreaterThan(0.9);
      // The line's base is at 80 + 60 row, its letters about 20 pixels high.
      expect(box.top + box.height / 2).toBeGreaterThan(60 + 60 * row);
      expect(box.top + box.height / 2).toBeLessThan(82 + 60 * row);
      expect(Math.abs(box.left - 40)).toBeLessThan(12);
    }
  });

  it('reads a picture that stands on its head', async () => {
    const read = await reader.read(await poster(180));
    expect(read.map(({ text }) => letters(text)).toSorted()).toEqual(LINES.map(letters).toSorted());
  });

  it.each([90, 270])('reads a picture that lies on its side, turned by %i degrees', async (turn) => {
    const read = await reader.read(await poster(turn));
    expect(read.map(({ text }) => letters(text)).toSorted()).toEqual(LINES.map(letters).toSorted());
  });

  it('reads a line that is cut out tightly, whatever the height', async () => {
    const { data, width, height } = await poster();
    for (const scale of [0.8, 2]) {
      // 34 of 220 rows: from just above the letters of the first line to just below.
      const line = sharp(data, { raw: { width, height, channels: 3 } }).extract({ left: 32, top: 54, width: 256, height: 34 });
      const scaled = await line
        .resize({ height: Math.round(34 * scale) })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const read = await reader.read({ data: scaled.data, width: scaled.info.width, height: scaled.info.height });
      expect(
        read.map(({ text }) => text),
        `${34 * scale} rows`,
      ).toEqual([LINES[0]]);
    }
  });

  it('reads all of a long picture', async () => {
    const { data, width, height } = await poster();
    const long = new Uint8Array(width * height * 3 * 20).fill(0xf0);
    const tops = [0, 9, 19].map((part) => part * height);
    for (const top of tops) long.set(data, top * width * 3);
    const read = await reader.read({ data: long, width, height: height * 20 });
    expect(read.map(({ text }) => letters(text))).toEqual(tops.flatMap(() => LINES.map(letters)));
  });

  it('finds no text in a plain picture, and takes any size', async () => {
    for (const [width, height] of [
      [300, 200],
      [1, 1],
      [5, 200],
      [200, 5],
      [20_000, 1],
    ] as const) {
      expect(await reader.read({ data: new Uint8Array(width * height * 3).fill(90), width, height })).toEqual([]);
    }
  });

  it('gives the same lines every time', async () => {
    const picture = await poster();
    expect(await reader.read(picture)).toEqual(await reader.read(picture));
  });
});
