import { straightness } from './cell_differences.ts';
import type { FrameMeasures } from './frame_measures.ts';

/** Seconds over which the direction of change is measured. */
const REACH_SECONDS = 0.08;
const REACH_FRAMES = 2;
/** Cosine of changes that go on in one direction. */
const STRAIGHT = 0.6;

/** Frames in a row, both ends inside. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** Runs of frames over which all cells change straight on. */
export function straightRuns(measures: FrameMeasures, times: Float64Array): Run[] {
  const { count } = measures;
  const interval = ((times[count - 1] as number) - (times[0] as number)) / Math.max(1, count - 1);
  const reach = interval > 0 ? Math.max(REACH_FRAMES, Math.round(REACH_SECONDS / interval)) : REACH_FRAMES;
  return runs(count, (frame) => frame >= reach && frame < count - reach && straightness(measures, frame, reach) >= STRAIGHT);
}

/** The longest runs of frames that belong to something. */
export function runs(count: number, belongs: (frame: number) => boolean): Run[] {
  const found: Run[] = [];
  for (let frame = 0; frame < count; frame++) {
    if (!belongs(frame)) continue;
    const first = frame;
    while (frame + 1 < count && belongs(frame + 1)) frame++;
    found.push({ first, last: frame });
  }
  return found;
}
