/** A rectangle of a picture in pixels from its upper left corner; `left + width` and `top + height` are outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels two boxes share. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

/** Whether a crop shows a part of a box but not all of it. */
export function cuts(crop: Box, box: Box): boolean {
  const shared = overlap(crop, box);
  return shared > 0 && shared < box.width * box.height;
}

/** The same box in a picture `factor` times as large. */
export function scaleBox(box: Box, factor: number): Box {
  return { left: box.left * factor, top: box.top * factor, width: box.width * factor, height: box.height * factor };
}
