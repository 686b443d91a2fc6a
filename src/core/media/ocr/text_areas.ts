import { grown, type Point, type Rectangle, smallestRectangle } from './rectangles.ts';

/** Probability from which on a pixel belongs to text. */
const TEXT_PROBABILITY = 0.3;
/** Mean probability inside a rectangle from which on it is a line of text. */
const AREA_PROBABILITY = 0.5;
/** Shorter side of the smallest line, in pixels of the map. */
const LEAST_SIDE = 3;
/** The network marks the core of a line: its rectangle grows by `ratio · area / perimeter`. */
const GROWTH = 1.6;

/** Probability of text at each pixel, row by row. */
export interface TextMap {
  readonly probability: Float32Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Rectangles around lines of text, from the probability map of a detector by differentiable binarisation (Liao et al.
 * 2020): connected pixels above 0.3, the smallest rectangle around each group, kept where the mean probability inside is
 * at least 0.5, grown by 1.6 times its area over its perimeter.
 */
export function findTextAreas(map: TextMap): Rectangle[] {
  const areas: Rectangle[] = [];
  for (const outline of outlinesOf(map)) {
    const core = smallestRectangle(outline);
    if (Math.min(core.width, core.height) < LEAST_SIDE || meanInside(map, core) < AREA_PROBABILITY) continue;
    areas.push(grown(core, (core.width * core.height * GROWTH) / (2 * (core.width + core.height))));
  }
  return areas;
}

/** For each group of connected pixels (8 neighbours) the middles of its leftmost and rightmost pixels, row by row. */
function outlinesOf({ probability, width, height }: TextMap): Point[][] {
  const open = new Uint8Array(probability.length);
  for (let at = 0; at < open.length; at++) {
    if ((probability[at] as number) <= TEXT_PROBABILITY) continue;
    // Each marks its neighbours to the right and below too, which joins the parts of thin letters.
    const isLast = (at + 1) % width === 0;
    open[at] = 1;
    if (!isLast) open[at + 1] = 1;
    if (at + width < open.length) open[at + width] = 1;
    if (!isLast && at + width + 1 < open.length) open[at + width + 1] = 1;
  }
  const stack: number[] = [];
  const outlines: Point[][] = [];
  for (let start = 0; start < open.length; start++) {
    if (open[start] === 0) continue;
    const left = new Map<number, number>();
    const right = new Map<number, number>();
    open[start] = 0;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      left.set(y, Math.min(x, left.get(y) ?? x));
      right.set(y, Math.max(x, right.get(y) ?? x));
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (open[next] === 0) continue;
          open[next] = 0;
          stack.push(next);
        }
      }
    }
    outlines.push(
      [...left].flatMap(([y, x]) => [
        { x: x + 0.5, y: y + 0.5 },
        { x: (right.get(y) as number) + 0.5, y: y + 0.5 },
      ]),
    );
  }
  return outlines;
}

function meanInside({ probability, width, height }: TextMap, { centre, along, ...size }: Rectangle): number {
  const reach = Math.hypot(size.width, size.height) / 2;
  let sum = 0;
  let pixels = 0;
  for (let y = Math.max(0, Math.floor(centre.y - reach)); y < Math.min(height, centre.y + reach); y++) {
    for (let x = Math.max(0, Math.floor(centre.x - reach)); x < Math.min(width, centre.x + reach); x++) {
      const [dx, dy] = [x + 0.5 - centre.x, y + 0.5 - centre.y];
      if (Math.abs(dx * along.x + dy * along.y) > size.width / 2 || Math.abs(dy * along.x - dx * along.y) > size.height / 2) continue;
      sum += probability[y * width + x] as number;
      pixels++;
    }
  }
  return pixels === 0 ? 0 : sum / pixels;
}
