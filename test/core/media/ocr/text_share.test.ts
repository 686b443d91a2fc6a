import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inReadingOrder } from '../../../../src/core/media/ocr/reading_order.ts';
import { textShare } from '../../../../src/core/media/ocr/text_share.ts';

describe('the share of a picture that text covers', () => {
  it('counts every pixel once, as counting them one by one does', () => {
    const box = fc
      .record({
        left: fc.integer({ min: 0, max: 9 }),
        top: fc.integer({ min: 0, max: 9 }),
        width: fc.integer({ min: 0, max: 9 }),
        height: fc.integer({ min: 0, max: 9 }),
      })
      .map((each) => ({ ...each, width: Math.min(each.width, 12 - each.left), height: Math.min(each.height, 10 - each.top) }));
    fc.assert(
      fc.property(fc.array(box, { maxLength: 6 }), (boxes) => {
        const covered = Array.from({ length: 120 }, (_, at) => {
          const [x, y] = [at % 12, Math.floor(at / 12)];
          return boxes.some(({ left, top, width, height }) => x >= left && x < left + width && y >= top && y < top + height);
        });
        expect(textShare(boxes, 12, 10)).toBeCloseTo(covered.filter(Boolean).length / 120, 12);
      }),
    );
  });
});

describe('reading order', () => {
  const line = (name: string, left: number, top: number, width = 80, height = 20) => ({ name, box: { left, top, width, height } });
  const names = (...lines: ReturnType<typeof line>[]): string[] => inReadingOrder(lines).map(({ name }) => name);

  it('goes down the rows, and along each', () => {
    expect(names(line('d', 100, 32), line('b', 100, 2), line('c', 0, 30), line('a', 0, 0))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('reads a column to its end where the columns beside it have other rows', () => {
    const price = [line('usual', 0, 0, 40, 10), line('10.0', 0, 12, 60, 30)];
    expect(names(line('off', 100, 0, 60, 26), ...price, line('now', 100, 24, 60, 20))).toEqual(['usual', '10.0', 'off', 'now']);
  });

  it('takes lines whose boxes touch for lines of their own', () => {
    expect(names(line('second', 0, 16), line('first', 0, 0))).toEqual(['first', 'second']);
  });
});
