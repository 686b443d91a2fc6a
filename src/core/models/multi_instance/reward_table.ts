/**
 * What a reward model says of all combinations of an ad: n candidate elements, those of one kind next to each other, and
 * the link (logit of the CTR, or ln of an amount) of a combination x with one candidate of each kind,
 * `r(x) = offset + Σ_s main[x_s] + Σ_{s<t} pairs[x_s, x_t]`. Its variance is a sum of the same form over `covariance`.
 */
export interface RewardTable {
  /** Number of candidates of each kind, each at least 1. */
  readonly sizes: Int32Array;
  readonly offset: number;
  /** [n] */
  readonly main: Float64Array;
  /** [n × n], symmetric, 0 between candidates of one kind; undefined where elements do not interact. */
  readonly pairs: Float64Array | undefined;
  /** [(n + 1) × (n + 1)], symmetric; the last row and column are the offset's. Undefined: rewards are taken as certain. */
  readonly covariance: Float64Array | undefined;
}
