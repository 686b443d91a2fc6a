import { type Box, cuts, overlap } from './box.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a crop should leave whole. */
export interface Obstacles {
  readonly faces: readonly Box[];
  readonly texts: readonly Box[];
}

/** Places in a penalty's decimal number: faces cut, then texts cut, then faces left outside. */
const FACE_CUT = 1e6;
const TEXT_CUT = 1e3;
const FACE_OUTSIDE = 1;

/**
 * Length in whole pixels of the longer side of the largest crop of a ratio. The shorter side of a crop is rounded, so the
 * largest reaches from edge to edge of the picture whatever its size: a line of text of that length fits in.
 */
export function longestSide({ width, height }: Size, ratio: number): number {
  const [longer, shorter] = ratio >= 1 ? [width, height] : [height, width];
  const stretch = Math.max(ratio, 1 / ratio);
  // Lengths below this one have a shorter side that is rounded down to the picture's.
  const beyond = (shorter + 0.5) * stretch;
  return Math.max(1, Math.min(longer, Math.ceil(beyond) - 1));
}

/** The size of a ratio whose longer side is given; the shorter is rounded, and so right within half a pixel. */
export function cropSize(long: number, ratio: number): Size {
  const short = Math.max(1, Math.round(ratio >= 1 ? long / ratio : long * ratio));
  return ratio >= 1 ? { width: long, height: short } : { width: short, height: long };
}

/** Crops of one ratio in whole pixels, largest first, down to `minShare` of the longest side that fits. */
export function cropSizes(picture: Size, ratio: number, minShare: number): Size[] {
  const longest = longestSide(picture, ratio);
  const shortest = Math.ceil(longest * minShare);
  return Array.from({ length: longest - shortest + 1 }, (_, step) => cropSize(longest - step, ratio));
}

/**
 * All the best crops of one size, at whole pixels of a picture. The best cut the fewest faces; of these, the ones that cut
 * no text; of these, the ones that leave the fewest faces outside; of these, the largest; of these, the ones that cut the
 * fewest texts, and of these the least of them. Every place of every size is looked at.
 * @param sizes largest first
 * @param obstacles in whole pixels and inside the picture
 */
export function bestCrops(picture: Size, sizes: readonly Size[], obstacles: Obstacles): Box[] {
  let best: { readonly size: Size; readonly penalties: Int32Array; readonly grade: number } | undefined;
  for (const size of sizes) {
    const penalties = penaltiesBySpot(picture, size, obstacles);
    const grade = penalties.reduce((least, penalty) => Math.min(least, gradeOf(penalty)), Number.POSITIVE_INFINITY);
    if (best === undefined || grade < best.grade) best = { size, penalties, grade };
    if (grade === 0) break;
  }
  if (best === undefined) throw new Error('Expected sizes of crops but received none');
  const { size, penalties, grade } = best;
  const least = penalties.reduce((min, penalty) => (gradeOf(penalty) === grade ? Math.min(min, penalty) : min), Number.POSITIVE_INFINITY);
  const columns = picture.width - size.width + 1;
  const crops: Box[] = [];
  for (const [spot, penalty] of penalties.entries()) {
    if (penalty === least) crops.push({ left: spot % columns, top: Math.floor(spot / columns), ...size });
  }
  return least >= TEXT_CUT ? leastCut(crops, [...obstacles.faces, ...obstacles.texts]) : crops;
}

/** What crops lose that are equally good: faces cut count most, then texts cut, then faces left outside. */
export function lossOf(crops: readonly Box[], { faces, texts }: Obstacles): number {
  const crop = crops[0] as Box;
  const cut = (boxes: readonly Box[]): number => boxes.filter((box) => cuts(crop, box)).length;
  const outside = faces.filter((face) => overlap(crop, face) === 0).length;
  return cut(faces) * FACE_CUT + cut(texts) * TEXT_CUT + outside * FACE_OUTSIDE;
}

/** A penalty without the number of texts cut: a smaller crop that cuts fewer but some is no gain. */
function gradeOf(penalty: number): number {
  const texts = penalty % FACE_CUT;
  return texts < TEXT_CUT ? penalty : penalty - texts + TEXT_CUT + (penalty % TEXT_CUT);
}

/** Penalty of a crop of one size with its corner at each pixel, row by row. */
function penaltiesBySpot(picture: Size, size: Size, { faces, texts }: Obstacles): Int32Array {
  const sums = new SpotSums(picture.width - size.width + 1, picture.height - size.height + 1);
  for (const face of faces) {
    sums.add(0, 0, sums.columns, sums.rows, FACE_OUTSIDE);
    addCuts(sums, size, face, FACE_CUT, FACE_OUTSIDE);
  }
  for (const text of texts) addCuts(sums, size, text, TEXT_CUT, 0);
  return sums.total();
}

/** A crop cuts a box where it meets the box without holding it; it shows the box, `gain`, where it meets it. */
function addCuts(sums: SpotSums, { width, height }: Size, box: Box, penalty: number, gain: number): void {
  const right = box.left + box.width;
  const bottom = box.top + box.height;
  const meets = [box.left - width + 1, box.top - height + 1, right, bottom] as const;
  const holds = [right - width, bottom - height, box.left + 1, box.top + 1] as const;
  sums.add(...meets, penalty - gain);
  if (holds[0] < holds[2] && holds[1] < holds[3]) sums.add(...holds, -penalty);
}

/** Numbers added to rectangles of a grid, in time that does not depend on their area. */
class SpotSums {
  readonly columns: number;
  readonly rows: number;
  readonly #steps: Int32Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#steps = new Int32Array((columns + 1) * (rows + 1));
  }

  /** Ends are outside; what lies beyond the grid is left out. */
  add(left: number, top: number, right: number, bottom: number, amount: number): void {
    const [x0, x1] = [Math.max(0, left), Math.min(this.columns, right)];
    const [y0, y1] = [Math.max(0, top), Math.min(this.rows, bottom)];
    if (x0 >= x1 || y0 >= y1) return;
    this.#step(x0, y0, amount);
    this.#step(x1, y0, -amount);
    this.#step(x0, y1, -amount);
    this.#step(x1, y1, amount);
  }

  #step(x: number, y: number, amount: number): void {
    const at = y * (this.columns + 1) + x;
    this.#steps[at] = (this.#steps[at] as number) + amount;
  }

  total(): Int32Array {
    const { columns, rows } = this;
    const totals = new Int32Array(columns * rows);
    for (let y = 0; y < rows; y++) {
      let row = 0;
      for (let x = 0; x < columns; x++) {
        row += this.#steps[y * (columns + 1) + x] as number;
        totals[y * columns + x] = row + (y > 0 ? (totals[(y - 1) * columns + x] as number) : 0);
      }
    }
    return totals;
  }
}

/** The crops that hide or show the least of the boxes they cut, whichever is less, as a share of each box. */
function leastCut(crops: readonly Box[], boxes: readonly Box[]): Box[] {
  const amounts = crops.map((crop) => boxes.reduce((sum, box) => sum + cutShare(crop, box), 0));
  const least = amounts.reduce((min, amount) => Math.min(min, amount), Number.POSITIVE_INFINITY);
  return crops.filter((_, index) => (amounts[index] as number) <= least + 1e-9);
}

function cutShare(crop: Box, box: Box): number {
  const shown = overlap(crop, box) / (box.width * box.height);
  return Math.min(shown, 1 - shown);
}
