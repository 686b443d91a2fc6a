import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rectangle } from '../../../../src/core/media/ocr/rectangles.ts';
import { findTextAreas, type TextMap } from '../../../../src/core/media/ocr/text_areas.ts';

const SIDE = 96;

/** A map with a probability at the pixels whose middles lie in a rectangle, 0 elsewhere. */
function mapOf(probability: number, ...rectangles: readonly Rectangle[]): TextMap {
  const map = new Float32Array(SIDE * SIDE);
  for (const { centre, along, width, height } of rectangles) {
    for (let at = 0; at < map.length; at++) {
      const [dx, dy] = [(at % SIDE) + 0.5 - centre.x, Math.floor(at / SIDE) + 0.5 - centre.y];
      const isInside = Math.abs(dx * along.x + dy * along.y) <= width / 2 && Math.abs(dy * along.x - dx * along.y) <= height / 2;
      if (isInside) map[at] = probability;
    }
  }
  return { probability: map, width: SIDE, height: SIDE };
}

const bar = (x: number, y: number, angle = 0, width = 50, height = 10): Rectangle => ({
  centre: { x, y },
  along: { x: Math.cos(angle), y: Math.sin(angle) },
  width,
  height,
});

describe('areas of text', () => {
  it('are found where a slanted bar was marked, grown by 1.6 times its area over its perimeter', () => {
    const anyBar = fc.record({
      angle: fc.double({ min: -0.7, max: 0.7, noNaN: true }),
      width: fc.integer({ min: 30, max: 60 }),
      height: fc.integer({ min: 8, max: 16 }),
    });
    fc.assert(
      fc.property(anyBar, ({ angle, width, height }) => {
        const [area, ...others] = findTextAreas(mapOf(1, bar(48, 48, angle, width, height)));
        expect(others).toEqual([]);
        const growth = (width * height * 1.6) / (width + height);
        // Pixels are whole, and each marks its neighbours to the right and below.
        expect(Math.abs((area as Rectangle).width - width - growth)).toBeLessThan(4);
        expect(Math.abs((area as Rectangle).height - height - growth)).toBeLessThan(4);
        expect(Math.hypot((area as Rectangle).centre.x - 48, (area as Rectangle).centre.y - 48)).toBeLessThan(1.5);
        // Two pixels more or less at the ends of the shortest bar.
        expect(Math.abs(Math.asin((area as Rectangle).along.y) - angle)).toBeLessThan(0.15);
      }),
      { numRuns: 4000 },
    );
  });

  it('stay apart where a gap divides them, and come from top to bottom', () => {
    expect(findTextAreas(mapOf(0.9, bar(40, 60), bar(40, 20))).map(({ centre }) => Math.round(centre.y / 20))).toEqual([1, 3]);
  });

  it('are none where the network is unsure, or sees a speck', () => {
    expect(findTextAreas(mapOf(0.4, bar(48, 48)))).toEqual([]);
    expect(findTextAreas(mapOf(1, bar(48, 48, 0, 2, 2)))).toEqual([]);
    expect(findTextAreas(mapOf(0))).toEqual([]);
  });

  it('may reach the border, and do not go on at the other side', () => {
    const areas = findTextAreas(mapOf(1, bar(SIDE - 10, 30), bar(10, 50)));
    expect(areas.map(({ centre }) => centre.x > SIDE / 2)).toEqual([true, false]);
  });
});
