export const MS_PER_DAY = 86_400_000;

/** Day of a time in milliseconds, counted from 1970-01-01 UTC. */
export function dayOf(ts: number): number {
  return Math.floor(ts / MS_PER_DAY);
}

/** Time at which a day ends, in milliseconds. */
export function endOfDay(day: number): number {
  return (day + 1) * MS_PER_DAY;
}

/** Calls `each` for the rows of every day in which there are any; times must be in order. */
export function eachDay(ts: Float64Array, each: (day: number, from: number, to: number) => void): void {
  for (let from = 0, to = 0; from < ts.length; from = to) {
    const day = dayOf(ts[from] as number);
    const end = endOfDay(day);
    while (to < ts.length && (ts[to] as number) < end) to++;
    each(day, from, to);
  }
}
