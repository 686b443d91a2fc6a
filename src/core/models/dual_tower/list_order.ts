import { createRandom, shuffle } from '../../random.ts';
import { LIST_WIDTH } from './network.ts';

/** Stands for no example where an ad's examples do not fill a list. */
export const PADDING = -1;

const EPOCH_STREAM = 1000;

/** Lists of one pass over the rows. */
export function countLists(rows: Int32Array, ad: Int32Array, ads: number): number {
  const counts = new Int32Array(ads);
  for (const row of rows) counts[ad[row] as number] = (counts[ad[row] as number] as number) + 1;
  return counts.reduce((lists, count) => lists + Math.ceil(count / LIST_WIDTH), 0);
}

/**
 * The examples of one pass over the training rows: every row once, in lists of {@link LIST_WIDTH} rows of one ad, rows and
 * lists shuffled. An ad's last list is filled up with {@link PADDING}. A function of rows, seed and epoch alone.
 * @param ad ad index of each row of the log
 */
export function listOrder(rows: Int32Array, ad: Int32Array, ads: number, seed: number, epoch: number): Int32Array {
  const random = createRandom(seed, EPOCH_STREAM + epoch);
  const starts = new Int32Array(ads + 1);
  for (const row of rows) starts[(ad[row] as number) + 1] = (starts[(ad[row] as number) + 1] as number) + 1;
  let lists = 0;
  for (let a = 0; a < ads; a++) {
    lists += Math.ceil((starts[a + 1] as number) / LIST_WIDTH);
    starts[a + 1] = (starts[a + 1] as number) + (starts[a] as number);
  }
  const byAd = new Int32Array(rows.length);
  const next = starts.slice();
  for (const row of rows) {
    const at = next[ad[row] as number] as number;
    byAd[at] = row;
    next[ad[row] as number] = at + 1;
  }
  const firsts = new Int32Array(lists);
  const ends = new Int32Array(lists);
  let list = 0;
  for (let a = 0; a < ads; a++) {
    const [from, to] = [starts[a] as number, starts[a + 1] as number];
    shuffle(byAd.subarray(from, to), random);
    for (let first = from; first < to; first += LIST_WIDTH) {
      firsts[list] = first;
      ends[list] = Math.min(first + LIST_WIDTH, to);
      list++;
    }
  }
  const order = shuffle(
    Int32Array.from({ length: lists }, (_, i) => i),
    random,
  );
  const result = new Int32Array(lists * LIST_WIDTH).fill(PADDING);
  order.forEach((chosen, place) => {
    result.set(byAd.subarray(firsts[chosen], ends[chosen]), place * LIST_WIDTH);
  });
  return result;
}
