import { type SelectionConfig, settingName, withSettings } from '../config.ts';
import { UserError } from '../errors.ts';
import type { Estimator } from './estimators.ts';
import { compare, type Estimate, evaluate, type ReplayResult } from './evaluation.ts';
import { POLICIES, type RegisteredPolicy } from './policies/registry.ts';
import type { ReplayRun } from './replay.ts';
import type { ReplayLog } from './replay_log.ts';

/** One point of a sweep: values by setting name, and the settings with them. */
export interface SweepPoint {
  readonly values: ReadonlyMap<string, string>;
  readonly config: SelectionConfig;
}

export interface RankedPoint extends SweepPoint {
  readonly result: ReplayResult;
  /** What the best point earns more, draw by draw on the same clusters; null for the best itself and where none is. */
  readonly behindBest: Estimate | null;
}

/**
 * Every combination of the values given for some settings, in the order given; the settings as they are without any.
 * @param sweeps values by setting name; of section `policy` the key alone is enough
 * @throws UserError for a setting there is not, a value it cannot have, or one that this policy does not heed
 */
export function sweepPoints(
  config: SelectionConfig,
  sweeps: ReadonlyMap<string, readonly string[]>,
  policy: string,
  exit: boolean,
): SweepPoint[] {
  let points: SweepPoint[] = [{ values: new Map(), config }];
  const full = [...sweeps.keys()].map(settingName);
  if (new Set(full).size < full.length) throw new UserError(`Expected each setting once but received ${[...sweeps.keys()].join(' and ')}.`);
  for (const [name, values] of sweeps) {
    checkHeeded(settingName(name), policy, exit);
    if (new Set(values).size < values.length) throw new UserError(`Expected different values of ${name} but received ${values.join(',')}.`);
    points = points.flatMap((point) =>
      values.map((value) => ({
        values: new Map([...point.values, [name, value]]),
        config: withSettings(point.config, new Map([[name, value]])),
      })),
    );
  }
  return points;
}

function checkHeeded(name: string, policy: string, exit: boolean): void {
  const [section, key] = name.split('.') as [string, string];
  const heeded = Object.keys((POLICIES[policy] as RegisteredPolicy).settings);
  if (section === 'policy' && !heeded.includes(key)) {
    throw new UserError(`Expected a setting that ${policy} heeds (${heeded.join(', ') || 'it has none'}) but received ${key}.`);
  }
  // Windows are those of λ and of the reward, too.
  if (section === 'exit' && key !== 'window' && !exit)
    throw new UserError(`Expected --exit beside --sweep ${name}, which nothing else heeds.`);
  if (section === 'plan') throw new UserError(`Expected a setting that replay heeds but received ${name}, which only select does.`);
}

/**
 * Points in order of an estimate, best first; those that cannot be evaluated come last, in the order given.
 * @param runs of each point, one a seed
 */
export function rankPoints(
  log: ReplayLog,
  points: readonly SweepPoint[],
  runs: readonly (readonly ReplayRun[])[],
  estimator: Estimator,
  seed: number,
): RankedPoint[] {
  const evaluated = points.map((point, index) => ({
    ...point,
    runs: runs[index] as readonly ReplayRun[],
    result: evaluate(log, runs[index] as readonly ReplayRun[], seed),
  }));
  const estimateOf = ({ result }: { result: ReplayResult }): number => result.estimators[estimator].value ?? Number.NEGATIVE_INFINITY;
  evaluated.sort((a, b) => (estimateOf(a) === estimateOf(b) ? 0 : estimateOf(b) - estimateOf(a)));
  const best = evaluated[0] as (typeof evaluated)[number];
  return evaluated.map(({ runs: own, ...point }, rank) => ({
    ...point,
    behindBest: rank === 0 || estimateOf(point) === Number.NEGATIVE_INFINITY ? null : compare(log, best.runs, own, estimator, seed),
  }));
}
