/** Pixels as interleaved 8-bit sRGB, row by row. */
export interface RgbPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What a picture's score is made of; every part lies in [0, 1], more is better. */
export interface QualityParts {
  readonly sharpness: number;
  readonly exposure: number;
  readonly contrast: number;
  readonly colourfulness: number;
  readonly resolution: number;
}

/** Exponents of the score; they sum to 1. Focus and light decide whether a picture can be used at all, colour is taste. */
const WEIGHTS: QualityParts = { sharpness: 0.35, exposure: 0.25, contrast: 0.1, colourfulness: 0.1, resolution: 0.2 };
/** A part of 0 lowers the score, it does not erase the others: a grey picture may still be the best of its note. */
const PART_FLOOR = 0.02;

const TILES_PER_SIDE = 8;
/** Share of the tiles that count for sharpness: a subject in focus fills about a quarter of a picture with a soft background. */
const SHARPEST_TILES = 0.25;
/** Variance of the Laplacian at which sharpness is 1/2: the median of real phone photos at the working size. */
const LAPLACIAN_HALF = 1600;
/** Mertens' σ: how far from middle grey, on a scale of 1, still counts as well exposed. */
const WELL_EXPOSED_SIGMA = 0.2;
/** A pixel is clipped when a channel reaches this: light was lost there. JPEG puts clipped white at 253 to 255. */
const CLIPPED = 253;
/** Standard deviation of luma on a scale of 255 at which contrast is 1 - 1/e. */
const CONTRAST_SCALE = 40;
/** Hasler and Süsstrunk's M for "extremely colourful". */
const COLOURFULNESS_MAX = 109;
/** Geometric mean of the sides at which resolution is 1/2; ad platforms ask for 1080 pixels a side. */
const RESOLUTION_HALF = 720;

/** Everything measured on one picture. */
export interface PictureMeasures {
  readonly parts: QualityParts;
  /** Weighted geometric mean of the parts, in [0, 1]: one bad part cannot be paid for by the others. */
  readonly score: number;
  /** Luma of Rec. 601, `Y = 0.299 R + 0.587 G + 0.114 B`, one byte a pixel; its mean and standard deviation. */
  readonly luma: Uint8Array;
  readonly mean: number;
  readonly deviation: number;
}

/**
 * The parts of a picture's score. `picture` is at the working size, so all parts but `resolution` compare between
 * pictures of any size; `sourceWidth` and `sourceHeight` are the size it came in.
 * - sharpness: `v / (v + v₀)`, v the mean variance of the Laplacian over the sharpest quarter of 8 × 8 tiles
 *   (Pech-Pacheco et al. 2000), so a soft background does not count against a sharp subject
 * - exposure: `√(H / 8 · w) (1 - c)²`, H the entropy of the luma histogram in bits (no tone curve can raise it), w the
 *   mean well-exposedness `exp(-(Y - 1/2)² / 2σ²)` (Mertens et al. 2007), c the share of clipped pixels; the square
 *   keeps an over-exposed copy below its original although it has more contrast and colour
 * - contrast: `1 - exp(-σ_Y / 40)`, σ_Y the standard deviation of luma (RMS contrast, Peli 1990)
 * - colourfulness: `min(1, M / 109)`, `M = √(σ_rg² + σ_yb²) + 0.3 √(μ_rg² + μ_yb²)` (Hasler & Süsstrunk 2003)
 * - resolution: `1 - 2^(-√(width · height) / 720)`
 */
export function measurePicture(picture: RgbPicture, sourceWidth: number, sourceHeight: number): PictureMeasures {
  const luma = lumaOf(picture);
  const { mean, deviation, entropy, wellExposed } = lumaStatistics(luma);
  const { colourfulness, clipped } = colourStatistics(picture);
  const laplacian = laplacianVariance(luma, picture.width, picture.height);
  const parts = {
    sharpness: laplacian / (laplacian + LAPLACIAN_HALF),
    exposure: Math.sqrt((entropy / 8) * wellExposed) * (1 - clipped) ** 2,
    contrast: 1 - Math.exp(-deviation / CONTRAST_SCALE),
    colourfulness: Math.min(1, colourfulness / COLOURFULNESS_MAX),
    resolution: 1 - 2 ** (-Math.sqrt(sourceWidth * sourceHeight) / RESOLUTION_HALF),
  };
  return { parts, score: weightedGeometricMean(parts), luma, mean, deviation };
}

function weightedGeometricMean(parts: QualityParts): number {
  let logarithm = 0;
  for (const part of Object.keys(WEIGHTS) as (keyof QualityParts)[])
    logarithm += WEIGHTS[part] * Math.log(Math.max(parts[part], PART_FLOOR));
  return Math.exp(logarithm);
}

function lumaOf(picture: RgbPicture): Uint8Array {
  const { data } = picture;
  const luma = new Uint8Array(picture.width * picture.height);
  for (let pixel = 0, at = 0; pixel < luma.length; pixel++, at += 3) {
    // Parts of 2^16, so the loop stays with whole numbers.
    luma[pixel] = (19595 * (data[at] as number) + 38470 * (data[at + 1] as number) + 7471 * (data[at + 2] as number) + 32768) >> 16;
  }
  return luma;
}

interface LumaStatistics {
  readonly mean: number;
  readonly deviation: number;
  /** Shannon entropy of the histogram in bits, at most 8. */
  readonly entropy: number;
  readonly wellExposed: number;
}

/** Mean, standard deviation, entropy and mean well-exposedness of 8-bit luma, all from its histogram. */
function lumaStatistics(luma: Uint8Array): LumaStatistics {
  const histogram = new Uint32Array(256);
  for (let pixel = 0; pixel < luma.length; pixel++) {
    const value = luma[pixel] as number;
    histogram[value] = (histogram[value] as number) + 1;
  }
  let mean = 0;
  let square = 0;
  let entropy = 0;
  let wellExposed = 0;
  for (let value = 0; value < 256; value++) {
    const share = (histogram[value] as number) / luma.length;
    if (share === 0) continue;
    mean += share * value;
    square += share * value * value;
    entropy -= share * Math.log2(share);
    wellExposed += share * Math.exp(-((value / 255 - 0.5) ** 2) / (2 * WELL_EXPOSED_SIGMA ** 2));
  }
  return { mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)), entropy, wellExposed };
}

/** Mean variance of the 4-neighbour Laplacian over the sharpest tiles. */
function laplacianVariance(luma: Uint8Array, width: number, height: number): number {
  const tiles = TILES_PER_SIDE * TILES_PER_SIDE;
  const count = new Float64Array(tiles);
  const sum = new Float64Array(tiles);
  const squares = new Float64Array(tiles);
  for (let y = 1; y < height - 1; y++) {
    const row = Math.floor((y * TILES_PER_SIDE) / height) * TILES_PER_SIDE;
    for (let column = 0; column < TILES_PER_SIDE; column++) {
      const first = Math.max(1, Math.ceil((column * width) / TILES_PER_SIDE));
      const end = Math.min(width - 1, Math.ceil(((column + 1) * width) / TILES_PER_SIDE));
      let rowSum = 0;
      let rowSquares = 0;
      for (let at = y * width + first, last = y * width + end; at < last; at++) {
        const laplacian =
          (luma[at - 1] as number) +
          (luma[at + 1] as number) +
          (luma[at - width] as number) +
          (luma[at + width] as number) -
          4 * (luma[at] as number);
        rowSum += laplacian;
        rowSquares += laplacian * laplacian;
      }
      const tile = row + column;
      count[tile] = (count[tile] as number) + Math.max(0, end - first);
      sum[tile] = (sum[tile] as number) + rowSum;
      squares[tile] = (squares[tile] as number) + rowSquares;
    }
  }
  const variances: number[] = [];
  count.forEach((pixels, tile) => {
    if (pixels > 0) variances.push((squares[tile] as number) / pixels - ((sum[tile] as number) / pixels) ** 2);
  });
  const sharpest = variances.sort((a, b) => b - a).slice(0, Math.max(1, Math.round(variances.length * SHARPEST_TILES)));
  return sharpest.reduce((total, variance) => total + variance, 0) / Math.max(1, sharpest.length);
}

/**
 * Colourfulness M of Hasler & Süsstrunk (2003), from the opponent colours rg = R - G and yb = (R + G) / 2 - B; and the
 * share of pixels with a channel at the upper end of its range.
 */
function colourStatistics(picture: RgbPicture): { readonly colourfulness: number; readonly clipped: number } {
  const { data } = picture;
  const pixels = picture.width * picture.height;
  let rgSum = 0;
  let rgSquares = 0;
  let ybSum = 0;
  let ybSquares = 0;
  let clipped = 0;
  for (let at = 0; at < pixels * 3; at += 3) {
    const red = data[at] as number;
    const green = data[at + 1] as number;
    const blue = data[at + 2] as number;
    const rg = red - green;
    const yb = red + green - 2 * blue; // halved below
    rgSum += rg;
    rgSquares += rg * rg;
    ybSum += yb;
    ybSquares += yb * yb;
    if (red >= CLIPPED || green >= CLIPPED || blue >= CLIPPED) clipped++;
  }
  const rgMean = rgSum / pixels;
  const ybMean = ybSum / 2 / pixels;
  const variance = Math.max(0, rgSquares / pixels - rgMean * rgMean) + Math.max(0, ybSquares / 4 / pixels - ybMean * ybMean);
  return { colourfulness: Math.sqrt(variance) + 0.3 * Math.hypot(rgMean, ybMean), clipped: clipped / pixels };
}
