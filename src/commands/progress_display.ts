import type { OnProgress, ProgressEvent } from '../core/progress.ts';
import type { Io } from '../io.ts';

const LINE_EVERY_MS = 5_000;
const REDRAW_EVERY_MS = 100;

/** Shows progress on stderr: a spinner on a terminal, a line now and then elsewhere, nothing when quiet. */
export interface ProgressDisplay {
  readonly onProgress: OnProgress;
  readonly stop: () => void;
}

/** "titles 120/542 notes, 310/s, 2s left". Rate and remaining time are over the task so far. */
function describeProgress(event: ProgressEvent, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (event.done / elapsedMs) * 1000 : 0;
  const total = event.total === undefined ? '' : `/${event.total.toLocaleString('en-US')}`;
  const speed = rate > 0 ? `, ${rate >= 10 ? Math.round(rate).toLocaleString('en-US') : rate.toFixed(1)}/s` : '';
  const left = event.total !== undefined && rate > 0 ? `, ${formatSeconds((event.total - event.done) / rate)} left` : '';
  const detail = event.detail === undefined ? '' : ` (${event.detail})`;
  return `${event.task} ${Math.floor(event.done).toLocaleString('en-US')}${total} ${event.unit}${speed}${left}${detail}`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
}

export function createProgressDisplay(io: Io, quiet: boolean): ProgressDisplay {
  if (quiet) return { onProgress: () => {}, stop: () => {} };
  let task = '';
  let startedAt = 0;
  let shownAt = 0;
  let spinner: { text: string; stop: () => unknown } | undefined;
  let stopped = false;

  const show = (text: string): void => {
    if (!io.isTerminal) {
      io.stderr(`${text}\n`);
      return;
    }
    if (spinner) {
      spinner.text = text;
      return;
    }
    // ora is loaded on the first event only, so `--help` does not pay for it.
    void import('ora').then(({ default: ora }) => {
      if (!stopped && !spinner) spinner = ora({ text, discardStdin: false }).start();
    });
  };
  return {
    onProgress: (event) => {
      const now = io.now().getTime();
      if (event.task !== task) {
        task = event.task;
        startedAt = now;
        shownAt = io.isTerminal ? 0 : now;
      }
      const finished = event.total !== undefined && event.done >= event.total;
      if (!finished && now - shownAt < (io.isTerminal ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shownAt = now;
      show(describeProgress(event, now - startedAt));
    },
    stop: () => {
      stopped = true;
      spinner?.stop();
    },
  };
}
