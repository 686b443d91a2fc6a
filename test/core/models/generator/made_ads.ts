import type { GeneratorAd } from '../../../../src/core/models/generator/policy.ts';
import { CombinationReward } from '../../../../src/core/models/generator/reward.ts';
import { CombinationSpace, type SpaceDefinition } from '../../../../src/core/models/generator/space.ts';
import type { RewardTable } from '../../../../src/core/models/multi_instance/reward_table.ts';
import { createRandom } from '../../../../src/core/random.ts';

const STREAM = 77;
const COVARIANCE_DRAWS = 20;

export interface MadeAd {
  readonly sizes: readonly number[];
  /** Standard deviation of each pair term; main terms have 1. 0: no pairs. */
  readonly pairSd?: number;
  /** Standard deviation of the posterior's draws; 0: rewards are certain. */
  readonly uncertainty?: number;
  readonly kappa?: number;
  readonly space?: Omit<SpaceDefinition, 'sizes'>;
}

/** A reward table of independent normal terms, from a seed. */
function madeTable(seed: number, { sizes, pairSd = 1, uncertainty = 0 }: MadeAd): RewardTable {
  const random = createRandom(seed, STREAM);
  const kindOf = sizes.flatMap((size, kind) => Array.from({ length: size }, () => kind));
  const n = kindOf.length;
  const main = Float64Array.from({ length: n }, () => random.normal());
  const pairs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i && pairSd > 0; j++) {
      if (kindOf[i] === kindOf[j]) continue;
      pairs[i * n + j] = pairSd * random.normal();
      pairs[j * n + i] = pairs[i * n + j] as number;
    }
  }
  const covariance = new Float64Array((n + 1) ** 2);
  for (let draw = 0; draw < COVARIANCE_DRAWS && uncertainty > 0; draw++) {
    const deviations = Float64Array.from({ length: n + 1 }, () => uncertainty * random.normal() * random.exponential());
    deviations.forEach((a, i) => {
      deviations.forEach((b, j) => {
        covariance[i * (n + 1) + j] = (covariance[i * (n + 1) + j] as number) + (a * b) / COVARIANCE_DRAWS;
      });
    });
  }
  return {
    sizes: Int32Array.from(sizes),
    offset: -3,
    main,
    pairs: pairSd > 0 ? pairs : undefined,
    covariance: uncertainty > 0 ? covariance : undefined,
  };
}

/** An ad whose elements no other ad has, from a seed. */
export function madeAd(seed: number, options: MadeAd): GeneratorAd {
  const table = madeTable(seed, options);
  return {
    adId: `ad-${seed}`,
    kinds: options.sizes.map((_, kind) => `kind-${kind}`),
    elementIds: options.sizes.flatMap((size, kind) => Array.from({ length: size }, (_, i) => `${seed}-${kind}-${i}`)),
    space: new CombinationSpace({ sizes: table.sizes, ...options.space }),
    reward: new CombinationReward(table, options.kappa),
  };
}

/** Every combination of sizes, feasible or not, in the order of the candidates. */
export function allCombinations(sizes: readonly number[]): Int32Array[] {
  let combinations: number[][] = [[]];
  let start = 0;
  for (const size of sizes) {
    const first = start;
    combinations = combinations.flatMap((combination) => Array.from({ length: size }, (_, i) => [...combination, first + i]));
    start += size;
  }
  return combinations.map((combination) => Int32Array.from(combination));
}
