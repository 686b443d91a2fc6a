import type { FrameMeasures } from './frame_measures.ts';
import { findGradualChanges } from './gradual_changes.ts';
import { findCuts } from './hard_cuts.ts';

/** Where one shot ends and another begins. */
export interface Boundary {
  /** A cut lies between two frames. A fade is black or white on the way, a dissolve blends both shots. */
  readonly kind: 'cut' | 'fade' | 'dissolve';
  /** Frames that belong to no shot, both inside; of a cut both are the first frame of the new shot, which belongs to it. */
  readonly first: number;
  readonly last: number;
  /** Of a cut both are the time of its frame; else when the first frame begins and the last one ends. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** How certain it is, in [0, 1]. */
  readonly score: number;
}

/** Frames one camera took in one go; both ends are inside. */
export interface Shot {
  readonly first: number;
  readonly last: number;
  /** When the first frame begins and the last one ends. */
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The shot boundaries of a video in order, from its frames' measures and presentation times. */
export function findBoundaries(measures: FrameMeasures, times: Float64Array, seconds: number): Boundary[] {
  const cuts = findCuts(measures, times);
  const gradual = findGradualChanges(
    measures,
    times,
    cuts.map(({ frame }) => frame),
  ); // prettier
  const inGradual = new Uint8Array(measures.count);
  for (const { first, last } of gradual) inGradual.fill(1, first, last + 2);
  const hard = cuts.filter(({ frame }) => inGradual[frame] === 0);
  return [
    ...gradual.map((change) => ({ ...change, ...timesOf(change, times, seconds) })),
    ...hard.map(({ frame, score }): Boundary => {
      const time = times[frame] as number;
      return { kind: 'cut', first: frame, last: frame, startSeconds: time, endSeconds: time, score };
    }),
  ].sort((a, b) => a.first - b.first);
}

/** The shots between the boundaries, in order; none for a video without frames. */
export function findShots(boundaries: readonly Boundary[], times: Float64Array, seconds: number): Shot[] {
  const starts = [0, ...boundaries.map(({ kind, first, last }) => (kind === 'cut' ? first : last + 1))];
  const lasts = [...boundaries.map(({ first }) => first - 1), times.length - 1];
  return starts.flatMap((first, index) => {
    const last = lasts[index] as number;
    return last >= first ? [{ first, last, ...timesOf({ first, last }, times, seconds) }] : [];
  });
}

function timesOf(
  { first, last }: Pick<Shot, 'first' | 'last'>,
  times: Float64Array,
  seconds: number,
): Pick<Shot, 'startSeconds' | 'endSeconds'> {
  return { startSeconds: times[first] as number, endSeconds: times[last + 1] ?? seconds };
}
