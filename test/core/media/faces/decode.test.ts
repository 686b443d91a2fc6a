import { describe, expect, it } from 'vitest';
import { decodeCells, GRID, withoutDoubles } from '../../../../src/core/media/faces/decode.ts';

const NUMBERS_PER_CELL = 25;

/** What the network would say of one anchor of one cell, and of no other. */
function cellsWith(row: number, column: number, anchor: number, numbers: readonly number[]): Float64Array {
  const cells = new Float64Array(GRID * GRID * NUMBERS_PER_CELL);
  for (let at = 4; at < cells.length; at += 5) cells[at] = -20;
  cells.set(numbers, (row * GRID + column) * NUMBERS_PER_CELL + anchor * 5);
  return cells;
}

describe('decodeCells', () => {
  it('puts a face at its cell with the size of its anchor', () => {
    // Anchor 2 is 2.882459 × 3.518061 cells of 416 / 13 = 32 pixels; σ(0) = 1/2 is the middle of the cell.
    const [face, ...others] = decodeCells(cellsWith(3, 7, 2, [0, 0, 0, 0, 2]), 416, 0.5);
    expect(others).toEqual([]);
    expect(face?.confidence).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
    expect(face?.box.left).toBeCloseTo((7.5 - 2.882459 / 2) * 32, 9);
    expect(face?.box.top).toBeCloseTo((3.5 - 3.518061 / 2) * 32, 9);
    expect(face?.box.width).toBeCloseTo(92.238688, 9);
    expect(face?.box.height).toBeCloseTo(112.577952, 9);
  });

  it('moves the centre by a sigmoid and scales the sides by an exponential', () => {
    const x = Math.log(3); // σ = 3/4
    const [face] = decodeCells(cellsWith(0, 0, 0, [x, -x, Math.log(2), Math.log(3), 0]), 13, 0.5);
    expect(face?.box.width).toBeCloseTo(2 * 1.603231, 12);
    expect(face?.box.height).toBeCloseTo(3 * 2.094468, 12);
    expect((face?.box.left ?? 0) + (face?.box.width ?? 0) / 2).toBeCloseTo(0.75, 12);
    expect((face?.box.top ?? 0) + (face?.box.height ?? 0) / 2).toBeCloseTo(0.25, 12);
  });

  it('leaves out what it is not sure enough of', () => {
    expect(decodeCells(cellsWith(5, 5, 1, [0, 0, 0, 0, 0]), 416, 0.51)).toEqual([]);
  });
});

describe('withoutDoubles', () => {
  const face = (left: number, confidence: number) => ({ box: { left, top: 0, width: 10, height: 10 }, confidence });

  it('keeps the surest of faces that share more of their union than allowed, surest first', () => {
    // 4 of 10 pixels apart: 60 shared of 140 is 0.43; 5 apart: 50 of 150 is 0.33.
    expect(withoutDoubles([face(0, 0.7), face(4, 0.9)], 0.4)).toEqual([face(4, 0.9)]);
    expect(withoutDoubles([face(0, 0.7), face(5, 0.9)], 0.4)).toEqual([face(5, 0.9), face(0, 0.7)]);
  });

  it('does not let a face that was dropped drop another', () => {
    expect(withoutDoubles([face(0, 0.9), face(4, 0.8), face(8, 0.7)], 0.4)).toEqual([face(0, 0.9), face(8, 0.7)]);
  });
});
