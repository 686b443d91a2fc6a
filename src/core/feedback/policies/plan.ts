import type { Policy, PolicyOptions } from './policy.ts';
import { drawArm, meanByShare } from './shares.ts';

/**
 * The fixed shares of a plan. What it gives to arms that are not live now is dealt out over those that are, in proportion; what
 * it gives to creatives that the log does not know at all stays with them, so that the mean weight shows what is missing.
 */
export function createPlanPolicy({ arms, random, shares: planned }: PolicyOptions): Policy {
  if (!planned) throw new Error('the plan policy needs the shares of a plan');
  const shares = new Float64Array(arms.live.length);
  const isCurrent = new Uint8Array(arms.ads);
  const current = (ad: number): Float64Array => {
    if (isCurrent[ad] === 1) return shares;
    isCurrent[ad] = 1;
    let known = 0;
    let live = 0;
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      known += planned[arm] as number;
      if (arms.live[arm] === 1) live += planned[arm] as number;
    }
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      shares[arm] = arms.live[arm] === 1 && live > 0 ? ((planned[arm] as number) * known) / live : 0;
    }
    return shares;
  };
  return {
    select: (ad) => drawArm(arms, ad, current(ad), random),
    update: () => {},
    probability: (ad, arm) => current(ad)[arm] as number,
    expectation: (ad, values) => meanByShare(arms, ad, current(ad), values),
    refresh: (ad) => {
      isCurrent[ad] = 0;
    },
    forget: () => {},
  };
}
