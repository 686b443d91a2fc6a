import type { RgbPicture } from './pixels.ts';

/** What a picture's score is made of, each in [0, 1]. Of `noise` and `text_share` less is better (0: none), of the others more. */
export interface QualityParts {
  readonly sharpness: number;
  readonly exposure: number;
  readonly contrast: number;
  readonly colourfulness: number;
  readonly noise: number;
  readonly resolution: number;
  /** Share of the picture that text covers; absent where nobody looked. */
  readonly text_share?: number;
}

/** Exponents of the score. Focus and light decide whether a picture can be used at all, colour is taste. */
const WEIGHTS: Readonly<Record<keyof QualityParts, number>> = {
  sharpness: 0.3,
  exposure: 0.35,
  contrast: 0.07,
  colourfulness: 0.02,
  noise: 0.13,
  resolution: 0.13,
  text_share: 0.1,
};
const LESS_IS_BETTER: ReadonlySet<string> = new Set(['noise', 'text_share'] satisfies (keyof QualityParts)[]);
/** A part of 0 lowers the score, it does not erase the others: a grey picture may still be the best of its note. */
const PART_FLOOR = 0.02;

const TILES_PER_SIDE = 8;
/** Share of the tiles that count for sharpness: a subject in focus fills about a quarter of a picture with a soft background. */
const SHARPEST_TILES = 0.25;
/** Share of the tiles that count for noise: what varies from pixel to pixel even in the flattest places is no detail. */
const FLATTEST_TILES = 0.125;
/** Variance of the Laplacian of white noise with variance 1: the sum of the squares of its kernel. */
const LAPLACIAN_GAIN = 20;
/** Variance of the Laplacian at which sharpness is 1/2: the median of real phone photos at the working size. */
const LAPLACIAN_HALF = 1600;
const MIDDLE_GREY = 128;
/** The least mean luma that sharpness is corrected for: below it there is nothing but the coder's noise to amplify. */
const DARKEST_MEAN = 16;
/** Standard deviation of sensor noise, in levels of 255 at the working size, at which noise is 1 - 1/e: plainly visible grain. */
const NOISE_SCALE = 8;
/** Mertens' σ, widened: how far from middle grey, on a scale of 1, still counts as well exposed. */
const WELL_EXPOSED_SIGMA = 0.25;
/** Share of the pixels brighter than the white point: highlights of a lamp or a spoon tell nothing about the exposure. */
const ABOVE_WHITE_POINT = 0.02;
/** Share of the pixels taken for the brightest ones when clipping is looked for, and how near to them counts as clipped. */
const BRIGHTEST = 0.01;
const CLIPPED = 253 / 255;
/** Standard deviation of luma as a share of its mean at which contrast is 1 - 1/e. */
const CONTRAST_SCALE = 0.35;
/** Hasler and Süsstrunk's M for "extremely colourful". */
const COLOURFULNESS_MAX = 109;
/** Geometric mean of the sides at which resolution is 1/2; ad platforms ask for 1080 pixels a side. */
const RESOLUTION_HALF = 720;

/** Everything measured on one picture. */
export interface PictureMeasures {
  readonly parts: QualityParts;
  /** {@link qualityScore} of the parts. */
  readonly score: number;
  /** Luma of Rec. 601, `Y = 0.299 R + 0.587 G + 0.114 B`, one byte a pixel; its mean and standard deviation. */
  readonly luma: Uint8Array;
  readonly mean: number;
  readonly deviation: number;
}

/** What the pixels at the working size cannot tell. */
interface KnownOfPicture {
  /** Visible compression in [0, 1], see `compression.ts`; none when absent. */
  readonly compression?: number | undefined;
  readonly textShare?: number | undefined;
}

/**
 * The parts of a picture's score. `picture` is at the working size, so all parts but `resolution` compare between
 * pictures of any size; `sourceWidth` and `sourceHeight` are the size it came in.
 * - sharpness: `v / (v + v₀)`, `v = (V - V_flat) (128 / μ_Y)²`, V the mean variance of the Laplacian over the sharpest
 *   quarter of 8 × 8 tiles (Pech-Pacheco et al. 2000), so a soft background does not count against a sharp subject,
 *   V_flat that over the flattest eighth, so noise is no sharpness, μ_Y the mean luma, so brightness is no sharpness
 * - exposure: `p^¾ w^⅛ (1 - c)²`, p the white point (98th percentile of luma, of 1), w the mean well-exposedness
 *   `exp(-(Y - 1/2)² / 2σ²)` (Mertens et al. 2007), c the share of pixels as bright as the brightest hundredth: light was
 *   lost there, in a darkened copy too
 * - contrast: `1 - exp(-(σ_Y / μ_Y) / 0.35)`, σ_Y / μ_Y the RMS contrast (Peli 1990)
 * - colourfulness: `min(1, M / 109)`, `M = √(σ_rg² + σ_yb²) + 0.3 √(μ_rg² + μ_yb²)` (Hasler & Süsstrunk 2003)
 * - noise: `1 - exp(-σ_n / 8) (1 - compression)`, `σ_n = √(V_flat / 20)`
 * - resolution: `1 - 2^(-√(width · height) / 720)`
 */
export function measurePicture(
  picture: RgbPicture,
  sourceWidth: number,
  sourceHeight: number,
  known: KnownOfPicture = {},
): PictureMeasures {
  const { luma, histogram, brightest, colourfulness } = pixelStatistics(picture);
  const { mean, deviation, wellExposed } = lumaStatistics(histogram);
  const clipped = Math.max(0, shareFrom(brightest, CLIPPED * levelBelow(brightest, BRIGHTEST)) - BRIGHTEST) / (1 - BRIGHTEST);
  const whitePoint = levelBelow(histogram, ABOVE_WHITE_POINT) / 255;
  const { sharpest, flattest } = laplacianVariances(luma, picture.width, picture.height);
  const detail = (sharpest - flattest) * (MIDDLE_GREY / Math.max(mean, DARKEST_MEAN)) ** 2;
  const clean = Math.exp(-Math.sqrt(flattest / LAPLACIAN_GAIN) / NOISE_SCALE) * (1 - (known.compression ?? 0));
  const parts: QualityParts = {
    sharpness: detail / (detail + LAPLACIAN_HALF),
    exposure: whitePoint ** 0.75 * wellExposed ** 0.125 * (1 - clipped) ** 2,
    contrast: mean > 0 ? 1 - Math.exp(-deviation / mean / CONTRAST_SCALE) : 0,
    colourfulness: Math.min(1, colourfulness / COLOURFULNESS_MAX),
    noise: 1 - clean,
    resolution: 1 - 2 ** (-Math.sqrt(sourceWidth * sourceHeight) / RESOLUTION_HALF),
    ...(known.textShare === undefined ? {} : { text_share: known.textShare }),
  };
  return { parts, score: qualityScore(parts), luma, mean, deviation };
}

/**
 * The score of a picture in [0, 1]: `∏ qᵢ^wᵢ` over its parts, q the part, or 1 less it where less is better. One bad part
 * cannot be paid for by the others. The weights but that of `text_share` sum to 1: no text changes nothing.
 */
export function qualityScore(parts: QualityParts): number {
  let logarithm = 0;
  for (const [part, weight] of Object.entries(WEIGHTS) as [keyof QualityParts, number][]) {
    const value = parts[part];
    if (value === undefined) continue;
    logarithm += weight * Math.log(Math.max(LESS_IS_BETTER.has(part) ? 1 - value : value, PART_FLOOR));
  }
  return Math.exp(logarithm);
}

interface PixelStatistics {
  readonly luma: Uint8Array;
  /** Pixels of each level of luma, and of each level of their brightest channel. */
  readonly histogram: Uint32Array;
  readonly brightest: Uint32Array;
  /** M of Hasler & Süsstrunk (2003), from the opponent colours rg = R - G and yb = (R + G) / 2 - B. */
  readonly colourfulness: number;
}

/** What is read from every pixel by itself, in one pass. */
function pixelStatistics({ data, width, height }: RgbPicture): PixelStatistics {
  const pixels = width * height;
  const luma = new Uint8Array(pixels);
  const histogram = new Uint32Array(256);
  const brightest = new Uint32Array(256);
  let rgSum = 0;
  let rgSquares = 0;
  let ybSum = 0;
  let ybSquares = 0;
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += 3) {
    const red = data[at] as number;
    const green = data[at + 1] as number;
    const blue = data[at + 2] as number;
    // Parts of 2^16, so the loop stays with whole numbers.
    const level = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    luma[pixel] = level;
    histogram[level] = (histogram[level] as number) + 1;
    const most = Math.max(red, green, blue);
    brightest[most] = (brightest[most] as number) + 1;
    const rg = red - green;
    const yb = red + green - 2 * blue; // halved below
    rgSum += rg;
    rgSquares += rg * rg;
    ybSum += yb;
    ybSquares += yb * yb;
  }
  const rgMean = rgSum / pixels;
  const ybMean = ybSum / 2 / pixels;
  const variance = Math.max(0, rgSquares / pixels - rgMean * rgMean) + Math.max(0, ybSquares / 4 / pixels - ybMean * ybMean);
  return { luma, histogram, brightest, colourfulness: Math.sqrt(variance) + 0.3 * Math.hypot(rgMean, ybMean) };
}

/** Mean, standard deviation and mean well-exposedness of 8-bit luma from its histogram. */
function lumaStatistics(histogram: Uint32Array): { readonly mean: number; readonly deviation: number; readonly wellExposed: number } {
  let pixels = 0;
  let sum = 0;
  let squares = 0;
  let wellExposed = 0;
  for (let level = 0; level < 256; level++) {
    const count = histogram[level] as number;
    pixels += count;
    sum += count * level;
    squares += count * level * level;
    wellExposed += count * Math.exp(-((level / 255 - 0.5) ** 2) / (2 * WELL_EXPOSED_SIGMA ** 2));
  }
  const mean = sum / pixels;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / pixels - mean * mean)), wellExposed: wellExposed / pixels };
}

/** The level that a share of the pixels reaches or exceeds. */
function levelBelow(histogram: Uint32Array, share: number): number {
  const wanted = share * histogram.reduce((sum, count) => sum + count, 0);
  let level = 255;
  for (let above = histogram[level] as number; above < wanted; above += histogram[level] as number) level--;
  return level;
}

/** Share of the pixels at or above a level. */
function shareFrom(histogram: Uint32Array, from: number): number {
  let pixels = 0;
  let above = 0;
  for (let level = 0; level < 256; level++) {
    pixels += histogram[level] as number;
    if (level >= from) above += histogram[level] as number;
  }
  return above / pixels;
}

/** Mean variance of the 4-neighbour Laplacian over the sharpest and over the flattest tiles. */
function laplacianVariances(luma: Uint8Array, width: number, height: number): { readonly sharpest: number; readonly flattest: number } {
  const variances: number[] = [];
  for (let row = 0; row < TILES_PER_SIDE; row++) {
    for (let column = 0; column < TILES_PER_SIDE; column++) {
      const variance = tileVariance(luma, width, [edge(column, width), edge(column + 1, width), edge(row, height), edge(row + 1, height)]);
      if (variance !== undefined) variances.push(variance);
    }
  }
  variances.sort((a, b) => a - b);
  const mean = (some: readonly number[]): number => some.reduce((sum, variance) => sum + variance, 0) / Math.max(1, some.length);
  const tiles = (share: number): number => Math.max(1, Math.round(variances.length * share));
  return { sharpest: mean(variances.slice(-tiles(SHARPEST_TILES))), flattest: mean(variances.slice(0, tiles(FLATTEST_TILES))) };
}

/** Where a tile begins; the outermost pixels have no neighbours on one side and belong to none. */
function edge(tile: number, size: number): number {
  return Math.min(size - 1, Math.max(1, Math.ceil((tile * size) / TILES_PER_SIDE)));
}

function tileVariance(luma: Uint8Array, width: number, tile: readonly [number, number, number, number]): number | undefined {
  const [left, right, top, bottom] = tile;
  const pixels = (right - left) * (bottom - top);
  if (left >= right || top >= bottom) return undefined;
  let sum = 0;
  let squares = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = y * width + left, end = y * width + right; at < end; at++) {
      const laplacian =
        (luma[at - 1] as number) +
        (luma[at + 1] as number) +
        (luma[at - width] as number) +
        (luma[at + width] as number) -
        4 * (luma[at] as number);
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  return squares / pixels - (sum / pixels) ** 2;
}
