import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, overlap } from '../../../src/core/media/box.ts';
import { COLUMNS, layOutSheet } from '../../../src/core/media/sheet_layout.ts';

const heights = fc.integer({ min: 1, max: 500 });
const groups = fc.integer({ min: 0, max: 20 }).chain((cells) => {
  const rows = Math.ceil(cells / COLUMNS);
  return fc.record({ cells: fc.constant(cells), rowHeights: fc.array(heights, { minLength: rows, maxLength: rows }) });
});
const contents = fc.record({ headerHeight: heights, groups: fc.array(groups, { minLength: 1, maxLength: 3 }), footerHeight: heights });

describe('layout of a contact sheet', () => {
  it('keeps all cells apart and inside the sheet, below the header and above the footer', () => {
    fc.assert(
      fc.property(contents, (sheet) => {
        const layout = layOutSheet(sheet);
        const cells = layout.groups.flatMap((group) => group.cells);
        for (const [index, cell] of cells.entries()) {
          expect(cell.left).toBeGreaterThanOrEqual(0);
          expect(cell.left + cell.width).toBeLessThanOrEqual(layout.width);
          expect(cell.top).toBeGreaterThan(sheet.headerHeight);
          expect(cell.top + cell.height).toBeLessThanOrEqual(layout.footerTop);
          for (const other of cells.slice(index + 1)) expect(overlap(cell, other)).toBe(0);
        }
        expect(layout.footerTop + sheet.footerHeight).toBeLessThanOrEqual(layout.height);
      }),
      { numRuns: 50 },
    );
  });

  it('places cells in reading order, each group below its heading', () => {
    fc.assert(
      fc.property(contents, (sheet) => {
        const layout = layOutSheet(sheet);
        layout.groups.forEach(({ cells, headingTop }, place) => {
          expect(cells).toHaveLength(sheet.groups[place]?.cells ?? 0);
          for (const cell of cells) expect(cell.top).toBeGreaterThan(headingTop);
        });
        const cells = layout.groups.flatMap((group) => group.cells);
        const inOrder = (a: Box, b: Box): boolean => b.top > a.top || (b.top === a.top && b.left > a.left);
        for (let cell = 1; cell < cells.length; cell++) expect(inOrder(cells[cell - 1] as Box, cells[cell] as Box)).toBe(true);
      }),
    );
  });

  it('gives a group without cells no room', () => {
    const one = { cells: 3, rowHeights: [100] };
    const none = { cells: 0, rowHeights: [] };
    const heightOf = (all: readonly (typeof one)[]): number => layOutSheet({ headerHeight: 50, groups: all, footerHeight: 0 }).height;
    expect(heightOf([none, one, none])).toBe(heightOf([one]));
  });
});
