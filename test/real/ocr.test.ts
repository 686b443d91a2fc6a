import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTextReader, type TextReader } from '../../src/core/media/ocr/text_reader.ts';
import { hasRealData, realFile, tell } from './real_data.ts';

/** Share of the characters of each picture that are read right, asked of every picture that has text. */
const LEAST_ACCURACY = 0.95;

const plain = (text: string): string => text.normalize('NFKC').replace(/\s/g, '').toLowerCase();

describe.skipIf(!hasRealData())('text in real pictures', () => {
  let reader: TextReader;
  beforeAll(async () => {
    reader = await createTextReader({ threads: 2 });
  });
  afterAll(() => reader.close());

  it('is read right, turned and transparent pictures included; a black one has none', async () => {
    const truth = JSON.parse(readFileSync(realFile('ocr', 'ground_truth.json'), 'utf8')) as Record<string, { lines: string[] }>;
    for (const [name, { lines }] of Object.entries(truth)) {
      const picture = sharp(realFile('ocr', name)).autoOrient().flatten({ background: '#fff' }).toColourspace('srgb').raw();
      const { data, info } = await picture.toBuffer({ resolveWithObject: true });
      const read = (await reader.read({ data, width: info.width, height: info.height })).map(({ text }) => plain(text));
      if (lines.length === 0) {
        expect(read, name).toEqual([]);
        continue;
      }
      const accuracy = accuracyOf(lines.map(plain), read);
      tell(`${name}: ${(100 * accuracy).toFixed(1)} % of the characters`);
      expect(accuracy, name).toBeGreaterThanOrEqual(LEAST_ACCURACY);
    }
  });
});

/** 1 − edits / characters; each true line takes the nearest line read that no other has taken. */
function accuracyOf(lines: readonly string[], read: readonly string[]): number {
  const left = [...read];
  let edits = 0;
  for (const line of lines) {
    const distances = left.map((other) => editDistance(line, other));
    const nearest = distances.indexOf(Math.min(...distances));
    edits += Math.min(line.length, distances[nearest] ?? line.length);
    if ((distances[nearest] ?? line.length) < line.length) left.splice(nearest, 1);
  }
  return 1 - edits / lines.join('').length;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}
