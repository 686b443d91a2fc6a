import { hash64 } from '../../hash.ts';
import type { Aspects } from './aspects.ts';
import { COUNT_TERMS, countCode, NONE, PAIR_TERMS, pairCode, RATE_TERMS, rateCode } from './count_buckets.ts';
import { createCodes, type Field, type Side } from './field.ts';
import { type Strongest, UserStates } from './user_states.ts';

const COSINE_BUCKETS = 16;
const MOST_MATCHES = 3;
const PAIRS = 65_536;

const MATCH_TERMS = [[NONE], ...Array.from({ length: MOST_MATCHES + 1 }, (_, n) => [n < MOST_MATCHES ? String(n) : `${n}+`])];
const COSINE_TERMS = [[NONE], ...Array.from({ length: COSINE_BUCKETS }, (_, bucket) => [String(bucket)])];

const HASH_TERMS = [[NONE], ...Array.from({ length: PAIRS - 1 }, (_, pair) => [String(pair + 1)])];

/** Rows of a log and their users, by row. */
export interface HistoryRows {
  readonly rows: number;
  readonly ts: Float64Array;
  /** Row numbers in order of time; undefined when the rows are so. */
  readonly order: Int32Array | undefined;
  /** User index below `users`; −1 where not given. */
  readonly user: Int32Array;
  readonly users: number;
  readonly creative: Int32Array;
  readonly clicks: Uint8Array | Float32Array;
  readonly impressions: Float32Array | undefined;
  /** Clicks an impression has on average: what rates are measured against. */
  readonly meanRate: number;
}

/**
 * What a user's earlier rows say at each row: nothing of the row itself, nor of rows of the same time, is known to it.
 * From earlier clicks: `user.clicks`, `user.interest.1` and `.2` (aspects clicked most), and across user and creative
 * `cross.match` (clicked aspects the creative has), `cross.cosine` (in 16 buckets, of the user's clicks by aspect and the
 * creative's aspects), `cross.pair` (strongest interest × first aspect, hashed), `cross.share` (clicks on the first aspect /
 * all). From earlier clicks and impressions: `user.rate`, and `cross.rate.COLUMN`, the user's rate for the creative's value of
 * that column (for its first aspect where there is no column), over the mean rate.
 */
export function historyFields(log: HistoryRows, aspects: Aspects): Field[] {
  const columns = aspects.columns.length > 0 ? aspects.columns : [firstAspects(aspects)];
  const states = new UserStates(log.users, aspects.terms.length);
  const codes = emptyCodes(log.rows, aspects.terms.length, columns.length);
  const describe = createDescriber(codes, states, aspects, columns, log.meanRate);
  const learn = createLearner(states, aspects, columns, log);
  const { rows, order, ts, user, creative } = log;
  const rowAt = (at: number): number => (order ? (order[at] as number) : at);
  const each = (from: number, to: number, visit: Visit): void => {
    for (let at = from; at < to; at++) {
      const row = rowAt(at);
      if ((user[row] as number) >= 0) visit(row, user[row] as number, creative[row] as number);
    }
  };
  for (let from = 0, to = 0; from < rows; from = to) {
    const time = ts[rowAt(from)];
    while (to < rows && ts[rowAt(to)] === time) to++;
    each(from, to, describe);
    each(from, to, learn);
  }
  return fieldsOf(codes, aspects, columns);
}

type Columns = Aspects['columns'];
type Visit = (row: number, user: number, creative: number) => void;
type Codes = ReturnType<typeof emptyCodes>;

/** Code 0 is none everywhere. */
function emptyCodes(rows: number, aspects: number, columns: number) {
  return {
    clicks: new Uint8Array(rows),
    rate: new Uint8Array(rows),
    first: createCodes(rows, aspects),
    second: createCodes(rows, aspects),
    match: new Uint8Array(rows),
    cosine: new Uint8Array(rows),
    share: new Uint8Array(rows),
    pair: new Uint16Array(rows),
    rates: Array.from({ length: columns }, () => new Uint8Array(rows)),
  };
}

/** Writes what the states say of a row. */
function createDescriber(codes: Codes, states: UserStates, aspects: Aspects, columns: Columns, meanRate: number): Visit {
  const { start, of } = aspects;
  const hashes = Int32Array.from(aspects.terms, (term) => Number(BigInt.asIntN(32, hash64(term))));
  const strongest: Strongest = { first: -1, second: -1 };
  return (row, user, creative) => {
    const clicks = states.clicks(user);
    codes.clicks[row] = countCode(clicks);
    codes.rate[row] = rateCode(clicks, meanRate * states.impressions(user));
    for (let column = 0; column < columns.length; column++) {
      const aspect = columns[column]?.aspect[creative] as number;
      if (aspect < 0) continue;
      const slot = states.slotOf(user, aspect);
      (codes.rates[column] as Uint8Array)[row] = rateCode(states.clicksIn(slot), meanRate * states.impressionsIn(slot));
    }
    if (clicks === 0) return;
    states.strongest(user, strongest);
    codes.first[row] = strongest.first + 1;
    codes.second[row] = strongest.second + 1;
    const [from, to] = [start[creative] as number, start[creative + 1] as number];
    if (from === to) return;
    const { matches, cosine } = states.compare(user, of, from, to);
    const main = of[from] as number;
    codes.match[row] = 1 + Math.min(matches, MOST_MATCHES);
    codes.cosine[row] = 1 + Math.min(COSINE_BUCKETS - 1, Math.floor(cosine * COSINE_BUCKETS));
    codes.share[row] = pairCode(states.clicksIn(states.slotOf(user, main)), clicks);
    if (strongest.first >= 0) codes.pair[row] = pairHash(hashes[strongest.first] as number, hashes[main] as number);
  };
}

/** Adds a row to its user's state: a click to all aspects of the creative, an impression to those of columns. */
function createLearner(states: UserStates, { start, of }: Aspects, columns: Columns, log: HistoryRows): Visit {
  return (row, user, creative) => {
    const clicks = log.clicks[row] as number;
    const impressions = log.impressions ? (log.impressions[row] as number) : 1;
    states.addTotals(user, impressions, clicks);
    for (const { aspect } of columns) {
      if ((aspect[creative] as number) >= 0) states.add(user, aspect[creative] as number, impressions, clicks);
    }
    if (clicks === 0) return;
    for (let at = start[creative] as number; at < (start[creative + 1] as number); at++) {
      const own = of[at] as number;
      if (!columns.some(({ aspect }) => aspect[creative] === own)) states.add(user, own, impressions, clicks);
    }
  };
}

function fieldsOf(codes: Codes, aspects: Aspects, columns: Columns): Field[] {
  const field = (name: string, side: Side, own: Field['codes'], terms: Field['terms']): Field => ({
    name,
    side,
    isId: false,
    of: 'row',
    codes: own,
    terms,
  });
  const totals = [field('user.clicks', 'left', codes.clicks, COUNT_TERMS), field('user.rate', 'left', codes.rate, RATE_TERMS)];
  if (aspects.terms.length === 0) return totals;
  const interestTerms = [[NONE], ...aspects.terms.map((term) => [term])];
  return [
    ...totals,
    field('user.interest.1', 'left', codes.first, interestTerms),
    field('user.interest.2', 'left', codes.second, interestTerms),
    field('cross.match', 'right', codes.match, MATCH_TERMS),
    field('cross.cosine', 'right', codes.cosine, COSINE_TERMS),
    field('cross.share', 'right', codes.share, PAIR_TERMS),
    field('cross.pair', 'right', codes.pair, HASH_TERMS),
    ...columns.map(({ name, side }, column) => field(`cross.rate.${name}`, side, codes.rates[column] as Uint8Array, RATE_TERMS)),
  ];
}

/** Where no column says what a creative is about, its most specific term does. */
function firstAspects({ start, of }: Aspects): Aspects['columns'][number] {
  const aspect = Int32Array.from({ length: start.length - 1 }, (_, i) =>
    (start[i] as number) < (start[i + 1] as number) ? (of[start[i] as number] as number) : -1,
  );
  return { name: 'aspect', side: 'right', aspect };
}

/** From 1 to 65,535; 0 stands for none. */
function pairHash(a: number, b: number): number {
  const mixed = Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca6b);
  return 1 + (((mixed ^ (mixed >>> 15)) >>> 0) % (PAIRS - 1));
}
