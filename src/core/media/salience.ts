import type { Box } from './box.ts';
import type { RgbPicture } from './pixels.ts';

/** Where the eye goes in a picture. */
export interface Salience {
  /** How well a crop shows what draws the eye, higher is better: smartcrop's score, for crops of one picture only. */
  score(crop: Box): number;
  /** Share of what draws the eye that a crop shows, in [0, 1]. */
  share(crop: Box): number;
}

/** Side in pixels of the cells that salience is added up in. */
const CELL = 8;
/** What a pixel of a face or text adds, beside at most 1.8 for skin with an edge and 0.2 for any other edge. */
const FACE_BOOST = 1;
const TEXT_BOOST = 0.3;
/** What a colour as far from the picture's mean as black from red adds: with edges alone, the grain of a table outweighs the plate. */
const CONTRAST_WEIGHT = 0.1;
/** Standard deviation, in sides of the picture, of the bell around the centre: who takes a picture aims at its subject. */
const CENTRE_SPREAD = 0.25;

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One byte each of skin, edges, saturation and boost for each pixel. */
interface FeatureMap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

interface Weights {
  readonly detailWeight: number;
  readonly skinBias: number;
  readonly skinWeight: number;
  readonly saturationBias: number;
  readonly saturationWeight: number;
  readonly boostWeight: number;
}

/** What smartcrop offers beyond its type declarations. */
interface Smartcrop {
  crop(picture: RgbPicture, options: object): Promise<{ readonly debugOutput: FeatureMap; readonly debugOptions: Weights }>;
  /** How much a point counts for a crop: most at thirds, less at the edges, negative outside. */
  importance(options: Weights, crop: Rectangle, x: number, y: number): number;
}

/** smartcrop reads pixels of any kind through these; nothing is resampled, the picture being small. */
const IMAGE_OPERATIONS = {
  open: async (picture: RgbPicture): Promise<RgbPicture> => picture,
  getData: async (picture: RgbPicture): Promise<FeatureMap> => ({ width: picture.width, height: picture.height, data: opaque(picture) }),
};

/** Measures a small picture with smartcrop; faces and texts draw the eye, faces more. */
export async function measureSalience(picture: RgbPicture, faces: readonly Box[], texts: readonly Box[]): Promise<Salience> {
  const smartcrop = (await import('smartcrop')).default as unknown as Smartcrop;
  const { width, height } = picture;
  const boost = [...faces.map((box) => boosted(box, FACE_BOOST)), ...texts.map((box) => boosted(box, TEXT_BOOST))];
  // Only its map is wanted, so the whole picture is the only crop it has to score.
  const options = {
    width,
    height,
    boost,
    boostWeight: 1,
    prescale: false,
    debug: true,
    imageOperations: IMAGE_OPERATIONS,
  };
  const { debugOutput, debugOptions } = await smartcrop.crop(picture, options);
  const columns = Math.ceil(width / CELL);
  const rows = Math.ceil(height / CELL);
  const cells = cellValues(debugOutput, picture, debugOptions, columns);
  const sumOver = (weight: (x: number, y: number) => number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        sum += (cells[row * columns + column] as number) * weight((column + 0.5) * CELL, (row + 0.5) * CELL);
      }
    }
    return sum;
  };
  const total = sumOver(() => 1);
  return {
    score(box) {
      const crop = { x: box.left, y: box.top, width: box.width, height: box.height };
      return sumOver((x, y) => smartcrop.importance(debugOptions, crop, x, y)) / (crop.width * crop.height);
    },
    share(crop) {
      if (total === 0) return (crop.width * crop.height) / (width * height);
      return sumOver((x, y) => (isInside(crop, x, y) ? 1 : 0)) / total;
    },
  };
}

function isInside({ left, top, width, height }: Box, x: number, y: number): boolean {
  return x >= left && x < left + width && y >= top && y < top + height;
}

/**
 * What counts in each cell, added up over its pixels: what smartcrop weighs and how far the colour is from the picture's
 * mean, less towards the borders; faces and texts count wherever they are.
 */
function cellValues({ data, width, height }: FeatureMap, picture: RgbPicture, weights: Weights, columns: number): Float64Array {
  const [red, green, blue] = meanColour(picture);
  const across = bell(width);
  const down = bell(height);
  const cells = new Float64Array(columns * Math.ceil(height / CELL));
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / CELL) * columns;
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const skin = (data[pixel * 4] as number) / 255;
      const detail = (data[pixel * 4 + 1] as number) / 255;
      const saturation = (data[pixel * 4 + 2] as number) / 255;
      const boost = (data[pixel * 4 + 3] as number) / 255;
      const r = (picture.data[pixel * 3] as number) - red;
      const g = (picture.data[pixel * 3 + 1] as number) - green;
      const b = (picture.data[pixel * 3 + 2] as number) - blue;
      const drawsTheEye =
        detail * weights.detailWeight +
        skin * (detail + weights.skinBias) * weights.skinWeight +
        saturation * (detail + weights.saturationBias) * weights.saturationWeight +
        (Math.sqrt(r * r + g * g + b * b) / 255) * CONTRAST_WEIGHT;
      const cell = row + Math.floor(x / CELL);
      const centred = (across[x] as number) * (down[y] as number);
      cells[cell] = (cells[cell] as number) + drawsTheEye * centred + boost * weights.boostWeight;
    }
  }
  return cells;
}

/** 1 at the middle of a side, falling to 0.14 at its ends. */
function bell(length: number): Float64Array {
  return Float64Array.from({ length }, (_, at) => Math.exp(-(((at + 0.5) / length - 0.5) ** 2) / (2 * CENTRE_SPREAD ** 2)));
}

function meanColour({ data }: RgbPicture): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 3) {
    sums[0] += data[at] as number;
    sums[1] += data[at + 1] as number;
    sums[2] += data[at + 2] as number;
  }
  return sums.map((sum) => (sum * 3) / data.length) as [number, number, number];
}

function boosted({ left, top, width, height }: Box, weight: number): Rectangle & { readonly weight: number } {
  return { x: left, y: top, width, height, weight };
}

function opaque({ data, width, height }: RgbPicture): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = data[from] as number;
    rgba[to + 1] = data[from + 1] as number;
    rgba[to + 2] = data[from + 2] as number;
    rgba[to + 3] = 255;
  }
  return rgba;
}
