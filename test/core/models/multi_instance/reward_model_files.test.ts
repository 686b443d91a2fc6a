import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { type RewardModel, RewardTables } from '../../../../src/core/models/multi_instance/reward_model.ts';
import {
  packRewardModel,
  type RewardModelOrigin,
  unpackRewardModel,
} from '../../../../src/core/models/multi_instance/reward_model_files.ts';
import { makeBags } from './made_bags.ts';
import { additiveModel, candidatesOf, gatedModel, pairwiseModel } from './made_models.ts';

const ORIGIN: RewardModelOrigin = {
  log: 'sim',
  ads: null,
  label: 'click',
  estimator: 'additive',
  seed: 1,
  phi: 1.25,
  outcomes: 12,
  exposure: 345.6789,
  metrics: { held_out: null },
};
const BAGS = makeBags({ seed: 5, rows: 40, ads: 4, elementsPerKind: [4, 3], absent: 0.2 });

const gated = await gatedModel();

type Packed = ReturnType<typeof packRewardModel>;

/** Opens what was packed, some files replaced; undefined: as if it were not there. */
function unpack({ modelId, files }: Packed, replaced: Readonly<Record<string, Uint8Array>> = {}) {
  return unpackRewardModel(modelId, 'models/m', (name) => {
    const bytes = { ...files, ...replaced }[name];
    if (!bytes) throw new UserError(`Expected the model's file ${name} but it is not there.`);
    return bytes;
  });
}

/** The model but for its network, whose session is another. */
function numbersOf({ network, ...numbers }: RewardModel): Omit<RewardModel, 'network'> {
  expect(network === undefined || network.hasPairs).toBe(true);
  return numbers;
}

describe('the files of a reward model', () => {
  it('give back what was packed, to the last bit', async () => {
    const arbitraryFit = fc.record({
      seed: fc.nat(),
      absent: fc.constantFrom(0, 0.3),
      family: fc.constantFrom('binomial' as const, 'poisson' as const),
    });
    await fc.assert(
      fc.asyncProperty(arbitraryFit, async ({ seed, absent, family }) => {
        const { model } = await additiveModel(makeBags({ seed, rows: 30, ads: 5, elementsPerKind: [3, 1, 4], absent }), family);
        const packed = packRewardModel(model, ORIGIN);
        const opened = await unpack(packed);
        expect(opened).toEqual({ model, origin: ORIGIN });
        expect(packRewardModel(opened.model, opened.origin)).toEqual(packed);
      }),
      { numRuns: 15 },
    );
  });

  it('do so with interactions, whose draws come last', async () => {
    const { model } = await pairwiseModel(makeBags({ seed: 5, rows: 90, ads: 4, elementsPerKind: [4, 3], absent: 0.2 }));
    const pairs = model.interactions?.effect.length as number;
    expect(pairs).toBeGreaterThan(3);
    const packed = packRewardModel(model, { ...ORIGIN, estimator: 'pairwise' });
    expect(await unpack(packed)).toEqual({ model, origin: { ...ORIGIN, estimator: 'pairwise' } });
    expect(packed.files['posterior.f32']).toHaveLength(4 * 200 * (model.elements.length + model.ads.length + pairs));
  });

  it('do so with a network, which says the same of every ad', async () => {
    const packed = packRewardModel(gated.model, { ...ORIGIN, estimator: 'gated' });
    expect(Object.keys(packed.files).sort()).toEqual(['model.json', 'network.onnx', 'posterior.f32']);
    const opened = await unpack(packed);
    expect(numbersOf(opened.model)).toEqual(numbersOf(gated.model));
    expect(packRewardModel(opened.model, opened.origin)).toEqual(packed);
    for (const row of [0, 50, 179]) {
      const ad = candidatesOf(gated, row);
      expect(await new RewardTables(opened.model).tableOf(ad)).toEqual(await new RewardTables(gated.model).tableOf(ad));
    }
    await opened.model.network?.close();
  });

  it('are named by what they hold, and the posterior has four bytes a draw', async () => {
    const { model } = await additiveModel(BAGS);
    const one = packRewardModel(model, ORIGIN);
    expect(one.modelId).toMatch(/^mil-[0-9a-f]{12}$/);
    expect(packRewardModel(model, ORIGIN).modelId).toBe(one.modelId);
    expect(packRewardModel(model, { ...ORIGIN, outcomes: 13 }).modelId).not.toBe(one.modelId);
    const other = { ...model, posterior: { ...model.posterior, ad: model.posterior.ad.map((own, i) => (i === 5 ? own + 1 : own)) } };
    expect(packRewardModel(other, ORIGIN).modelId).not.toBe(one.modelId);
    expect(one.files['posterior.f32']).toHaveLength(4 * model.posterior.draws * (model.elements.length + model.ads.length));
  });

  it('are refused where a byte has changed, is missing, or a file is gone, with the file and what to do', async () => {
    const packed = packRewardModel(gated.model, { ...ORIGIN, estimator: 'gated' });
    for (const [name, bytes] of Object.entries(packed.files)) {
      const changed = Uint8Array.from(bytes);
      const middle = bytes.length >> 1;
      changed[middle] = (changed[middle] as number) ^ 1;
      for (const damaged of [changed, bytes.subarray(0, middle)]) {
        const refusal = await unpack(packed, { [name]: damaged }).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(UserError);
        expect((refusal as UserError).message).toContain(`models/m/${name}`);
        expect((refusal as UserError).hint).toBe('Train the model again: atelier train mil.');
      }
    }
    const { 'posterior.f32': gone, ...files } = packed.files;
    expect(gone).toBeDefined();
    await expect(unpack({ ...packed, files })).rejects.toThrow(/posterior\.f32/);
  });

  it('are refused where they are those of another kind of model, or of another version', async () => {
    const { model } = await additiveModel(BAGS);
    const packed = packRewardModel(model, ORIGIN);
    const text = Buffer.from(packed.files['model.json'] as Uint8Array).toString('utf8');
    for (const [before, after, found] of [
      ['"kind": "mil"', '"kind": "generator"', 'kind generator, format 1'],
      ['"format": 1', '"format": 2', 'kind mil, format 2'],
    ] as const) {
      expect(text).toContain(before);
      await expect(unpack(packed, { 'model.json': Buffer.from(text.replace(before, after)) })).rejects.toThrow(
        `Expected a mil model of format 1 in models/m/model.json but received ${found}.`,
      );
    }
    await expect(unpack(packed, { 'model.json': Buffer.from('null') })).rejects.toThrow(UserError);
  });
});
