import type { RgbPicture } from '../pixels.ts';
import { cornersOf, type Rectangle } from './rectangles.ts';

/** Rows of pixels that the recogniser reads. */
export const LINE_HEIGHT = 48;
/** Longest line, in pixels of its length at that height: about 150 characters. */
const LONGEST = 3200;
/** From this ratio of height to width on a rectangle holds a line that runs downwards. */
const UPRIGHT = 1.5;

/** A line of text cut out of a picture, laid flat: RGB, row by row, 48 rows. */
export interface LinePixels {
  readonly data: Uint8Array;
  readonly width: number;
}

/**
 * Cuts a rectangle out of a picture and turns it so that its text runs to the right; one that is much taller than wide is
 * turned by a quarter to the left, as printed spines and signs are. Each pixel is the mean of as many samples
 * as the picture is larger.
 * @param turned also turns it upside down
 */
export function cutLine(picture: RgbPicture, rectangle: Rectangle, turned = false): LinePixels {
  const [upperLeft, upperRight, lowerRight, lowerLeft] = cornersOf(rectangle);
  const isUpright = rectangle.height >= UPRIGHT * rectangle.width;
  const corners = isUpright ? [upperRight, lowerRight, upperLeft] : [upperLeft, upperRight, lowerLeft];
  const opposite = isUpright ? [lowerLeft, upperLeft, lowerRight] : [lowerRight, lowerLeft, upperRight];
  const [origin, end, below] = (turned ? opposite : corners) as [typeof upperLeft, typeof upperLeft, typeof upperLeft];
  const [length, thickness] = [Math.hypot(end.x - origin.x, end.y - origin.y), Math.hypot(below.x - origin.x, below.y - origin.y)];
  const width = Math.min(LONGEST, Math.max(1, Math.round((length / Math.max(1, thickness)) * LINE_HEIGHT)));
  const [sx, sy] = [(end.x - origin.x) / width, (end.y - origin.y) / width];
  const [tx, ty] = [(below.x - origin.x) / LINE_HEIGHT, (below.y - origin.y) / LINE_HEIGHT];
  const samples = Math.max(1, Math.min(8, Math.round(thickness / LINE_HEIGHT)));
  const data = new Uint8Array(width * LINE_HEIGHT * 3);
  const sum = new Float64Array(3);
  for (let row = 0, at = 0; row < LINE_HEIGHT; row++) {
    for (let column = 0; column < width; column++, at += 3) {
      sum.fill(0);
      for (let i = 0; i < samples; i++) {
        for (let j = 0; j < samples; j++) {
          const [u, v] = [column + (i + 0.5) / samples, row + (j + 0.5) / samples];
          addSample(sum, picture, origin.x + u * sx + v * tx - 0.5, origin.y + u * sy + v * ty - 0.5);
        }
      }
      for (let channel = 0; channel < 3; channel++) data[at + channel] = Math.round((sum[channel] as number) / samples ** 2);
    }
  }
  return { data, width };
}

/** Adds the picture's colour between pixels (bilinear: cubic edges are too hard for letters of ten pixels). */
function addSample(sum: Float64Array, { data, width, height }: RgbPicture, x: number, y: number): void {
  const cx = Math.min(width - 1, Math.max(0, x));
  const cy = Math.min(height - 1, Math.max(0, y));
  const [left, top] = [Math.floor(cx), Math.floor(cy)];
  const [right, bottom] = [Math.min(width - 1, left + 1), Math.min(height - 1, top + 1)];
  const [fx, fy] = [cx - left, cy - top];
  for (let channel = 0; channel < 3; channel++) {
    const value = (px: number, py: number): number => data[(py * width + px) * 3 + channel] as number;
    const upper = value(left, top) * (1 - fx) + value(right, top) * fx;
    const lower = value(left, bottom) * (1 - fx) + value(right, bottom) * fx;
    sum[channel] = (sum[channel] as number) + upper * (1 - fy) + lower * fy;
  }
}
