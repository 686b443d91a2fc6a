import { compareCells, unlikeness } from './cell_differences.ts';
import type { FrameMeasures } from './frame_measures.ts';

/** Frames on either side that tell what change is usual around a frame, if they are not further away than this. */
const NEIGHBOURS = 8;
const NEIGHBOUR_SECONDS = 0.5;
/** How many times the usual change may belong to motion. */
const USUAL_TIMES = 3;
/** Change above the usual at which a cut is as likely as not: cuts have 0.13 and more, captions and fast objects up to 0.04. */
const CUT_CHANGE = 0.07;
/** Added to the contrast that change is measured against: below, it would be the noise of plain frames. Dark scenes have less of both. */
const CONTRAST_FLOOR = { light: 10, dark: 3 } as const;
/** Luma of black, and mean luma above it below which a scene is dark. */
const BLACK = 16;
const DUSK = 64;
/** Change of colours that a change as large as the contrast stands for where there is no light. */
const DARK_CHANGE = 0.5;
/** Product of motion and colour change below which views are not compared. */
const QUIET = 0.25;
/** Frames within which several jumps are one event, a flash of light or a cut with a flash on it, and seconds. */
const EVENT_FRAMES = 3;
const EVENT_SECONDS_MIN = 0.12;
const EVENT_SECONDS_MAX = 0.5;
/** Change of mean luma that may be a flash, and frames in which its light may fade. */
const FLASH_LUMA = 15;
const FLASH_FRAMES = 12;
/** Unlikeness of frames of one view, moved a little; that of two views at night is 11. */
const SAME_VIEW = 4;

/** A frame that begins another view. */
interface Cut {
  readonly frame: number;
  /** In [0.5, 1]. */
  readonly score: number;
}

/**
 * Hard cuts. A frame's change is `motion · colour change · (1 - correlation) / (contrast + 10)` to the frame before: motion
 * keeps the colours, light keeps the drawing, a cut keeps neither. What exceeds 3 times the median of the neighbours, e,
 * gives the score `e / (e + 0.07)`; a cut has 1/2 and more. Jumps after which the same view comes back are flashes.
 */
export function findCuts(measures: FrameMeasures, times: Float64Array): Cut[] {
  const scores = scoreChanges(measures, times);
  const jumps = [...scores.keys()].filter((frame) => (scores[frame] as number) >= 0.5);
  const events = groupJumps(jumps, times);
  return events.flatMap(({ first, last }, index) => {
    const reach = lightJumps(measures, first) ? FLASH_FRAMES : 0;
    const from = Math.max(events[index - 1]?.last ?? 0, first - 1 - reach);
    const to = Math.min((events[index + 1]?.first ?? measures.count) - 1, last + reach);
    if (sameView(measures, [from, first - 1], [last, to])) return [];
    // A flash covers the cut; it lies in the middle, give or take a frame.
    return [{ frame: Math.floor((first + last) / 2), score: Math.max(...scores.subarray(first, last + 1)) }];
  });
}

function lightJumps({ luma }: FrameMeasures, frame: number): boolean {
  return Math.abs((luma[frame] as number) - (luma[frame - 1] as number)) > FLASH_LUMA;
}

function scoreChanges(measures: FrameMeasures, times: Float64Array): Float32Array {
  const { count, motion, colourChange, deviation, luma } = measures;
  const changes = Float32Array.from({ length: count }, (_, frame) => {
    const contrast = ((deviation[frame - 1] as number) + (deviation[frame] as number)) / 2;
    const light = Math.max(luma[frame - 1] as number, luma[frame] as number) - BLACK;
    const darkness = Math.min(1, Math.max(0, 1 - light / DUSK));
    // The steps of the histogram are wide: dark colours that differ share them. There a change as large as the contrast counts too.
    const colours = Math.max(
      colourChange[frame] as number,
      DARK_CHANGE * darkness * Math.min(1, (motion[frame] as number) / (contrast + 1)),
    );
    const change = (motion[frame] as number) * colours;
    if (change < QUIET) return 0;
    const floor = CONTRAST_FLOOR.light + (CONTRAST_FLOOR.dark - CONTRAST_FLOOR.light) * darkness;
    return (change * (1 - Math.max(0, compareCells(measures, frame - 1, frame).correlation))) / (contrast + floor);
  });
  return changes.map((change, frame) => {
    if (change < CUT_CHANGE) return 0;
    const near = (other: number): boolean => Math.abs((times[other] as number) - (times[frame] as number)) <= NEIGHBOUR_SECONDS;
    const neighbours: number[] = [];
    for (let other = Math.max(1, frame - NEIGHBOURS); other <= Math.min(count - 1, frame + NEIGHBOURS); other++) {
      if (other !== frame && near(other)) neighbours.push(changes[other] as number);
    }
    const excess = Math.max(0, change - USUAL_TIMES * median(neighbours));
    return excess / (excess + CUT_CHANGE);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

interface Event {
  readonly first: number;
  readonly last: number;
}

function groupJumps(jumps: readonly number[], times: Float64Array): Event[] {
  const events: Event[] = [];
  for (const jump of jumps) {
    const event = events.at(-1);
    const seconds = event ? (times[jump] as number) - (times[event.first] as number) : Number.POSITIVE_INFINITY;
    const frames = event ? jump - event.first : Number.POSITIVE_INFINITY;
    const near = seconds <= EVENT_SECONDS_MIN || (frames <= EVENT_FRAMES && seconds <= EVENT_SECONDS_MAX);
    if (event && near) events[events.length - 1] = { first: event.first, last: jump };
    else events.push({ first: jump, last: jump });
  }
  return events;
}

/** Whether some frame of one range shows the view of one of the other. */
function sameView(measures: FrameMeasures, before: readonly [number, number], after: readonly [number, number]): boolean {
  for (let a = before[1]; a >= before[0]; a--) {
    for (let b = after[0]; b <= after[1]; b++) {
      if (unlikeness(measures, a, b) < SAME_VIEW) return true;
    }
  }
  return false;
}
