import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../../src/core/errors.ts';
import { GatedModel } from '../../../../../src/core/models/multi_instance/gated/gated_model.ts';
import { serveGated } from '../../../../../src/core/models/multi_instance/gated/train_gated.ts';
import { GatedTrainer } from '../../../../../src/core/models/multi_instance/gated/trainer.ts';
import { makeWorld } from './made_world.ts';

const world = makeWorld({ seed: 1, termSd: 0.3, idSd: 0.2, pairSd: 0.3, ads: 20, perKind: 10, unseen: 2 });
const { bags, features, train, adOffsets } = world;

/** A trainer after some steps, with pairs. */
async function steps(hasPairs: boolean): Promise<GatedTrainer> {
  const trainer = await GatedTrainer.open(bags, features, {
    train,
    family: 'binomial',
    adOffsets,
    phi: 1,
    batchRows: 50,
    seed: 1,
    threads: 1,
  });
  await trainer.setPairs(hasPairs);
  for (let step = 0; step < 60; step++) await trainer.step(train.subarray((step % 3) * 50, (step % 3) * 50 + 50), 1);
  return trainer;
}

const trainer = await steps(true);
const model = await serveGated(trainer, 1);
const reopened = await GatedModel.open(JSON.parse(JSON.stringify(model.encode().metadata)), model.encode().files, 'models/m');
afterAll(() => Promise.all([trainer, model, reopened].map((each) => each.close())));

/** The elements of a row as items in the context of its ad. */
function itemsOf(row: number) {
  return bags.kinds.map((_, kind) => {
    const element = bags.members[row * bags.kinds.length + kind] as number;
    const { elementId } = bags.elements[element] as (typeof bags.elements)[number];
    return { kind, elementId, terms: features.elementTerms[element] ?? [], context: features.adTerms[bags.ad[row] as number] ?? [] };
  });
}

describe('a served network', () => {
  it.each(['known', 'unknown'] as const)('adds to the link of a row what the trainer says, with ids %s', async (ids) => {
    // Also rows with elements that training never saw.
    const rows = Int32Array.from(bags.ad.keys());
    const expected = await trainer.effects(rows, ids);
    const described = await model.describe([...rows].flatMap(itemsOf), ids);
    for (const row of rows) {
      const link = model.linkOf(
        described,
        [0, 1, 2].map((kind) => 3 * row + kind),
      );
      expect(Math.abs(link - (expected[row] as number))).toBeLessThan(1e-5);
    }
  });

  it('says the same after it was written and read', async () => {
    const items = [3, 77, 200].flatMap(itemsOf);
    expect(await reopened.describe(items)).toEqual(await model.describe(items));
    expect(reopened.encode()).toEqual(model.encode());
  });

  it('says of an item the same whatever stands beside it, and however many', async () => {
    const items = Array.from({ length: 300 }, (_, row) => itemsOf(row)).flat();
    const many = await model.describe([...items, ...Array.from({ length: 20 }, () => items).flat()]);
    for (const i of [0, 100, 899]) {
      const alone = await model.describe([items[i] as (typeof items)[number]]);
      expect(many.contribution[i]).toBeCloseTo(alone.contribution[0] as number, 6);
      expect(many.contribution[i + 900 * 20]).toBeCloseTo(alone.contribution[0] as number, 6);
      expect([...many.left.subarray(4 * i, 4 * i + 4)].map((x, r) => Math.abs(x - (alone.left[r] as number)) < 1e-6)).toEqual(
        Array(4).fill(true),
      );
    }
  });

  it('runs in plain onnxruntime', async () => {
    const session = await InferenceSession.create(model.encode().files['network.onnx'] as Uint8Array);
    const { vocabulary } = model.metadata;
    const [item] = itemsOf(train[0] as number) as [ReturnType<typeof itemsOf>[number]];
    const ids = vocabulary.ids.flat().length;
    const rows = item.terms.map((term) => ids + (vocabulary.terms[0] as readonly string[]).indexOf(term));
    const integers = (data: number[], dims = [data.length]) => new Tensor('int64', BigInt64Array.from(data, BigInt), dims);
    const outputs = await session.run({
      kind: integers([0]),
      id: integers([(vocabulary.ids[0] as readonly string[]).indexOf(item.elementId)]),
      known: new Tensor('float32', [1], [1]),
      terms: integers(rows, [1, rows.length]),
      shares: new Tensor(
        'float32',
        rows.map(() => 1 / rows.length),
        [1, rows.length],
      ),
      context_terms: integers([vocabulary.adTerms.indexOf(item.context[0] as string)], [1, 1]),
      context_shares: new Tensor('float32', [1], [1, 1]),
      element: integers([0]),
      context: integers([0]),
      use_ids: new Tensor('float32', [0], []),
    });
    const { contribution, left } = await model.describe([item]);
    expect(Number(outputs.contribution?.data[0])).toBeCloseTo(contribution[0] as number, 6);
    expect(Number(outputs.left?.data[2])).toBeCloseTo(left[2] as number, 6);
    await session.release();
  });

  it('says nothing of pairs where it has none, nor of an element it knows nothing of', async () => {
    const plain = await steps(false);
    const served = await serveGated(plain, 1);
    expect(await served.describe(itemsOf(3))).toMatchObject({ rank: 0, left: new Float64Array(0) });
    await plain.close();
    await served.close();
    const kind = 1;
    const [stranger, other] = ['x', 'y'].map((elementId) => ({ kind, elementId, terms: [], context: [] }));
    const { contribution } = await model.describe([stranger, other] as [NonNullable<typeof stranger>, NonNullable<typeof other>], 'known');
    expect(contribution[0]).toBe(contribution[1]);
  });

  it('refuses kinds it does not have, and files that are none', async () => {
    await expect(model.describe([{ kind: 3, elementId: 'x', terms: [], context: [] }])).rejects.toThrow(UserError);
    const { metadata } = model.encode();
    await expect(GatedModel.open(metadata, {}, 'models/m')).rejects.toThrow(/models\/m\/network\.onnx/);
    await expect(GatedModel.open(metadata, { 'network.onnx': Buffer.from('no model') }, 'models/m')).rejects.toThrow(UserError);
  });
});
