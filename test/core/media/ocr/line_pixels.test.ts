import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutLine, LINE_HEIGHT } from '../../../../src/core/media/ocr/line_pixels.ts';
import type { Rectangle } from '../../../../src/core/media/ocr/rectangles.ts';
import type { RgbPicture } from '../../../../src/core/media/pixels.ts';

/** Red grows by 1 with each column, green with each row; pixel 0 has its middle at 0.5. */
const RAMP: RgbPicture = {
  width: 200,
  height: 200,
  data: Uint8Array.from({ length: 200 * 200 * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return [pixel % 200, Math.floor(pixel / 200), 0][at % 3] as number;
  }),
};
const rectangle = (width: number, height: number, angle = 0): Rectangle => ({
  centre: { x: 100, y: 100 },
  along: { x: Math.cos(angle), y: Math.sin(angle) },
  width,
  height,
});
const redGreen = ({ data, width }: ReturnType<typeof cutLine>, row: number, column: number) => [
  data[(row * width + column) * 3],
  data[(row * width + column) * 3 + 1],
];

describe('a line cut out of a picture', () => {
  it('has at each pixel the colour of the point it stands for, at any angle and size', () => {
    const anyCut = fc.record({
      angle: fc.double({ min: -0.7, max: 0.7, noNaN: true }),
      width: fc.integer({ min: 60, max: 120 }),
      height: fc.integer({ min: 8, max: 60 }),
    });
    fc.assert(
      fc.property(
        anyCut,
        fc.nat(LINE_HEIGHT - 1),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        ({ angle, width, height }, row, share) => {
          const upright = rectangle(width, height, angle);
          const line = cutLine(RAMP, upright);
          const column = Math.floor(share * line.width);
          const [u, v] = [((column + 0.5) / line.width - 0.5) * width, ((row + 0.5) / LINE_HEIGHT - 0.5) * height];
          const { x, y } = upright.along;
          const [red, green] = redGreen(line, row, column) as [number, number];
          // A colour is rounded, and the middle of pixel 0 is at 0.5.
          expect(Math.abs(red - (100 + u * x - v * y - 0.5))).toBeLessThan(0.51);
          expect(Math.abs(green - (100 + u * y + v * x - 0.5))).toBeLessThan(0.51);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps the ratio of its sides', () => {
    expect(cutLine(RAMP, rectangle(120, 40)).width).toBe(3 * LINE_HEIGHT);
    expect(cutLine(RAMP, rectangle(40, 120)).width).toBe(3 * LINE_HEIGHT);
  });

  it('runs from top to bottom where it is tall, what was on the right above', () => {
    const line = cutLine(RAMP, rectangle(40, 120));
    const [fromLeft, fromTop] = redGreen(line, 0, 0) as [number, number];
    const [toLeft, toTop] = redGreen(line, LINE_HEIGHT - 1, line.width - 1) as [number, number];
    expect(toTop - fromTop).toBeGreaterThan(115);
    expect(fromLeft - toLeft).toBeGreaterThan(35);
  });

  it('is the same turned upside down, from its end', () => {
    for (const each of [rectangle(120, 40, 0.3), rectangle(30, 120, -0.2)]) {
      const line = cutLine(RAMP, each);
      const turned = cutLine(RAMP, each, true);
      const last = line.width - 1;
      for (const [row, column] of [
        [0, 0],
        [10, 20],
        [47, last],
      ] as const) {
        const [a, b] = [redGreen(line, row, column), redGreen(turned, LINE_HEIGHT - 1 - row, last - column)] as [number[], number[]];
        for (const channel of [0, 1]) expect(Math.abs((a[channel] as number) - (b[channel] as number))).toBeLessThanOrEqual(1);
      }
    }
  });

  it('repeats the border where it reaches over it, and has a bounded width', () => {
    const line = cutLine(RAMP, { ...rectangle(100, 20), centre: { x: 0, y: 0 } });
    expect(redGreen(line, 0, 0)).toEqual([0, 0]);
    expect(cutLine(RAMP, rectangle(190, 1)).width).toBe(3200);
  });
});
