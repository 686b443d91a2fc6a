import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cornersOf, grown, type Rectangle, smallestRectangle } from '../../../../src/core/media/ocr/rectangles.ts';

/** Any rectangle whose `along` is within 45° of the horizontal, as `smallestRectangle` gives them. */
const anyRectangle = fc
  .record({
    x: fc.double({ min: -100, max: 100, noNaN: true }),
    y: fc.double({ min: -100, max: 100, noNaN: true }),
    angle: fc.double({ min: -0.7, max: 0.7, noNaN: true }),
    width: fc.double({ min: 2, max: 100, noNaN: true }),
    height: fc.double({ min: 2, max: 100, noNaN: true }),
  })
  .map(
    ({ x, y, angle, width, height }): Rectangle => ({ centre: { x, y }, along: { x: Math.cos(angle), y: Math.sin(angle) }, width, height }),
  );

describe('the smallest rectangle', () => {
  it('around the corners of a rectangle is that rectangle, with points inside or without', () => {
    fc.assert(
      fc.property(
        anyRectangle,
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))),
        (rectangle, inside) => {
          const [a, b, , d] = cornersOf(rectangle);
          const points = inside.map(([s, t]) => ({
            x: a.x + s * (b.x - a.x) + t * (d.x - a.x),
            y: a.y + s * (b.y - a.y) + t * (d.y - a.y),
          }));
          const found = smallestRectangle([...points, ...cornersOf(rectangle)]);
          for (const name of ['width', 'height'] as const) expect(found[name]).toBeCloseTo(rectangle[name], 6);
          expect(found.centre.x).toBeCloseTo(rectangle.centre.x, 6);
          expect(found.centre.y).toBeCloseTo(rectangle.centre.y, 6);
          expect(found.along.x).toBeCloseTo(rectangle.along.x, 6);
        },
      ),
    );
  });

  it('holds all points, and no upright rectangle is smaller', () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 50 }), y: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 20 }), (points) => {
        const { centre, along, width, height } = smallestRectangle(points);
        for (const { x, y } of points) {
          const [dx, dy] = [x - centre.x, y - centre.y];
          expect(Math.abs(dx * along.x + dy * along.y)).toBeLessThanOrEqual(width / 2 + 1e-9);
          expect(Math.abs(dy * along.x - dx * along.y)).toBeLessThanOrEqual(height / 2 + 1e-9);
        }
        const span = (values: number[]): number => Math.max(...values) - Math.min(...values);
        expect(width * height).toBeLessThanOrEqual(span(points.map(({ x }) => x)) * span(points.map(({ y }) => y)) + 1e-9);
      }),
    );
  });

  it('grows by the same distance on every side, around the same middle', () => {
    const rectangle = smallestRectangle([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 4 },
      { x: 0, y: 4 },
    ]);
    expect(grown(rectangle, 2)).toEqual({ centre: { x: 5, y: 2 }, along: { x: 1, y: 0 }, width: 14, height: 8 });
  });
});
