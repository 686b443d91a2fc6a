import { expect, it } from 'vitest';
import { DEFAULT_OPTIONS, defaultBatchRows } from '../../../../src/core/models/dual_tower/options.ts';
import { splitExamples } from '../../../../src/core/models/dual_tower/split.ts';
import { areaUnderCurve, simulatedExamples } from './made_examples.ts';
import { train } from './made_training.ts';

const WORLD = { ads: 20, creatives: (ad: number) => 6 + (ad % 5), impressions: 200_000, users: 100, interests: 1.5, lift: 3, seed: 1 };

it('finds at least 90 % of what the click probabilities themselves tell of 200,000 impressions', async () => {
  const { examples, oracle } = simulatedExamples(WORLD);
  const split = splitExamples(examples, 'time', 0.2, 1);
  const options = { ...DEFAULT_OPTIONS, batchRows: defaultBatchRows(split.train.length), seed: 1 };
  const { trainer } = await train(examples, { options, split, threads: 2 });
  const { click } = await trainer.predict(split.heldOut);
  await trainer.close();
  const clicks = Uint8Array.from(split.heldOut, (row) => examples.clicks[row] as number);
  const lift = (scores: ArrayLike<number>): number => areaUnderCurve(Float64Array.from(scores), clicks) - 0.5;
  const share = lift(click) / lift(Float64Array.from(split.heldOut, (row) => oracle[row] as number));
  expect(share).toBeGreaterThan(0.9);
  // More would mean that the held-out clicks were looked at: 40,000 rows tell a lift of .27 to 2 %.
  expect(share).toBeLessThan(1.02);
});
