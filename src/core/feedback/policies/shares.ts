import type { Random } from '../../random.ts';
import type { Arms } from './policy.ts';

/** What a sum of shares may lack of 1 by rounding. */
const ROUNDING = 1e-9;

/** The arm a uniform draw falls on when each live arm of an ad has its share; −1 for what the shares lack of 1. */
export function drawArm(arms: Arms, ad: number, shares: Float64Array, random: Random): number {
  let rest = random.uniform();
  let last = -1;
  for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
    const share = shares[arm] as number;
    if (share <= 0) continue;
    rest -= share;
    last = arm;
    if (rest < 0) return arm;
  }
  return rest < ROUNDING ? last : -1;
}

/** Σ share · value over the arms of an ad; NaN when none is live. */
export function meanByShare(arms: Arms, ad: number, shares: Float64Array, values: Float64Array): number {
  let sum = 0;
  let live = 0;
  for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
    sum += (shares[arm] as number) * (values[arm] as number);
    live += arms.live[arm] as number;
  }
  return live > 0 ? sum : Number.NaN;
}
