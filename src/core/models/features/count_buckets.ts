/** First counts of the buckets: exact while counts are small, then half as much again each. */
const STARTS = [0, 1, 2, 3, 4, 6, 9, 13, 19, 28, 40, 60, 90, 130, 200] as const;
const LARGEST = 200;
const BUCKETS = STARTS.length;

const BUCKET_OF = Uint8Array.from({ length: LARGEST + 1 }, (_, count) => STARTS.findLastIndex((start) => start <= count));

const LABELS = STARTS.map((start, bucket) => {
  const next = STARTS[bucket + 1];
  if (next === undefined) return `${start}+`;
  return next === start + 1 ? String(start) : `${start}-${next - 1}`;
});

/** What code 0 says of a row about whose user, or whose user's clicks, nothing is known. */
export const NONE = 'none';

/** Terms of the codes that {@link countCode} gives. */
export const COUNT_TERMS: readonly (readonly string[])[] = [[NONE], ...LABELS.map((label) => [label])];
/** Terms of the codes that {@link pairCode} gives: "2/9-12". */
export const PAIR_TERMS: readonly (readonly string[])[] = [[NONE], ...LABELS.flatMap((a) => LABELS.map((b) => [`${a}/${b}`]))];

const RATE_STEPS = 3; // buckets a doubling
const RATE_DOUBLINGS = 3; // in either direction
const RATE_BUCKETS = 2 * RATE_STEPS * RATE_DOUBLINGS;
/** Terms of the codes that {@link rateCode} gives, from least to most. */
export const RATE_TERMS: readonly (readonly string[])[] = [
  [NONE],
  ...Array.from({ length: RATE_BUCKETS }, (_, bucket) => [String(bucket)]),
];

/**
 * Code of how much more often something was clicked than expected, from 1 on: `(clicks + 1) / (expected + 1)`, the posterior
 * mean of a rate whose prior is exponential with mean 1, in 18 buckets of a third of a doubling. One ordered number is learnt
 * sooner than clicks and impressions as a pair: of the oracle's AUC lift a logistic regression reached 71 % with it and 69 %
 * with the pair (1,000 simulated users with 200 impressions each).
 */
export function rateCode(clicks: number, expected: number): number {
  const bucket = Math.floor(RATE_STEPS * (Math.log2((clicks + 1) / (expected + 1)) + RATE_DOUBLINGS));
  return 1 + Math.max(0, Math.min(RATE_BUCKETS - 1, bucket));
}

/** Code of a count's bucket, from 1 on; less than 256. */
export function countCode(count: number): number {
  return 1 + (BUCKET_OF[Math.min(count, LARGEST)] as number);
}

/** Code of two counts' buckets, from 1 on; less than 256. */
export function pairCode(part: number, whole: number): number {
  return 1 + BUCKETS * (BUCKET_OF[Math.min(part, LARGEST)] as number) + (BUCKET_OF[Math.min(whole, LARGEST)] as number);
}
