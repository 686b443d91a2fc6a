import sharp, { type OverlayOptions } from 'sharp';
import type { Box } from './box.ts';
import { createLettering, type Lettering } from './lettering.ts';
import { cellHeight, drawCell, drawPicture, pictureBox, type SheetCell, WEAK_PART } from './sheet_cell.ts';
import { BOX_KINDS, drawBox, drawOutline, drawText, INK, STYLES, svgOf } from './sheet_drawing.ts';
import { COLUMNS, layOutSheet, MARGIN, SHEET_WIDTH } from './sheet_layout.ts';

/** What a note's media offer, for people to look at. */
export interface ContactSheet {
  readonly noteId: string;
  readonly title: string;
  readonly cells: readonly SheetCell[];
  /** More to say, such as media that could not be read. */
  readonly footer?: readonly string[];
}

/** Cells on one sheet: more are looked through faster as a list. */
export const MOST_CELLS = 48;
const MOST_REASONS = 5;
const MOST_FOOTER_LINES = 12;
const TEXT_WIDTH = SHEET_WIDTH - 2 * MARGIN;
const FOOTER_LINE = 20;
const LEGEND_SWATCH = 14;
const PNG_EFFORT = 6;

/**
 * Draws a contact sheet as PNG in sRGB: the chosen by rank, then the rejected in their order with the reasons, at most
 * 48 cells; of what is left out it says how many and why. The same input gives the same bytes, whatever fonts the
 * machine has. A picture that cannot be read leaves its place with the reason; markup and control characters in names
 * are plain text.
 * @throws UserError when the font package is not installed
 */
export async function renderContactSheet(sheet: ContactSheet, lettering: Lettering = createLettering()): Promise<Uint8Array> {
  const groups = groupCells(sheet.cells);
  const header = drawHeader(lettering, sheet);
  const footer = footerLines(lettering, sheet, groups);
  const layout = layOutSheet({
    headerHeight: header.height,
    groups: groups.map(({ shown }) => ({ cells: shown.length, rowHeights: rowsOf(shown).map((row) => cellHeight(lettering, row)) })),
    footerHeight: footer.length * FOOTER_LINE,
  });

  const shapes = [drawBox({ left: 0, top: 0, width: layout.width, height: layout.height }, INK.page), header.shapes];
  const pictures: OverlayOptions[] = [];
  for (const [place, { heading, shown }] of groups.entries()) {
    const { headingTop, cells } = layout.groups[place] as (typeof layout.groups)[number];
    if (shown.length > 0)
      shapes.push(drawText(lettering, heading, { x: MARGIN, y: headingTop + 26, style: STYLES.heading, fill: INK.text }));
    for (const [index, cell] of shown.entries()) {
      const box = cells[index] as Box;
      shapes.push(drawCell(lettering, cell, box));
      const { left, top } = pictureBox(box);
      // One after the other, so one full-size picture at a time is in memory.
      const { data, width, height } = await drawPicture(lettering, cell);
      pictures.push({ input: Buffer.from(data), raw: { width, height, channels: 3 }, left, top });
    }
  }
  footer.forEach((line, index) => {
    const y = layout.footerTop + 14 + index * FOOTER_LINE;
    shapes.push(drawText(lettering, line, { x: MARGIN, y, style: STYLES.text, fill: INK.quiet }));
  });
  return sharp(svgOf(layout.width, layout.height, shapes.join('')), { unlimited: true })
    .composite(pictures)
    .removeAlpha()
    .toColourspace('srgb')
    .png({ compressionLevel: PNG_EFFORT })
    .toBuffer();
}

interface CellGroup {
  readonly heading: string;
  readonly shown: readonly SheetCell[];
  readonly hidden: readonly SheetCell[];
}

function groupCells(cells: readonly SheetCell[]): CellGroup[] {
  const chosen = cells.filter((cell) => cell.verdict.kind === 'chosen').sort((a, b) => rankOf(a) - rankOf(b));
  const rejected = cells.filter((cell) => cell.verdict.kind === 'rejected');
  const room = Math.max(0, MOST_CELLS - chosen.length);
  const best = new Set(rejected.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)).slice(0, room));
  return [
    { heading: `Chosen (${chosen.length})`, shown: chosen.slice(0, MOST_CELLS), hidden: chosen.slice(MOST_CELLS) },
    {
      heading: `Rejected (${rejected.length})`,
      shown: rejected.filter((cell) => best.has(cell)),
      hidden: rejected.filter((cell) => !best.has(cell)),
    },
  ];
}

function rowsOf(cells: readonly SheetCell[]): (readonly SheetCell[])[] {
  return Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, row) => cells.slice(row * COLUMNS, (row + 1) * COLUMNS));
}

function rankOf({ verdict }: SheetCell): number {
  return verdict.kind === 'chosen' ? verdict.rank : 0;
}

/** Title, note id and counts on the left, the legend on the right. */
function drawHeader(lettering: Lettering, { noteId, title, cells }: ContactSheet): { readonly shapes: string; readonly height: number } {
  const lines = lettering.wrap(title, STYLES.sheetTitle, TEXT_WIDTH, 2);
  const shapes: string[] = [];
  let baseline = MARGIN;
  for (const line of lines) {
    baseline += 28;
    shapes.push(drawText(lettering, line, { x: MARGIN, y: baseline - 6, style: STYLES.sheetTitle, fill: INK.text }));
  }
  baseline += 20;
  const chosen = cells.filter((cell) => cell.verdict.kind === 'chosen').length;
  const counts = `${plural(cells.length, 'candidate')}: ${chosen} chosen, ${cells.length - chosen} rejected`;
  const legend = drawLegend(lettering, cells, baseline);
  const id = lettering.shorten(
    noteId,
    STYLES.text,
    legend.left - MARGIN - lettering.widthOf(`Note , ${counts}`, STYLES.text) - MARGIN,
    'middle',
  );
  shapes.push(drawText(lettering, `Note ${id}, ${counts}`, { x: MARGIN, y: baseline, style: STYLES.text, fill: INK.quiet }), legend.shapes);
  return { shapes: shapes.join(''), height: baseline + 8 - MARGIN };
}

/** Only what this sheet shows, from the right edge to the left. */
function drawLegend(
  lettering: Lettering,
  cells: readonly SheetCell[],
  baseline: number,
): { readonly shapes: string; readonly left: number } {
  const kinds = (Object.keys(BOX_KINDS) as (keyof typeof BOX_KINDS)[]).filter((kind) =>
    cells.some((cell) => cell.boxes?.some((box) => box.kind === kind)),
  );
  const isWeak = cells.some((cell) => Object.values(cell.parts).some((value) => value < WEAK_PART));
  const entries = [
    ...(cells.some((cell) => cell.verdict.kind === 'chosen') ? [{ word: 'chosen', colour: INK.chosen, filled: false }] : []),
    ...kinds.map((kind) => ({ ...BOX_KINDS[kind], filled: false })),
    ...(isWeak ? [{ word: `part below ${WEAK_PART}`, colour: INK.weakBar, filled: true }] : []),
  ];
  let left = SHEET_WIDTH - MARGIN;
  const shapes = entries.reverse().map(({ word, colour, filled }) => {
    const text = drawText(lettering, word, { x: left, y: baseline, style: STYLES.text, fill: INK.quiet, align: 'end' });
    left -= lettering.widthOf(word, STYLES.text) + 6 + LEGEND_SWATCH;
    const swatch = { left, top: baseline - 11, width: LEGEND_SWATCH, height: LEGEND_SWATCH };
    left -= 18;
    const bar = { ...swatch, top: swatch.top + 4, height: 6 };
    return text + (filled ? drawBox(bar, colour, 3) : drawOutline(swatch, colour, { line: 3, corner: 2 }));
  });
  return { shapes: shapes.join(''), left };
}

/** What is not shown and why, then what the caller has to say. */
function footerLines(lettering: Lettering, { cells, footer = [] }: ContactSheet, groups: readonly CellGroup[]): string[] {
  const lines = cells.length === 0 ? ['Nothing to choose from: no picture was found in the media of this note.'] : [];
  const hidden = groups.flatMap((group) => group.hidden);
  if (hidden.length > 0) {
    const counts = new Map<string, number>();
    for (const { verdict } of hidden) {
      const reason = verdict.kind === 'chosen' ? 'chosen' : verdict.reason;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const reasons = [...counts].sort((a, b) => b[1] - a[1]);
    lines.push(`${plural(hidden.length, 'more candidate')} not shown:`);
    lines.push(...reasons.slice(0, MOST_REASONS).map(([reason, count]) => `${count} × ${reason}`));
    const others = reasons.slice(MOST_REASONS).reduce((sum, [, count]) => sum + count, 0);
    if (others > 0) lines.push(`${others} × other reasons`);
  }
  lines.push(...footer.slice(0, MOST_FOOTER_LINES));
  if (footer.length > MOST_FOOTER_LINES) lines.push(`… and ${plural(footer.length - MOST_FOOTER_LINES, 'more line')}`);
  return lines.map((line) => lettering.shorten(line, STYLES.text, TEXT_WIDTH));
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
