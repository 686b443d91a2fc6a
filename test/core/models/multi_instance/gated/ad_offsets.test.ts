import { expect, it } from 'vitest';
import { profileOffsets } from '../../../../../src/core/models/multi_instance/gated/ad_offsets.ts';
import { createRandom } from '../../../../../src/core/random.ts';

const random = createRandom(1);
const ADS = 6;
const ROWS = 60;
/** Ad 5 has no rows; ad 0 no outcomes. */
const ad = Int32Array.from({ length: ROWS }, (_, row) => row % (ADS - 1));
const exposure = Float64Array.from({ length: ROWS }, () => 50 + random.below(300));
const outcomes = exposure.map((n, row) => (ad[row] === 0 ? 0 : random.below(1 + n * 0.2)));
const effects = Float64Array.from({ length: ROWS }, () => random.normal());
const bags = {
  kinds: ['k'],
  elements: [],
  ads: Array.from({ length: ADS }, (_, i) => `a${i}`),
  rows: ROWS,
  ad,
  members: new Int32Array(ROWS),
  outcomes,
  exposure,
};
const rows = Int32Array.from(ad.keys());
const start = new Float64Array(ADS).fill(-2);

it.each(['binomial', 'poisson'] as const)('an offset stands where no move raises the posterior of its rows (%s)', (family) => {
  const phi = 1.7;
  const found = profileOffsets(bags, rows, effects, start, { family, phi });
  const posterior = (index: number, offset: number): number =>
    rows
      .filter((row) => ad[row] === index)
      .reduce(
        (sum, row) => {
          const link = offset + (effects[row] as number);
          const mass = family === 'binomial' ? Math.log1p(Math.exp(link)) : Math.exp(link);
          return sum + ((outcomes[row] as number) * link - (exposure[row] as number) * mass) / phi;
        },
        -((offset + 2) ** 2) / 8,
      );
  for (let index = 0; index < ADS - 1; index++) {
    const own = found[index] as number;
    for (const move of [-0.01, 0.01]) expect(posterior(index, own)).toBeGreaterThan(posterior(index, own + move));
  }
  expect(found[ADS - 1]).toBe(-2);
  // Without any outcome only the prior, 2 wide, keeps it.
  expect(found[0]).toBeGreaterThan(-12);
});

it('offsets do not hang on where they start, as long as the mean of the starts is the same', () => {
  const other = start.map((offset, i) => offset + (i % 2 === 0 ? 5 : -5));
  const [one, two] = [start, other].map((from) => profileOffsets(bags, rows, effects, from, { family: 'binomial', phi: 1 }));
  for (let index = 0; index < ADS - 1; index++) expect(two?.[index]).toBeCloseTo(one?.[index] as number, 6);
});
