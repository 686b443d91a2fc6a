import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTextReader, type TextLine, type TextReader } from '../../src/core/media/ocr/text_reader.ts';
import { readingAccuracy, wordsRead } from '../core/media/ocr/reading_accuracy.ts';
import { hasRealData, realFile, tell } from './real_data.ts';

/** Share of the characters of each picture that are read right, asked of every picture that has text. */
const LEAST_ACCURACY = 0.95;
/** Share of the words of the English pictures that are read right, spaces included. */
const LEAST_WORDS = 0.9;
/** Photos without any letter in them, looked at by hand: biscuits in striped light, a cat, a cup. */
const WITHOUT_TEXT = ['based-cooking/images/tahini-short-bread.webp', 'photo/skimage-chelsea.png', 'photo/skimage-coffee.png'];

describe.skipIf(!hasRealData())('text in real pictures', () => {
  let reader: TextReader;
  beforeAll(async () => {
    reader = await createTextReader({ threads: 2 });
  });
  afterAll(() => reader.close());

  const read = async (...names: readonly string[]): Promise<TextLine[]> => {
    const picture = sharp(realFile(...names))
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw();
    const { data, info } = await picture.toBuffer({ resolveWithObject: true });
    return reader.read({ data, width: info.width, height: info.height });
  };

  it('is read right, turned and transparent pictures included; a black one has none', async () => {
    const truth = JSON.parse(readFileSync(realFile('ocr', 'ground_truth.json'), 'utf8')) as Record<
      string,
      { lang: string; lines: string[] }
    >;
    for (const [name, { lang, lines }] of Object.entries(truth)) {
      const texts = (await read('ocr', name)).map(({ text }) => text);
      if (lines.length === 0) {
        expect(texts, name).toEqual([]);
        continue;
      }
      const accuracy = readingAccuracy(lines, texts);
      tell(`${name}: ${(100 * accuracy).toFixed(1)} % of the characters`);
      expect(accuracy, name).toBeGreaterThanOrEqual(LEAST_ACCURACY);
      if (lang === 'en') expect(wordsRead(lines, texts), name).toBeGreaterThanOrEqual(LEAST_WORDS);
    }
  });

  it.each(WITHOUT_TEXT)('is not seen where there is none: %s', async (name) => {
    expect(await read(name)).toEqual([]);
  });
});
