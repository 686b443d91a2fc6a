import type { Box } from '../box.ts';

/** Share of a box that counts at either end: rectangles around lines are generous, and touch where the lines do not. */
const CORE = 0.6;

/**
 * Lines as they are read: a set of lines is cut where a horizontal gap goes through all of it, and read from top to
 * bottom; a part without such a gap is cut at its vertical gaps, and read from left to right; and so on in every part
 * (the recursive XY-cut of Nagy and Seth 1984).
 */
export function inReadingOrder<Line extends { readonly box: Box }>(lines: readonly Line[]): Line[] {
  return cut(lines, 'top', 'height', 'unknown');
}

function cut<Line extends { readonly box: Box }>(
  lines: readonly Line[],
  start: 'top' | 'left',
  length: 'height' | 'width',
  before: 'unknown' | 'whole',
): Line[] {
  if (lines.length < 2) return [...lines];
  const groups = groupsAlong(lines, start, length);
  if (groups.length === 1 && before === 'whole') return lines.toSorted((a, b) => a.box.top - b.box.top || a.box.left - b.box.left);
  const state = groups.length === 1 ? 'whole' : 'unknown';
  return groups.flatMap((group) => (start === 'top' ? cut(group, 'left', 'width', state) : cut(group, 'top', 'height', state)));
}

/** Lines whose cores overlap along an axis, directly or through others, stand in one group; groups in their order. */
function groupsAlong<Line extends { readonly box: Box }>(
  lines: readonly Line[],
  start: 'top' | 'left',
  length: 'height' | 'width',
): Line[][] {
  const from = ({ box }: Line): number => box[start] + (box[length] * (1 - CORE)) / 2;
  const groups: Line[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const line of lines.toSorted((a, b) => from(a) - from(b) || a.box.left - b.box.left)) {
    if (from(line) >= end) groups.push([]);
    (groups.at(-1) as Line[]).push(line);
    end = Math.max(end, from(line) + line.box[length] * CORE);
  }
  return groups;
}
