import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { reasonOf } from '../errors.ts';
import { type Box, scaleBox } from './box.ts';
import { decoderOf, openPicture, pixelsFrom } from './decode_picture.ts';
import type { Lettering } from './lettering.ts';
import type { RgbPicture } from './pixels.ts';
import { type BOX_KINDS, drawBox, drawMark, drawOutline, drawText, INK, STYLES, svgOf } from './sheet_drawing.ts';
import { CELL_WIDTH } from './sheet_layout.ts';

/** A candidate on a contact sheet. */
export interface SheetCell {
  /** A path, a picture file's bytes, or pixels; null where there is nothing to show. */
  readonly picture: string | Uint8Array | RgbPicture | null;
  /** For people: "photo.jpg", "clip.mp4 at 3.20 s". */
  readonly title: string;
  /** Quality in [0, 1]; null where nothing was measured. */
  readonly score: number | null;
  /** What the score is made of, each in [0, 1], more is better. */
  readonly parts: Readonly<Record<string, number>>;
  readonly verdict: { readonly kind: 'chosen'; readonly rank: number } | { readonly kind: 'rejected'; readonly reason: string };
  /** What was found on the upright picture, in pixels of `width` × `height`. */
  readonly boxes?: readonly { readonly box: Box; readonly kind: keyof typeof BOX_KINDS; readonly label?: string }[];
  readonly width: number;
  readonly height: number;
}

const BORDER = 4;
const CORNER = 10;
const PADDING = 12;
const TITLE_HEIGHT = 32;
const LINE_HEIGHT = 17;
const MOST_REASON_LINES = 3;
const TEXT_WIDTH = CELL_WIDTH - 2 * PADDING;
const BARS_PER_ROW = 2;
const BAR_GAP = 12;
const BAR_NAME_WIDTH = 78;
const BAR_HEIGHT = 6;
/** A part below this is drawn as weak: what spoke against a picture is seen at a glance. */
export const WEAK_PART = 0.25;

/** Size of a cell's picture, letterboxed where it has another shape. */
export const PICTURE_WIDTH = CELL_WIDTH - 2 * BORDER;
export const PICTURE_HEIGHT = 232;

/** Where a cell's picture lies. */
export function pictureBox(cell: Box): Box {
  return { left: cell.left + BORDER, top: cell.top + BORDER, width: PICTURE_WIDTH, height: PICTURE_HEIGHT };
}

/** Height in which each of the cells has room. */
export function cellHeight(lettering: Lettering, cells: readonly SheetCell[]): number {
  const rows = Math.max(0, ...cells.map((cell) => Math.ceil(Object.keys(cell.parts).length / BARS_PER_ROW)));
  const lines = Math.max(0, ...cells.map((cell) => reasonLines(lettering, cell).length));
  return BORDER + PICTURE_HEIGHT + TITLE_HEIGHT + (rows + lines) * LINE_HEIGHT + PADDING;
}

function reasonLines(lettering: Lettering, { verdict }: SheetCell): string[] {
  return verdict.kind === 'chosen' ? [] : lettering.wrap(verdict.reason, STYLES.text, TEXT_WIDTH, MOST_REASON_LINES);
}

/** A cell's card without its picture: frame, title, score, reason, and a bar a part. */
export function drawCell(lettering: Lettering, cell: SheetCell, box: Box): string {
  const isChosen = cell.verdict.kind === 'chosen';
  const left = box.left + PADDING;
  const right = box.left + box.width - PADDING;
  let baseline = box.top + BORDER + PICTURE_HEIGHT + 22;
  const frame = isChosen
    ? drawOutline(box, INK.chosen, { line: BORDER, corner: CORNER - BORDER / 2 })
    : drawOutline(box, INK.line, { line: 1, corner: CORNER });
  const score = cell.score === null ? '' : cell.score.toFixed(2);
  const scoreWidth = lettering.widthOf(score, STYLES.score);
  const title = lettering.shorten(cell.title, STYLES.cellTitle, TEXT_WIDTH - scoreWidth - BAR_GAP, 'middle');
  const shapes = [
    drawBox(box, INK.card, CORNER),
    frame,
    drawText(lettering, title, { x: left, y: baseline, style: STYLES.cellTitle, fill: isChosen ? INK.text : INK.quiet }),
    drawText(lettering, score, { x: right, y: baseline + 1, style: STYLES.score, fill: isChosen ? INK.chosen : INK.quiet, align: 'end' }),
  ];
  for (const line of reasonLines(lettering, cell)) {
    baseline += LINE_HEIGHT;
    shapes.push(drawText(lettering, line, { x: left, y: baseline, style: STYLES.text, fill: INK.rejected }));
  }
  Object.entries(cell.parts).forEach(([name, value], part) => {
    const width = (TEXT_WIDTH - BAR_GAP) / BARS_PER_ROW;
    const x = left + (part % BARS_PER_ROW) * (width + BAR_GAP);
    const y = baseline + LINE_HEIGHT * (Math.floor(part / BARS_PER_ROW) + 1) + 3;
    shapes.push(drawBar(lettering, name, value, { x, y, width }));
  });
  return shapes.join('');
}

function drawBar(
  lettering: Lettering,
  name: string,
  value: number,
  { x, y, width }: { readonly x: number; readonly y: number; readonly width: number },
): string {
  const shown = lettering.shorten(name.replaceAll('_', ' '), STYLES.small, BAR_NAME_WIDTH);
  const track = { left: x + BAR_NAME_WIDTH + 4, top: y - BAR_HEIGHT - 1, width: width - BAR_NAME_WIDTH - 4, height: BAR_HEIGHT };
  const filled = { ...track, width: track.width * Math.min(1, Math.max(0, value)) };
  return (
    drawText(lettering, shown, { x, y, style: STYLES.small, fill: INK.quiet }) +
    drawBox(track, INK.track, BAR_HEIGHT / 2) +
    drawBox(filled, value < WEAK_PART ? INK.weakBar : INK.bar, Math.min(BAR_HEIGHT, filled.width) / 2)
  );
}

/** A cell's picture with what was found on it; dimmed where rejected. A picture that cannot be read says so. */
export async function drawPicture(lettering: Lettering, cell: SheetCell): Promise<RgbPicture> {
  const area = { left: 0, top: 0, width: PICTURE_WIDTH, height: PICTURE_HEIGHT };
  const layers: OverlayOptions[] = [];
  const shapes: string[] = [];
  const shown = await readFitting(cell.picture);
  if ('data' in shown) {
    const { data, width, height } = shown;
    const [left, top] = [Math.floor((PICTURE_WIDTH - width) / 2), Math.floor((PICTURE_HEIGHT - height) / 2)];
    layers.push({ input: Buffer.from(data), raw: { width, height, channels: 3 }, left, top });
    if (cell.verdict.kind === 'rejected') shapes.push(drawBox(area, '#ffffff99'));
    for (const { box, kind, label } of cell.boxes ?? []) {
      const scaled = scaleBox(insideOf(box, cell), width / cell.width);
      if (!(scaled.width >= 0 && scaled.height >= 0)) continue;
      shapes.push(drawMark(lettering, { ...scaled, left: scaled.left + left, top: scaled.top + top }, kind, label));
    }
  } else {
    lettering.wrap(shown.reason, STYLES.small, PICTURE_WIDTH - 2 * PADDING, 5).forEach((line, index) => {
      const at = { x: PICTURE_WIDTH / 2, y: PICTURE_HEIGHT / 2 + (index - 1) * LINE_HEIGHT, align: 'middle' } as const;
      shapes.push(drawText(lettering, line, { ...at, style: STYLES.small, fill: INK.quiet }));
    });
  }
  if (cell.verdict.kind === 'chosen') shapes.push(drawBadge(lettering, String(cell.verdict.rank)));
  layers.push({ input: Buffer.from(svgOf(PICTURE_WIDTH, PICTURE_HEIGHT, shapes.join(''))) });
  const ground = sharp({ create: { width: PICTURE_WIDTH, height: PICTURE_HEIGHT, channels: 3, background: INK.letterbox } });
  const { data, info } = await ground.composite(layers).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function drawBadge(lettering: Lettering, rank: string): string {
  const width = Math.max(28, lettering.widthOf(rank, STYLES.badge) + 16);
  const at = { x: 6 + width / 2, y: 25, style: STYLES.badge, fill: '#ffffff', align: 'middle' } as const;
  return drawBox({ left: 6, top: 6, width, height: 28 }, INK.chosen, 8) + drawText(lettering, rank, at);
}

/** The picture at the size it is shown in; a JPEG is scaled while it is decoded. */
async function readFitting(picture: SheetCell['picture']): Promise<RgbPicture | { readonly reason: string }> {
  if (picture === null) return { reason: 'no picture' };
  try {
    if (typeof picture === 'object' && 'data' in picture) {
      const { data, width, height } = picture;
      return await pixelsFrom(fitting(sharp(data, { raw: { width, height, channels: 3 } })));
    }
    const file = await openPicture(picture);
    return await pixelsFrom(fitting(decoderOf(file).autoOrient().flatten({ background: '#ffffff' })), file);
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function fitting(pipeline: Sharp): Sharp {
  return pipeline.resize(PICTURE_WIDTH, PICTURE_HEIGHT, { fit: 'inside' });
}

function insideOf(box: Box, { width, height }: SheetCell): Box {
  const left = Math.max(0, box.left);
  const top = Math.max(0, box.top);
  return { left, top, width: Math.min(width, box.left + box.width) - left, height: Math.min(height, box.top + box.height) - top };
}
