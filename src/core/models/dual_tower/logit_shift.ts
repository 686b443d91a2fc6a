import type { Sums } from './scoring.ts';

const MOST_SHIFT = 5;
const HALVINGS = 50;

/**
 * What is added to the logits of predictions in average circumstances so that they add up to the clicks, `Σ E·σ(z + δ) = Σ C`: the mean
 * of many circumstances' probabilities is not the probability in mean circumstances.
 */
export function fitShift({ clicks, effective }: Sums, ctr: Float32Array): number {
  const wanted = clicks.reduce((sum, c) => sum + c, 0);
  let [low, high] = [-MOST_SHIFT, MOST_SHIFT];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    let predicted = 0;
    ctr.forEach((p, index) => {
      if ((effective[index] as number) > 0) predicted += (effective[index] as number) * shifted(p, middle);
    });
    if (predicted < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** σ(logit(p) + δ). */
export function shifted(p: number, shift: number): number {
  return p / (p + (1 - p) * Math.exp(-shift));
}
