import type { Policy, PolicyOptions } from './policy.ts';

/** Every live arm with the same probability: the reference, and the policy whose logs are easiest to learn from. */
export function createUniformPolicy({ arms, random }: Pick<PolicyOptions, 'arms' | 'random'>): Policy {
  const liveArms = new Int32Array(arms.live.length);
  const liveCount = new Int32Array(arms.ads).fill(-1);
  const refresh = (ad: number): void => {
    let count = 0;
    const first = arms.firstArm[ad] as number;
    for (let arm = first; arm < (arms.firstArm[ad + 1] as number); arm++) if (arms.live[arm] === 1) liveArms[first + count++] = arm;
    liveCount[ad] = count;
  };
  const count = (ad: number): number => {
    if (liveCount[ad] === -1) refresh(ad);
    return liveCount[ad] as number;
  };
  return {
    select: (ad) => {
      const n = count(ad);
      return n === 0 ? -1 : (liveArms[(arms.firstArm[ad] as number) + random.below(n)] as number);
    },
    update: () => {},
    probability: (ad, arm) => (arms.live[arm] === 1 ? 1 / count(ad) : 0),
    expectation: (ad, values) => {
      const n = count(ad);
      const first = arms.firstArm[ad] as number;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += values[liveArms[first + i] as number] as number;
      return sum / n;
    },
    refresh,
    forget: () => {},
  };
}
