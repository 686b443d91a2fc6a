import { createRandom, type Random, shuffle } from '../../random.ts';
import type { Bags, Family } from './bags.ts';
import { type OutcomeCells, sumCells } from './build_bags.ts';

/** What training knew of a held-out row. */
export const BAG_SEGMENTS = ['seen combination', 'new combination', 'unseen element'] as const;

export interface HeldOutBags {
  /** Bags of the same rows with the outcomes of the training cells alone, and of the others. */
  readonly train: Bags;
  readonly heldOut: Bags;
  /** [rows]: index into {@link BAG_SEGMENTS}; −1 where nothing is held out. */
  readonly segment: Int8Array;
  /** [rows]: the first of the row's elements that training never sees; −1 where it sees all. */
  readonly unseenElement: Int32Array;
  /** How many such elements there are. */
  readonly unseenElements: number;
}

const HELD_OUT_STREAM = 21;
const VALIDATION_STREAM = 22;
/** Of what is held out: the part that holds elements which training never sees, and the part of combinations it never sees. */
const ELEMENT_PART = 0.5;
const COMBINATION_PART = 0.25;
/** Elements are held out as long as they take no more than so much of all exposure beyond their part. */
const ELEMENT_SLACK = 0.05;
/** A kind keeps at least so many elements; of those that a network stops by, so many that what it loses is little. */
const LEAST_ELEMENTS = 3;
const LEAST_ELEMENTS_TO_STOP = 20;

/**
 * Holds out about a share of the exposure in three ways: whole elements (every row that has one), whole combinations (in all
 * ads), and single days of rows. What training knew of a row is told afterwards by what is left to it; an ad whose rows would
 * all be held out keeps them.
 */
export function holdOut(
  bags: Bags,
  rowOf: Int32Array,
  cells: OutcomeCells,
  options: { share: number; seed: number; family: Family },
): HeldOutBags {
  const { share, seed, family } = options;
  const random = createRandom(seed, HELD_OUT_STREAM);
  const isOut = markRows(bags, share, LEAST_ELEMENTS, random);
  keepAds(bags, isOut);
  const cellShare = share * (1 - ELEMENT_PART - COMBINATION_PART);
  const days = new Map<string, boolean>();
  const isCellOut = (cell: number, row: number): boolean => {
    if (isOut[row] === 1) return true;
    const key = `${row},${cells.day[cell]}`;
    const known = days.get(key) ?? random.uniform() < cellShare;
    days.set(key, known);
    return known;
  };
  const out = Uint8Array.from(cells.creative, (creative, cell) => {
    const row = rowOf[creative] as number;
    return row >= 0 && isCellOut(cell, row) ? 1 : 0;
  });
  // An ad whose rows have one day each may have lost them all to chance.
  const left = new Uint8Array(bags.ads.length);
  const adOf = (cell: number): number => bags.ad[rowOf[cells.creative[cell] as number] as number] as number;
  for (const [cell, isHeld] of out.entries()) if (isHeld === 0 && (cells.exposure[cell] as number) > 0) left[adOf(cell)] = 1;
  for (const cell of out.keys()) if (out[cell] === 1 && left[adOf(cell)] === 0) out[cell] = 0;
  const train = { ...bags, ...sumCells(bags.rows, rowOf, cells, (cell) => out[cell] === 0, family) };
  const heldOut = { ...bags, ...sumCells(bags.rows, rowOf, cells, (cell) => out[cell] === 1, family) };
  return { train, heldOut, ...segmentsOf(train, heldOut) };
}

/** Rows [rows with exposure] to train on, and those by which to stop: of elements and combinations of their own, and single rows. */
export function splitToStop(bags: Bags, share: number, seed: number): { readonly train: Int32Array; readonly validation: Int32Array } {
  const random = createRandom(seed, VALIDATION_STREAM);
  const isOut = markRows(bags, share, LEAST_ELEMENTS_TO_STOP, random);
  const left = share - isOut.reduce((sum, out) => sum + out, 0) / bags.rows;
  for (let row = 0; row < bags.rows; row++) if (random.uniform() < left) isOut[row] = 1;
  keepAds(bags, isOut);
  const rows = Int32Array.from(isOut.keys()).filter((row) => (bags.exposure[row] as number) > 0);
  return { train: rows.filter((row) => isOut[row] === 0), validation: rows.filter((row) => isOut[row] === 1) };
}

/** Rows with a held-out element or of a held-out combination. */
function markRows(bags: Bags, share: number, leastElements: number, random: Random): Uint8Array {
  const { rows, kinds, elements, members, exposure } = bags;
  const total = exposure.reduce((sum, own) => sum + own, 0);
  const isOut = new Uint8Array(rows);
  const left = kinds.map((_, kind) => elements.filter((element) => element.kind === kind).length);
  const rowsOf: number[][] = elements.map(() => []);
  members.forEach((element, at) => {
    if (element >= 0) (rowsOf[element] as number[]).push(Math.floor(at / kinds.length));
  });
  let taken = 0;
  for (const element of shuffle(Int32Array.from(elements.keys()), random)) {
    if (taken >= share * ELEMENT_PART * total) break;
    const kind = (elements[element] as Bags['elements'][number]).kind;
    const fresh = (rowsOf[element] as number[]).filter((row) => isOut[row] === 0);
    const more = fresh.reduce((sum, row) => sum + (exposure[row] as number), 0);
    if ((left[kind] as number) <= leastElements || taken + more > (share * ELEMENT_PART + ELEMENT_SLACK) * total) continue;
    left[kind] = (left[kind] as number) - 1;
    taken += more;
    for (const row of fresh) isOut[row] = 1;
  }
  const combinations = new Map<string, boolean>();
  for (let row = 0; row < rows; row++) {
    const key = members.subarray(row * kinds.length, (row + 1) * kinds.length).join();
    const known = combinations.get(key) ?? random.uniform() < share * COMBINATION_PART;
    combinations.set(key, known);
    if (known) isOut[row] = 1;
  }
  return isOut;
}

/** An ad's offset can only be learnt from rows of its own. */
function keepAds({ ads, ad, exposure }: Bags, isOut: Uint8Array): void {
  const keeps = new Uint8Array(ads.length);
  for (let row = 0; row < ad.length; row++) if (isOut[row] === 0 && (exposure[row] as number) > 0) keeps[ad[row] as number] = 1;
  for (let row = 0; row < ad.length; row++) if (keeps[ad[row] as number] === 0) isOut[row] = 0;
}

function segmentsOf(train: Bags, heldOut: Bags): Pick<HeldOutBags, 'segment' | 'unseenElement' | 'unseenElements'> {
  const kinds = train.kinds.length;
  const isSeen = new Uint8Array(train.elements.length);
  for (let at = 0; at < train.members.length; at++) {
    const element = train.members[at] as number;
    if (element >= 0 && (train.exposure[Math.floor(at / kinds)] as number) > 0) isSeen[element] = 1;
  }
  const unseen = new Set<number>();
  const unseenElement = new Int32Array(train.rows).fill(-1);
  const segment = Int8Array.from({ length: train.rows }, (_, row) => {
    if ((heldOut.exposure[row] as number) <= 0) return -1;
    if ((train.exposure[row] as number) > 0) return 0;
    const own = train.members.subarray(row * kinds, (row + 1) * kinds);
    const strange = own.filter((element) => element >= 0 && isSeen[element] === 0);
    for (const element of strange) unseen.add(element);
    unseenElement[row] = strange[0] ?? -1;
    return strange.length === 0 ? 1 : 2;
  });
  return { segment, unseenElement, unseenElements: unseen.size };
}
