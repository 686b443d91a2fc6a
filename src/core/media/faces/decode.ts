import { type Box, overlap } from '../box.ts';

/** A face and how sure the network is of it, in [0, 1]. */
export interface Face {
  readonly box: Box;
  readonly confidence: number;
}

/** Cells of the network's grid along each side. */
export const GRID = 13;
/** Width and height in cells of the five shapes of face that each cell tells about. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
/** What is said about each: x, y, width, height, whether it is a face. */
const NUMBERS = 5;

/**
 * Faces among what the network says of its cells, with boxes in pixels of a square of side `size`: at column c and row r,
 * for anchor (w, h), the centre is (c + σ(x), r + σ(y)), the size (w · eˣ, h · eʸ) cells, and the confidence σ of the last.
 * @param cells row by row, [13, 13, 5 anchors, 5 numbers]
 */
export function decodeCells(cells: ArrayLike<number>, size: number, minConfidence: number): Face[] {
  const cell = size / GRID;
  const faces: Face[] = [];
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      for (const [index, anchor] of ANCHORS.entries()) {
        const at = ((row * GRID + column) * ANCHORS.length + index) * NUMBERS;
        const confidence = sigmoid(cells[at + 4] as number);
        if (confidence < minConfidence) continue;
        const width = Math.exp(cells[at + 2] as number) * anchor[0] * cell;
        const height = Math.exp(cells[at + 3] as number) * anchor[1] * cell;
        const left = (column + sigmoid(cells[at] as number)) * cell - width / 2;
        const top = (row + sigmoid(cells[at + 1] as number)) * cell - height / 2;
        faces.push({ box: { left, top, width, height }, confidence });
      }
    }
  }
  return faces;
}

/** The surest faces first, without those that share more than `maxShare` of their union with a surer one. */
export function withoutDoubles(faces: readonly Face[], maxShare: number): Face[] {
  const kept: Face[] = [];
  for (const face of faces.toSorted((a, b) => b.confidence - a.confidence)) {
    if (kept.every((surer) => sharedShare(surer.box, face.box) <= maxShare)) kept.push(face);
  }
  return kept;
}

/** Intersection over union. */
function sharedShare(a: Box, b: Box): number {
  const shared = overlap(a, b);
  return shared / (a.width * a.height + b.width * b.height - shared);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
