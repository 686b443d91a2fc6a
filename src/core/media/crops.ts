import { type Box, cuts, scaleBox } from './box.ts';
import { bestCrops, cropSize, cropSizes, longestSide, lossOf, type Obstacles, type Size } from './crop_search.ts';
import type { RgbPicture } from './pixels.ts';
import { hasRatio, type Ratio, ratioValue } from './ratios.ts';
import { measureSalience } from './salience.ts';

/** The part of a picture to show under a ratio. */
export interface Crop {
  /** In pixels of the picture it was chosen in. */
  readonly box: Box;
  /** Size of that picture. */
  readonly picture: Size;
  /** Share of what draws the eye that the crop shows, in [0, 1]. */
  readonly score: number;
  readonly cutsText: boolean;
  readonly cutsFace: boolean;
  /** The faces and texts that are cut, because no crop leaves all of them whole. */
  readonly cutBoxes: readonly Box[];
}

/** A crop shows at least this share of the longer side of the largest crop of its ratio, so a quarter of its area. */
const MIN_SHARE = 0.5;
/** Pixels kept free around faces and texts where that is possible: their boxes are tight, and rounding moves a crop. */
const MARGIN = 2;
/** Places of one size that are weighed by salience; more of them lie next to each other and hardly differ. */
const MOST_PLACES = 200;

/**
 * The crop of a ratio that shows most of what draws the eye. It is as large as the ratio allows, and smaller only where
 * that leaves a face or text whole, or a face inside, that a larger crop does not. No face or text is cut where a crop
 * without cutting exists (whole pixels of this picture, at least half as long as the largest); elsewhere the fewest are,
 * faces first. A text may be left outside. A picture that has the ratio already, within 1 %, stays whole.
 * @param picture about 384 pixels long
 * @param obstacles boxes in its pixels
 */
export async function chooseCrop(picture: RgbPicture, ratio: Ratio, obstacles: Obstacles): Promise<Crop> {
  const { width, height } = picture;
  const bare = grown(obstacles, 0, picture);
  if (hasRatio(ratio, width, height)) return describe({ left: 0, top: 0, width, height }, picture, bare, 1);
  const sizes = cropSizes(picture, ratioValue(ratio, width, height), MIN_SHARE);
  const places = bestPlaces(picture, sizes, [grown(obstacles, MARGIN, picture), bare, shrunk(obstacles, picture)]);
  const salience = await measureSalience(picture, bare.faces, bare.texts);
  const stride = Math.ceil(places.length / MOST_PLACES);
  const weighed = places.filter((_, index) => index % stride === 0).map((box) => ({ box, score: salience.score(box) }));
  const { box } = weighed.reduce((best, next) => (next.score > best.score ? next : best));
  return describe(box, picture, bare, salience.share(box));
}

/** The best crops by the first of several readings of the obstacles by which nothing is lost, or else the least. */
function bestPlaces(picture: Size, sizes: readonly Size[], readings: readonly Obstacles[]): Box[] {
  let best: { readonly places: Box[]; readonly loss: number } | undefined;
  for (const reading of readings) {
    const places = bestCrops(picture, sizes, reading);
    const loss = lossOf(places, reading);
    if (best === undefined || loss < best.loss) best = { places, loss };
    if (loss === 0) break;
  }
  return best?.places ?? [];
}

/**
 * The same crop of the picture in full size, in whole pixels: its ratio is right within one pixel and it lies inside. Of the
 * crops within about one pixel of the small picture it is the nearest that cuts nothing, or else the fewest.
 * @param obstacles boxes in pixels of the full picture
 */
export function fullSizeCrop(crop: Crop, ratio: Ratio, fullWidth: number, fullHeight: number, obstacles: Obstacles): Crop {
  const full = { width: fullWidth, height: fullHeight };
  const bare = grown(obstacles, 0, full);
  if (hasRatio(ratio, fullWidth, fullHeight)) return describe({ left: 0, top: 0, ...full }, full, bare, 1);
  const factor = Math.max(fullWidth, fullHeight) / Math.max(crop.picture.width, crop.picture.height);
  const boxes = [...bare.faces, ...bare.texts];
  let best: { readonly box: Box; readonly cut: number } | undefined;
  for (const box of cropsNear(scaleBox(crop.box, factor), full, ratioValue(ratio, fullWidth, fullHeight), Math.ceil(factor) + 1)) {
    const cut = boxes.filter((obstacle) => cuts(box, obstacle)).length;
    if (best === undefined || cut < best.cut) best = { box, cut };
    if (cut === 0) break;
  }
  if (best === undefined) throw new Error(`Expected a crop of ${ratio.name} in ${fullWidth} × ${fullHeight} pixels but found none`);
  return describe(best.box, full, bare, crop.score);
}

/** Crops in whole pixels whose sides and places differ from the wanted by at most `reach`, nearest sizes first. */
function* cropsNear(wanted: Box, full: Size, ratio: number, reach: number): Generator<Box> {
  for (const long of nearest(Math.max(wanted.width, wanted.height), reach, 1, longestSide(full, ratio))) {
    const size = cropSize(long, ratio);
    for (const left of nearest(wanted.left + (wanted.width - size.width) / 2, reach, 0, full.width - size.width)) {
      for (const top of nearest(wanted.top + (wanted.height - size.height) / 2, reach, 0, full.height - size.height)) {
        yield { left, top, ...size };
      }
    }
  }
}

/** Whole numbers from `least` to `most` around a number, nearest first. */
function nearest(wanted: number, reach: number, least: number, most: number): number[] {
  const start = Math.min(most, Math.max(least, Math.round(wanted)));
  const all = [start];
  for (let step = 1; step <= reach; step++) all.push(start - step, start + step);
  return all.filter((x) => x >= least && x <= most);
}

/** The boxes in whole pixels, rounded outwards and with a margin, as far as they lie in the picture. */
function grown(obstacles: Obstacles, margin: number, picture: Size): Obstacles {
  return rounded(
    obstacles,
    picture,
    (start) => Math.floor(start) - margin,
    (end) => Math.ceil(end) + margin,
  );
}

/** The whole pixels inside the boxes: a crop that fits these by a part of a pixel may fit the boxes in full size. */
function shrunk(obstacles: Obstacles, picture: Size): Obstacles {
  return rounded(obstacles, picture, Math.ceil, Math.floor);
}

function rounded(
  { faces, texts }: Obstacles,
  picture: Size,
  roundStart: (x: number) => number,
  roundEnd: (x: number) => number,
): Obstacles {
  const round = (boxes: readonly Box[]): Box[] =>
    boxes.flatMap((box) => {
      const left = Math.max(0, roundStart(box.left));
      const top = Math.max(0, roundStart(box.top));
      const right = Math.min(picture.width, roundEnd(box.left + box.width));
      const bottom = Math.min(picture.height, roundEnd(box.top + box.height));
      return right > left && bottom > top ? [{ left, top, width: right - left, height: bottom - top }] : [];
    });
  return { faces: round(faces), texts: round(texts) };
}

function describe(box: Box, { width, height }: Size, { faces, texts }: Obstacles, score: number): Crop {
  const cutFaces = faces.filter((face) => cuts(box, face));
  const cutTexts = texts.filter((text) => cuts(box, text));
  return {
    box,
    picture: { width, height },
    score,
    cutsText: cutTexts.length > 0,
    cutsFace: cutFaces.length > 0,
    cutBoxes: [...cutFaces, ...cutTexts],
  };
}
