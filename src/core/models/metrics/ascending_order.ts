const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const SIGN = 0x80000000;
/** Of the two 32-bit words of a key: word and shift of each digit, the lowest first. */
const PLACES = [0, 1].flatMap((word) => [0, DIGIT_BITS, 2 * DIGIT_BITS].map((shift) => ({ word, shift })));

/** Row numbers in an order of groups, and where each group ends. */
export interface GroupedOrder {
  readonly order: Uint32Array;
  readonly ends: Uint32Array;
}

/**
 * Row numbers in ascending order of their values, equal values in the order of rows: a radix sort, O(n), as a comparing sort of
 * a million rows takes a second. −0 equals 0; NaN has no place.
 */
export function ascendingOrder(values: ArrayLike<number>): Uint32Array {
  const keys = sortableWords(values);
  const digits = new Uint16Array(values.length);
  let order: Uint32Array = new Uint32Array(values.length);
  for (let row = 0; row < order.length; row++) order[row] = row;
  for (const { word, shift } of PLACES) {
    for (let row = 0; row < digits.length; row++) digits[row] = ((keys[2 * row + word] as number) >>> shift) & (DIGITS - 1);
    // Predictions are 32-bit floats as a rule: their low digits are all alike, and a pass over them changes nothing.
    order = groupedOrder(order, digits, DIGITS).order;
  }
  return order;
}

/** An order of rows put into groups, groups ascending, the order kept inside each. */
export function groupedOrder(order: Uint32Array, groupOf: ArrayLike<number>, groups: number): GroupedOrder {
  const counts = new Uint32Array(groups);
  for (let row = 0; row < order.length; row++) counts[groupOf[row] as number] = (counts[groupOf[row] as number] as number) + 1;
  const next = new Uint32Array(groups);
  for (let group = 1; group < groups; group++) next[group] = (next[group - 1] as number) + (counts[group - 1] as number);
  if (counts.includes(order.length)) return { order, ends: next.map((start, group) => start + (counts[group] as number)) };
  const grouped = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) {
    const row = order[at] as number;
    const group = groupOf[row] as number;
    const place = next[group] as number;
    grouped[place] = row;
    next[group] = place + 1;
  }
  return { order: grouped, ends: next };
}

/** Low and high word of each value as a 64-bit float, its bits turned so that unsigned integers sort as the values do. */
function sortableWords(values: ArrayLike<number>): Uint32Array {
  const floats = new Float64Array(values.length);
  // + 0 makes −0 a 0.
  for (let row = 0; row < floats.length; row++) floats[row] = (values[row] as number) + 0;
  const words = new Uint32Array(floats.buffer);
  for (let at = 0; at < words.length; at += 2) {
    const high = words[at + 1] as number;
    const negative = high >= SIGN;
    words[at] = negative ? ~(words[at] as number) : (words[at] as number);
    words[at + 1] = negative ? ~high : high ^ SIGN;
  }
  return words;
}
