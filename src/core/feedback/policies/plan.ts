import type { Policy, PolicyOptions } from './policy.ts';
import { drawArm, meanByShare } from './shares.ts';

/** The fixed shares of a plan, scaled to 1 over the arms live now; evenly over them where the plan gives them nothing. */
export function createPlanPolicy({ arms, random, shares: planned }: PolicyOptions): Policy {
  if (!planned) throw new Error('the plan policy needs the shares of a plan');
  const shares = new Float64Array(arms.live.length);
  const isCurrent = new Uint8Array(arms.ads);
  const current = (ad: number): Float64Array => {
    if (isCurrent[ad] === 1) return shares;
    isCurrent[ad] = 1;
    let total = 0;
    let live = 0;
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      if (arms.live[arm] === 0) continue;
      total += planned[arm] as number;
      live++;
    }
    for (let arm = arms.firstArm[ad] as number; arm < (arms.firstArm[ad + 1] as number); arm++) {
      shares[arm] = arms.live[arm] === 0 ? 0 : total > 0 ? (planned[arm] as number) / total : 1 / live;
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
