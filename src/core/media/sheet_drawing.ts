import type { Box } from './box.ts';
import type { Lettering, TextStyle } from './lettering.ts';

/** Colours of a sheet, as in its legend. */
export const INK = {
  page: '#f4f5f7',
  card: '#ffffff',
  letterbox: '#e4e7ec',
  text: '#1c2430',
  quiet: '#5f6b7a',
  line: '#d5dae1',
  chosen: '#0b7a4b',
  rejected: '#b3261e',
  bar: '#4a6fa5',
  weakBar: '#e8590c',
  track: '#e9ecf0',
} as const;

/** Kinds of boxes on a picture: their words and colours. */
export const BOX_KINDS = {
  text: { word: 'text', colour: '#e0219b' },
  face: { word: 'face', colour: '#1c7ed6' },
  crop: { word: 'crop', colour: '#f5b700' },
} as const;

const TEXT: TextStyle = { size: 12, weight: 400 };
export const STYLES = {
  sheetTitle: { size: 22, weight: 700 },
  heading: { size: 15, weight: 700 },
  cellTitle: { size: 13, weight: 700 },
  score: { size: 16, weight: 700 },
  badge: { size: 14, weight: 700 },
  text: TEXT,
  small: { size: 11, weight: 400 },
} as const satisfies Record<string, TextStyle>;

const LABEL_HEIGHT = 16;

/** Text on a baseline, starting (or with `align: 'end'` ending) at x. */
export function drawText(
  lettering: Lettering,
  text: string,
  at: {
    readonly x: number;
    readonly y: number;
    readonly style: TextStyle;
    readonly fill: string;
    readonly align?: 'start' | 'middle' | 'end';
  },
): string {
  const share = at.align === 'end' ? 1 : at.align === 'middle' ? 0.5 : 0;
  const x = share === 0 ? at.x : at.x - share * lettering.widthOf(text, at.style);
  const { data, scale } = lettering.outline(text, at.style);
  return data === '' ? '' : `<path transform="translate(${round(x)} ${round(at.y)}) scale(${scale})" fill="${at.fill}" d="${data}"/>`;
}

/** A filled rectangle. */
export function drawBox({ left, top, width, height }: Box, fill: string, corner = 0): string {
  return `<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}" rx="${corner}" fill="${fill}"/>`;
}

/** The line along the inside of a box's edge. */
export function drawOutline({ left, top, width, height }: Box, colour: string, { line = 2, corner = 0, dashes = '' } = {}): string {
  const size = `x="${round(left + line / 2)}" y="${round(top + line / 2)}" width="${round(width - line)}" height="${round(height - line)}"`;
  const dash = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
  return `<rect ${size} rx="${corner}" fill="none" stroke="${colour}" stroke-width="${line}"${dash}/>`;
}

/** A box of a kind on a picture: a line that is seen on dark and on bright, and its label where there is one. */
export function drawMark(lettering: Lettering, box: Box, kind: keyof typeof BOX_KINDS, label: string | undefined): string {
  const { colour } = BOX_KINDS[kind];
  const width = Math.max(4, box.width);
  const height = Math.max(4, box.height);
  const rim = { left: box.left - 1, top: box.top - 1, width: width + 2, height: height + 2 };
  const dashes = kind === 'crop' ? '7 4' : '';
  const lines = drawOutline(rim, '#00000080', { line: 1 }) + drawOutline({ ...box, width, height }, colour, { dashes });
  if (label === undefined) return lines;
  const shown = lettering.shorten(label, STYLES.small, 120);
  const plate = {
    left: box.left,
    top: box.top + height - LABEL_HEIGHT,
    width: lettering.widthOf(shown, STYLES.small) + 8,
    height: LABEL_HEIGHT,
  };
  const text = drawText(lettering, shown, { x: plate.left + 4, y: plate.top + 12, style: STYLES.small, fill: '#000000' });
  return lines + drawBox(plate, colour) + text;
}

/** A whole picture of shapes; numbers in it are pixels. */
export function svgOf(width: number, height: number, shapes: string): Uint8Array {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes}</svg>`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
