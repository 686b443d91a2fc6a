import type { Box } from './box.ts';

export const COLUMNS = 4;
export const CELL_WIDTH = 300;
export const MARGIN = 24;
const GAP = 16;
const HEADING_HEIGHT = 40;
export const SHEET_WIDTH = 2 * MARGIN + COLUMNS * CELL_WIDTH + (COLUMNS - 1) * GAP;

/** What stands on a sheet, from top to bottom; heights are in pixels. */
interface SheetContents {
  readonly headerHeight: number;
  /** Cells under a heading each, and the height of each of their rows; a group without cells takes no room. */
  readonly groups: readonly { readonly cells: number; readonly rowHeights: readonly number[] }[];
  readonly footerHeight: number;
}

/** Where it stands. */
interface SheetLayout {
  readonly width: number;
  readonly height: number;
  /** For each group the heading's upper edge and its cells, row by row. */
  readonly groups: readonly { readonly headingTop: number; readonly cells: readonly Box[] }[];
  readonly footerTop: number;
}

/** Places a sheet's contents: four cells in a row, groups below each other, the footer last. */
export function layOutSheet({ headerHeight, groups, footerHeight }: SheetContents): SheetLayout {
  let top = MARGIN + headerHeight;
  const placed = groups.map(({ cells, rowHeights }) => {
    const headingTop = top;
    if (cells > 0) top += HEADING_HEIGHT;
    const boxes = rowHeights.flatMap((height, row) => {
      const rowTop = top;
      top += height + GAP;
      const columns = Math.min(COLUMNS, cells - row * COLUMNS);
      return Array.from({ length: columns }, (_, column) => ({
        left: MARGIN + column * (CELL_WIDTH + GAP),
        top: rowTop,
        width: CELL_WIDTH,
        height,
      }));
    });
    return { headingTop, cells: boxes };
  });
  return { width: SHEET_WIDTH, height: top + footerHeight + MARGIN, groups: placed, footerTop: top };
}
