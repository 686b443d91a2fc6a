import { createCodes, type Field } from './field.ts';

const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;
const HOURS = 24;
/** 1970-01-01 was a Thursday. */
const WEEKDAYS = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const;

/** Row numbers in order of time, equal times in the order of the log; undefined when the rows are so already. */
export function timeOrder(ts: Float64Array): Int32Array | undefined {
  let row = 1;
  while (row < ts.length && (ts[row] as number) >= (ts[row - 1] as number)) row++;
  if (row >= ts.length) return undefined;
  const order = new Int32Array(ts.length);
  for (let at = 0; at < order.length; at++) order[at] = at;
  return order.sort((a, b) => (ts[a] as number) - (ts[b] as number) || a - b);
}

/**
 * How many of the first rows in time to take where about `wanted` are meant: up to the nearest change of time, so that no moment is
 * on both sides. `wanted` itself where no change leaves each side at least half of the rows that it should have.
 */
export function cutBetweenMoments(ts: Float64Array, order: Int32Array | undefined, wanted: number, rows = ts.length): number {
  const timeAt = (at: number): number => ts[order ? (order[at] as number) : at] as number;
  const isBetween = (at: number): boolean => at >= wanted / 2 && rows - at >= (rows - wanted) / 2 && timeAt(at) !== timeAt(at - 1);
  for (let far = 0; far < rows; far++) {
    if (isBetween(wanted - far)) return wanted - far;
    if (isBetween(wanted + far)) return wanted + far;
  }
  return wanted;
}

/** Days since 1970-01-01 UTC; −1 for undated rows. */
export function daysOf(ts: Float64Array): Int32Array {
  const days = new Int32Array(ts.length);
  for (let at = 0; at < ts.length; at++) days[at] = (ts[at] as number) < 0 ? -1 : Math.floor((ts[at] as number) / MS_PER_DAY);
  return days;
}

/** The last day that rows have, YYYY-MM-DD; null where all are undated. */
export function lastDay(ts: Float64Array): string | null {
  const last = ts.reduce((latest, time) => Math.max(latest, time), -1);
  return last < 0 ? null : new Date(last).toISOString().slice(0, 10);
}

/** `hour` (UTC) where the log spans more than a day, `weekday` where it spans more than a week; undated rows have neither. */
export function calendarFields(ts: Float64Array): Field[] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < ts.length; row++) {
    const time = ts[row] as number;
    if (time < 0) continue;
    if (time < first) first = time;
    if (time > last) last = time;
  }
  const fields: Field[] = [];
  const add = (name: string, terms: readonly string[], valueAt: (time: number) => number): void => {
    const codes = new Uint8Array(ts.length);
    for (let row = 0; row < ts.length; row++) if ((ts[row] as number) >= 0) codes[row] = 1 + valueAt(ts[row] as number);
    fields.push(contextField(name, codes, [[], ...terms.map((term) => [term])]));
  };
  if (last - first > MS_PER_DAY) {
    const hours = Array.from({ length: HOURS }, (_, hour) => String(hour));
    add('hour', hours, (time) => Math.floor(time / MS_PER_HOUR) % HOURS);
  }
  if (last - first > WEEKDAYS.length * MS_PER_DAY) add('weekday', WEEKDAYS, (time) => Math.floor(time / MS_PER_DAY) % WEEKDAYS.length);
  return fields;
}

/** `scene`, by the scene of each position ('' not given). */
export function sceneField(position: Uint8Array | Uint16Array, scenes: readonly string[]): Field {
  const distinct = ['', ...new Set(scenes.filter((scene) => scene !== ''))];
  const codeOf = scenes.map((scene) => distinct.indexOf(scene));
  const codes = createCodes(position.length, distinct.length);
  for (let row = 0; row < position.length; row++) codes[row] = codeOf[position[row] as number] as number;
  return contextField('scene', codes, distinct.map(listOf));
}

/** A field of the row's circumstances. */
export function contextField(name: string, codes: Field['codes'], terms: Field['terms']): Field {
  return { name, side: 'left', isId: false, of: 'row', codes, terms };
}

/** A term as the list of one; '' is missing. */
export function listOf(term: string | undefined): readonly string[] {
  return term ? [term] : [];
}
