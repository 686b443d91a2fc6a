import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, cuts, overlap, scaleBox } from '../../../src/core/media/box.ts';
import { chooseCrop, fullSizeCrop } from '../../../src/core/media/crops.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { hasRatio, parseRatio, type Ratio, ratioValue } from '../../../src/core/media/ratios.ts';

const RATIOS = ['3:4', '1:1', '4:5', '9:16', '1.91:1', '16:9'].map(parseRatio);
const NOTHING = { faces: [], texts: [] };

/** A grey picture with coloured rectangles. */
function drawn(width: number, height: number, rectangles: readonly (Box & { readonly colour: readonly number[] })[] = []): RgbPicture {
  const data = new Uint8Array(width * height * 3).fill(128);
  for (const { left, top, width: w, height: h, colour } of rectangles) {
    for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) data.set(colour, (y * width + x) * 3);
  }
  return { data, width, height };
}

function boxArbitrary(width: number, height: number): fc.Arbitrary<Box> {
  const sides = fc.record({ w: fc.integer({ min: 1, max: width }), h: fc.integer({ min: 1, max: Math.max(1, Math.floor(height / 2)) }) });
  return sides.chain(({ w, h }) =>
    fc.record({
      left: fc.integer({ min: 0, max: width - w }),
      top: fc.integer({ min: 0, max: height - h }),
      width: fc.constant(w),
      height: fc.constant(h),
    }),
  );
}

const sceneArbitrary = fc
  .record({ width: fc.integer({ min: 10, max: 30 }), height: fc.integer({ min: 10, max: 30 }), ratio: fc.constantFrom(...RATIOS) })
  .filter(({ width, height, ratio }) => !hasRatio(ratio, width, height))
  .chain(({ width, height, ratio }) =>
    fc.record({
      picture: fc.constant(drawn(width, height)),
      ratio: fc.constant(ratio),
      faces: fc.array(boxArbitrary(width, height), { maxLength: 2 }),
      texts: fc.array(boxArbitrary(width, height), { maxLength: 4 }),
    }),
  );

/** Every crop in whole pixels from half of the longest side up, by the plainest search. */
function* everyCrop({ width, height }: { readonly width: number; readonly height: number }, ratio: Ratio): Generator<Box> {
  const value = ratio.width / ratio.height;
  const sizes = Array.from({ length: value >= 1 ? width : height }, (_, index): [number, number] => {
    const long = index + 1;
    const short = Math.max(1, Math.round(value >= 1 ? long / value : long * value));
    return value >= 1 ? [long, short] : [short, long];
  }).filter(([w, h]) => w <= width && h <= height);
  const longest = Math.max(...(sizes.at(-1) as [number, number]));
  for (const [w, h] of sizes.reverse().filter((size) => Math.max(...size) * 2 >= longest)) {
    for (let top = 0; top + h <= height; top++) {
      for (let left = 0; left + w <= width; left++) yield { left, top, width: w, height: h };
    }
  }
}

function outwards({ left, top, width, height }: Box, fullWidth: number, fullHeight: number): Box {
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return {
    left: x,
    top: y,
    width: Math.min(fullWidth, Math.ceil(left + width)) - x,
    height: Math.min(fullHeight, Math.ceil(top + height)) - y,
  };
}

function isInside(box: Box, width: number, height: number): boolean {
  return box.left >= 0 && box.top >= 0 && box.left + box.width <= width && box.top + box.height <= height;
}

describe('chooseCrop', () => {
  it('never cuts a text or face where a crop without cutting exists, and shows as many faces as such a crop can', async () => {
    await fc.assert(
      fc.asyncProperty(sceneArbitrary, async ({ picture, ratio, faces, texts }) => {
        const crop = await chooseCrop(picture, ratio, { faces, texts });
        const whole = [...everyCrop(picture, ratio)].filter((box) => ![...faces, ...texts].some((obstacle) => cuts(box, obstacle)));
        const shown = (box: Box): number => faces.filter((face) => overlap(box, face) > 0).length;
        expect(crop.cutsText || crop.cutsFace).toBe(whole.length === 0);
        if (whole.length > 0) expect(shown(crop.box)).toBe(Math.max(...whole.map(shown)));
      }),
      { numRuns: 200 },
    );
  });

  it('cuts the fewest faces where cutting cannot be avoided, and says which boxes it cuts', async () => {
    await fc.assert(
      fc.asyncProperty(sceneArbitrary, async ({ picture, ratio, faces, texts }) => {
        const { box, cutsFace, cutsText, cutBoxes } = await chooseCrop(picture, ratio, { faces, texts });
        const cutFaces = (crop: Box): number => faces.filter((face) => cuts(crop, face)).length;
        expect(cutFaces(box)).toBe(Math.min(...[...everyCrop(picture, ratio)].map(cutFaces)));
        expect(cutBoxes).toEqual([...faces, ...texts].filter((obstacle) => cuts(box, obstacle)));
        expect(cutsFace).toBe(cutFaces(box) > 0);
        expect(cutsText).toBe(texts.some((text) => cuts(box, text)));
      }),
      { numRuns: 100 },
    );
  });

  it('gives the largest crop of the ratio inside the picture where nothing stands in its way', async () => {
    await fc.assert(
      fc.asyncProperty(sceneArbitrary, async ({ picture, ratio }) => {
        const { box, score } = await chooseCrop(picture, ratio, NOTHING);
        expect(isInside(box, picture.width, picture.height)).toBe(true);
        expect(box.width).toBeGreaterThanOrEqual(Math.floor(Math.min(picture.width, (picture.height * ratio.width) / ratio.height)) - 1);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('shrinks rather than cut a caption that the largest crop would cut', async () => {
    const caption = { left: 20, top: 200, width: 340, height: 30 };
    const { box, cutsText } = await chooseCrop(drawn(384, 256), parseRatio('1:1'), { faces: [], texts: [caption] });
    expect(cutsText).toBe(false);
    expect(box.width).toBeLessThan(256);
    // The caption begins 200 pixels down; 2 of them are kept free.
    expect(box).toMatchObject({ top: 0, width: 198, height: 198 });
  });

  it('keeps a few pixels around a text where there is room', async () => {
    const text = { left: 100, top: 100, width: 140, height: 20 };
    const { box } = await chooseCrop(drawn(384, 256), parseRatio('9:16'), { faces: [], texts: [text] });
    expect(cuts(box, { left: 98, top: 98, width: 144, height: 24 })).toBe(false);
  });

  it('keeps a face inside that stands apart from what draws the eye', async () => {
    const checks = Array.from({ length: 24 }, (_, i) => ({
      left: 300 + (i % 4) * 16,
      top: 60 + Math.floor(i / 4) * 20,
      width: 8,
      height: 10,
    }));
    const picture = drawn(
      384,
      256,
      checks.map((box) => ({ ...box, colour: [255, 0, 0] })),
    );
    const face = { left: 4, top: 90, width: 60, height: 60 };
    const without = await chooseCrop(picture, parseRatio('1:1'), NOTHING);
    const withFace = await chooseCrop(picture, parseRatio('1:1'), { faces: [face], texts: [] });
    expect(overlap(without.box, face)).toBe(0);
    expect(overlap(withFace.box, face)).toBe(60 * 60);
  });

  it('goes where the picture draws the eye', async () => {
    const spot = { left: 250, top: 90, width: 70, height: 70, colour: [220, 40, 30] };
    const { box, score } = await chooseCrop(drawn(384, 256, [spot]), parseRatio('9:16'), NOTHING);
    expect(overlap(box, spot)).toBe(70 * 70);
    expect(score).toBeGreaterThan(0.5);
  });

  it('leaves a picture whole that has the ratio within one percent', async () => {
    const { box, score } = await chooseCrop(drawn(290, 384), parseRatio('3:4'), NOTHING);
    expect(box).toEqual({ left: 0, top: 0, width: 290, height: 384 });
    expect(score).toBe(1);
  });

  it('leaves every picture whole for the original ratio', async () => {
    const { box } = await chooseCrop(drawn(384, 100), parseRatio('original'), {
      faces: [],
      texts: [{ left: 1, top: 1, width: 9, height: 9 }],
    });
    expect(box).toEqual({ left: 0, top: 0, width: 384, height: 100 });
  });

  it('leaves out boxes and parts of boxes beyond the picture', async () => {
    const texts = [
      { left: -50, top: -50, width: 40, height: 40 },
      { left: 380, top: 100, width: 40, height: 20 },
    ];
    const crop = await chooseCrop(drawn(384, 256), parseRatio('1:1'), { faces: [], texts });
    expect(crop.cutBoxes).toEqual([]);
  });

  it('crops pictures of a few pixels', async () => {
    const { box } = await chooseCrop(drawn(5, 2), parseRatio('1:1'), NOTHING);
    expect(box).toMatchObject({ width: 2, height: 2 });
  });
});

describe('fullSizeCrop', () => {
  const full = fc.record({ width: fc.integer({ min: 60, max: 500 }), height: fc.integer({ min: 60, max: 500 }) });

  it('keeps the ratio within one pixel, inside the picture, and cuts nothing that the small crop left room around', async () => {
    const scene = full.chain(({ width, height }) => {
      const factor = Math.max(width, height) / 48;
      const small = { width: Math.max(1, Math.round(width / factor)), height: Math.max(1, Math.round(height / factor)) };
      return fc.record({
        factor: fc.constant(factor),
        width: fc.constant(width),
        height: fc.constant(height),
        picture: fc.constant(drawn(small.width, small.height)),
        ratio: fc.constantFrom(...RATIOS),
        texts: fc.array(boxArbitrary(small.width, small.height), { maxLength: 3 }),
      });
    });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(scene, async ({ factor, width, height, picture, ratio, texts }) => {
        const crop = await chooseCrop(picture, ratio, { faces: [], texts });
        const fullTexts = texts.map((text) => scaleBox(text, factor));
        const { box, cutsText } = fullSizeCrop(crop, ratio, width, height, { faces: [], texts: fullTexts });
        expect(Object.values(box).every(Number.isInteger)).toBe(true);
        expect(isInside(box, width, height)).toBe(true);
        if (hasRatio(ratio, width, height)) return;
        const value = ratioValue(ratio, width, height);
        const off = value >= 1 ? Math.abs(box.width / value - box.height) : Math.abs(box.height * value - box.width);
        expect(off).toBeLessThanOrEqual(1);
        const roomy = texts.every(({ left, top, width: w, height: h }) => {
          const [x, y] = [Math.max(0, left - 2), Math.max(0, top - 2)];
          const [right, bottom] = [Math.min(picture.width, left + w + 2), Math.min(picture.height, top + h + 2)];
          return !cuts(crop.box, { left: x, top: y, width: right - x, height: bottom - y });
        });
        if (!roomy) return;
        compared += 1;
        // The small picture's sides are rounded: a text of nearly full length may fit there and nowhere in full size.
        const whole = (crop: Box): boolean => !fullTexts.some((text) => cuts(crop, outwards(text, width, height)));
        if (cutsText) for (const other of everyCrop({ width, height }, ratio)) expect(whole(other)).toBe(false);
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('moves by a few pixels rather than cut a box that rounding would cut', () => {
    const small = { width: 384, height: 256 };
    const crop = {
      box: { left: 50, top: 0, width: 256, height: 256 },
      picture: small,
      score: 1,
      cutsText: false,
      cutsFace: false,
      cutBoxes: [],
    };
    // At 4000 / 384 times the size the crop begins at 521, which the text does not.
    const text = { left: 516, top: 900, width: 1200, height: 200 };
    const { box, cutsText } = fullSizeCrop(crop, parseRatio('1:1'), 4000, 2667, { faces: [], texts: [text] });
    expect(cutsText).toBe(false);
    expect(box).toEqual({ left: 516, top: 0, width: 2667, height: 2667 });
  });

  it('leaves a picture whole that has the ratio, whatever the small picture was rounded to', () => {
    const crop = {
      box: { left: 0, top: 1, width: 9, height: 9 },
      picture: { width: 9, height: 11 },
      score: 1,
      cutsText: false,
      cutsFace: false,
      cutBoxes: [],
    };
    expect(fullSizeCrop(crop, parseRatio('1:1'), 1000, 1005, NOTHING).box).toEqual({ left: 0, top: 0, width: 1000, height: 1005 });
  });
});
