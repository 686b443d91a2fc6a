import { type Box, cuts, scaleBox } from './box.ts';
import { bestCrops, cropSize, cropSizes, longestSide, lossOf, type Obstacles, type Size } from './crop_search.ts';
import type { RgbPicture } from './pixels.ts';
import { hasRatio, type Ratio, ratioValue } from './ratios.ts';
import { measureSalience, type Salience } from './salience.ts';

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
/** Sizes that are tried in full size where those near the chosen one cut more than it does. */
const MOST_SIZES = 256;

/**
 * The crop of a ratio that shows most of what draws the eye. It is as large as the ratio allows, and smaller only where
 * that leaves a face or text whole, or a face inside, that a larger crop does not. No face or text is cut where a crop
 * without cutting exists (whole pixels of this picture, at least half as long as the largest); elsewhere the fewest are,
 * faces first. A text may be left outside. A picture that has the ratio already, within its tolerance, stays whole.
 * @param picture about 384 pixels long
 * @param obstacles boxes in its pixels
 * @param salience {@link salienceOf} the same picture and obstacles, where several ratios are cut
 */
export async function chooseCrop(
  picture: RgbPicture,
  ratio: Ratio,
  obstacles: Obstacles,
  salience: () => Promise<Salience> = () => salienceOf(picture, obstacles),
): Promise<Crop> {
  const { width, height } = picture;
  const bare = grown(obstacles, 0, picture);
  if (hasRatio(ratio, width, height)) return describe({ left: 0, top: 0, width, height }, picture, bare, 1);
  const sizes = cropSizes(picture, ratioValue(ratio, width, height), MIN_SHARE);
  const places = bestPlaces(picture, sizes, [grown(obstacles, MARGIN, picture), bare, shrunk(obstacles, picture)]);
  const drawn = await salience();
  const stride = Math.ceil(places.length / MOST_PLACES);
  const weighed = places.filter((_, index) => index % stride === 0).map((box) => ({ box, score: drawn.score(box) }));
  const { box } = weighed.reduce((best, next) => (next.score > best.score ? next : best));
  return describe(box, picture, bare, drawn.share(box));
}

/** Where the eye goes in a picture with these faces and texts. */
export function salienceOf(picture: RgbPicture, obstacles: Obstacles): Promise<Salience> {
  const { faces, texts } = grown(obstacles, 0, picture);
  return measureSalience(picture, faces, texts);
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
 * crops within about one pixel of the small picture it is the nearest that cuts nothing, or else the fewest. Where these
 * cut more than the crop of the small picture does, whose sides are rounded, every other place and size is tried too.
 * @param obstacles boxes in pixels of the full picture
 */
export function fullSizeCrop(crop: Crop, ratio: Ratio, fullWidth: number, fullHeight: number, obstacles: Obstacles): Crop {
  const full = { width: fullWidth, height: fullHeight };
  const bare = grown(obstacles, 0, full);
  if (hasRatio(ratio, fullWidth, fullHeight)) return describe({ left: 0, top: 0, ...full }, full, bare, 1);
  const factor = Math.max(fullWidth, fullHeight) / Math.max(crop.picture.width, crop.picture.height);
  const boxes = [...bare.faces, ...bare.texts];
  const value = ratioValue(ratio, fullWidth, fullHeight);
  const scaled = scaleBox(crop.box, factor);
  // The largest crop of the small picture stands for the largest here, whatever rounding made of its sides.
  const isLargest = Math.max(crop.box.width, crop.box.height) === longestSide(crop.picture, value);
  const wanted = isLargest ? around(scaled, cropSize(longestSide(full, value), value)) : scaled;
  const reach = Math.ceil(factor) + 1;
  const near = fewestCut(cropsNear(wanted, full, value, boxes, reach, 1), boxes);
  if (near.cut <= crop.cutBoxes.length) return describe(near.box, full, bare, crop.score);
  const far = fewestCut(cropsNear(wanted, full, value, boxes, Math.max(fullWidth, fullHeight), farStep(full, value)), boxes);
  return describe(far.cut < near.cut ? far.box : near.box, full, bare, crop.score);
}

/** A box of another size about the same middle. */
function around({ left, top, width, height }: Box, size: Size): Box {
  return { left: left + (width - size.width) / 2, top: top + (height - size.height) / 2, ...size };
}

/** Pixels between the sizes that are tried of all sizes. */
function farStep(full: Size, ratio: number): number {
  return Math.ceil((longestSide(full, ratio) * (1 - MIN_SHARE)) / MOST_SIZES);
}

/** The first of the crops that cuts no box, or else the first that cuts the fewest. */
function fewestCut(crops: Iterable<Box>, boxes: readonly Box[]): { readonly box: Box; readonly cut: number } {
  let best: { readonly box: Box; readonly cut: number } | undefined;
  for (const box of crops) {
    const cut = boxes.filter((obstacle) => cuts(box, obstacle)).length;
    if (best === undefined || cut < best.cut) best = { box, cut };
    if (cut === 0) break;
  }
  if (best === undefined) throw new Error('Expected crops to choose from but received none');
  return best;
}

/**
 * Crops in whole pixels whose sides and places differ from the wanted by at most `reach`, nearest sizes first, every
 * `step`-th of them. Of the places between two edges of boxes only the nearest counts: all of them cut the same.
 */
function* cropsNear(wanted: Box, full: Size, ratio: number, boxes: readonly Box[], reach: number, step: number): Generator<Box> {
  const longest = longestSide(full, ratio);
  for (const long of nearestSizes(Math.max(wanted.width, wanted.height), reach, step, longest)) {
    const { width, height } = cropSize(long, ratio);
    const lefts = nearestPlaces(wanted.left + (wanted.width - width) / 2, reach, full.width - width, edges(boxes, 'left', 'width', width));
    const tops = nearestPlaces(
      wanted.top + (wanted.height - height) / 2,
      reach,
      full.height - height,
      edges(boxes, 'top', 'height', height),
    );
    for (const left of lefts) for (const top of tops) yield { left, top, width, height };
  }
}

/** Starts of a crop of one length at which it begins or ends to meet a box, or to hold it. */
function edges(boxes: readonly Box[], start: 'left' | 'top', side: 'width' | 'height', length: number): number[] {
  return boxes.flatMap((box) => {
    const [from, to] = [box[start], box[start] + box[side]];
    return [from, to - length, to, from - length];
  });
}

/** Whole numbers around a length, nearest first, from half of the longest on. */
function nearestSizes(wanted: number, reach: number, step: number, longest: number): number[] {
  const start = Math.min(longest, Math.round(wanted));
  const shortest = Math.min(start, Math.ceil(longest * MIN_SHARE));
  const all = [start];
  for (let off = step; off <= reach && (start - off >= shortest || start + off <= longest); off += step) all.push(start - off, start + off);
  return all.filter((length) => length >= shortest && length <= longest);
}

/** The whole number next to a wanted place and the edges around it, nearest first, from 0 to `most`. */
function nearestPlaces(wanted: number, reach: number, most: number, places: readonly number[]): number[] {
  const start = Math.min(most, Math.max(0, Math.round(wanted)));
  const inside = places.filter((place) => place >= 0 && place <= most && Math.abs(place - start) <= reach);
  return [...new Set([start, ...inside])].sort((a, b) => Math.abs(a - start) - Math.abs(b - start) || a - b);
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
