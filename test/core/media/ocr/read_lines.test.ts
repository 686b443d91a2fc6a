import { describe, expect, it } from 'vitest';
import { decodeLine, readLines } from '../../../../src/core/media/ocr/read_lines.ts';

const CHARACTERS = ['a', 'b', 'c', ' '];
const CLASSES = 1 + CHARACTERS.length;
/** One row a step: the class and its probability; the rest is shared by the others. */
const steps = (...rows: readonly (readonly [best: number, probability: number])[]): Float32Array =>
  Float32Array.from(
    rows.flatMap(([best, p]) => Array.from({ length: CLASSES }, (_, each) => (each === best ? p : (1 - p) / (CLASSES - 1)))),
  );

describe('the text of a line', () => {
  it('takes a repeated class once, and twice where a blank stands between', () => {
    const read = decodeLine(steps([1, 0.9], [1, 0.6], [0, 0.9], [1, 0.8], [2, 0.7], [0, 0.9]), CLASSES, CHARACTERS);
    expect(read.text).toBe('aab');
    expect(read.confidence).toBeCloseTo((0.9 + 0.8 + 0.7) / 3, 6);
  });

  it('is empty without confidence where all is blank', () => {
    expect(decodeLine(steps([0, 0.9], [0, 0.9]), CLASSES, CHARACTERS)).toEqual({ text: '', confidence: 0 });
  });

  it('has one space where the network saw one, none at its ends, and they do not count in the confidence', () => {
    const read = decodeLine(steps([4, 0.9], [1, 0.8], [4, 0.5], [4, 0.9], [2, 0.6], [4, 0.9]), CLASSES, CHARACTERS);
    expect(read.text).toBe('a b');
    expect(read.confidence).toBeCloseTo((0.8 + 0.6) / 2, 6);
  });

  it('has a space where the network spread it over several steps, none where it is only a trace', () => {
    const between = (...spaces: readonly number[]): string => {
      const hedged = spaces.flatMap((space) => [1 - space, 0, 0, 0, space]);
      return decodeLine(Float32Array.from([0, 1, 0, 0, 0, ...hedged, 0, 0, 1, 0, 0]), CLASSES, CHARACTERS).text;
    };
    expect(between(0.04, 0.05)).toBe('a b');
    expect(between(0.03, 0.03)).toBe('ab');
    expect(between(0.07)).toBe('ab');
  });
});

describe('reading several lines', () => {
  const line = (width: number, blue: number) => ({
    width,
    data: Uint8Array.from({ length: width * 48 * 3 }, (_, at) => (at % 3 === 2 ? blue : 0)),
  });

  it('keeps their order, whatever their widths, and pads the short ones', async () => {
    const batches: (readonly number[])[] = [];
    const lines = [line(700, 30), line(10, 10), line(400, 20)];
    const read = await readLines(
      lines,
      async (pixels, dims) => {
        batches.push(dims);
        const size = 3 * 48 * dims[3];
        // The network's answer is the class that the first blue value stands for: blue comes first, in [−1, 1].
        const answers = Array.from({ length: dims[0] }, (_, place) => Math.round(((pixels[place * size] as number) + 1) * 12.75));
        return { data: steps(...answers.map((answer) => [answer, 0.9] as const)), dims: [dims[0], 1, CLASSES] };
      },
      CHARACTERS,
    );
    expect(read.map(({ text }) => text)).toEqual(['c', 'a', 'b']);
    expect(batches).toEqual([[3, 3, 48, 700]]);
  });

  it('asks nothing where there is no line', async () => {
    const never = (): never => {
      throw new Error('asked');
    };
    expect(await readLines([], never, CHARACTERS)).toEqual([]);
  });
});
