import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { COLOUR_NAMES, dominantColours } from '../../../src/core/media/colours.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';

const SIDE = 40;

/** Stripes of flat colours, each with its share of the width. */
async function stripes(...parts: readonly (readonly [colour: string, share: number])[]): Promise<RgbPicture> {
  let left = 0;
  const layers = parts.map(([background, share]) => {
    const width = Math.round(share * SIDE);
    const layer = { input: { create: { width, height: SIDE, channels: 3 as const, background } }, left, top: 0 };
    left += width;
    return layer;
  });
  const canvas = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#000' } }).composite(layers);
  const { data, info } = await canvas.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

describe('names of the dominant colours', () => {
  // CSS's named colours (CSS Color 4) and colours of things, under the name most people would give.
  it.each([
    ['red', ['#ff0000', '#dc143c', '#b22222', '#8b0000']],
    ['orange', ['#ffa500', '#ff8c00', '#d2691e']],
    ['yellow', ['#ffff00', '#ffd700', '#f0e68c']],
    ['green', ['#00ff00', '#008000', '#006400', '#6b8e23', '#2e8b57']],
    ['cyan', ['#00ffff', '#008080', '#40e0d0']],
    ['blue', ['#0000ff', '#000080', '#4169e1', '#87ceeb', '#4682b4']],
    ['purple', ['#800080', '#4b0082', '#9932cc']],
    ['pink', ['#ff69b4', '#ffc0cb', '#ff1493', '#fa8072']],
    ['brown', ['#8b4513', '#a0522d', '#5c4033']],
    ['black', ['#000000', '#1a1a1a', '#101820']],
    ['grey', ['#808080', '#c0c0c0', '#404040']],
    ['white', ['#ffffff', '#fffafa', '#f5f5dc']],
  ] as const)('%s', async (name, colours) => {
    for (const colour of colours) expect(dominantColours(await stripes([colour, 1])), colour).toEqual([name]);
  });

  it('come in the order of the areas they cover, those below a tenth left out', async () => {
    expect(dominantColours(await stripes(['#ffffff', 0.2], ['#ff0000', 0.45], ['#0000ff', 0.3], ['#00ff00', 0.05]))).toEqual([
      'red',
      'blue',
      'white',
    ]);
  });

  it('add up the shades of one name', async () => {
    const shades = await stripes(['#006400', 0.25], ['#ffffff', 0.3], ['#228b22', 0.25], ['#ff0000', 0.2]);
    expect(dominantColours(shades)).toEqual(['green', 'white', 'red']);
  });

  it('are given to every colour there is', () => {
    const steps = Array.from({ length: 18 }, (_, step) => step * 15);
    for (const red of steps) {
      for (const green of steps) {
        for (const blue of steps) {
          const [name, ...others] = dominantColours({ data: Uint8Array.from([red, green, blue]), width: 1, height: 1 });
          expect(COLOUR_NAMES).toContain(name);
          expect(others).toEqual([]);
        }
      }
    }
  });
});
