import type { Policy, PolicyOptions } from './policy.ts';

/**
 * What the log did, row by row: every row matches, every weight is 1, and each estimate is the log's own mean. The reference
 * beside which other policies stand.
 * @throws Error outside a replay, where there is no log
 */
export function createLoggedPolicy({ logged }: PolicyOptions): Policy {
  if (!logged) throw new Error('the logged policy needs a log to replay');
  return {
    select: (_, row) => logged.arm[row] as number,
    update: () => {},
    probability: (_, arm, row) => (logged.arm[row] === arm ? (logged.propensity[row] as number) : 0),
    // The mean over the logging policy's own choices is that of the shown arms.
    expectation: (_, values, row) => values[logged.arm[row] as number] as number,
    refresh: () => {},
    forget: () => {},
  };
}
