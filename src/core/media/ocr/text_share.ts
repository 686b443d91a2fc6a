import type { Box } from '../box.ts';

/** Share of a picture that boxes cover, in [0, 1]; what several cover counts once. Boxes reach no further than the picture. */
export function textShare(boxes: readonly Box[], width: number, height: number): number {
  const edges = [...new Set(boxes.flatMap(({ left, width: own }) => [left, left + own]))].sort((a, b) => a - b);
  let area = 0;
  for (const [at, left] of edges.slice(0, -1).entries()) {
    const right = edges[at + 1] as number;
    const spans = boxes
      .filter((box) => box.left <= left && box.left + box.width >= right)
      .map(({ top, height: own }) => [top, top + own] as const)
      .sort((a, b) => a[0] - b[0]);
    let covered = Number.NEGATIVE_INFINITY;
    for (const [top, bottom] of spans) {
      area += (right - left) * Math.max(0, bottom - Math.max(top, covered));
      covered = Math.max(covered, bottom);
    }
  }
  return area / (width * height);
}
