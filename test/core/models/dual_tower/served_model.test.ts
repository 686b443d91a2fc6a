import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { MS_PER_DAY } from '../../../../src/core/feedback/days.ts';
import { ModelProto } from '../../../../src/core/learn/onnx_schema.ts';
import { contextTerms } from '../../../../src/core/models/dual_tower/contexts.ts';
import { hashTerm, holds, termRow } from '../../../../src/core/models/dual_tower/hashed_fields.ts';
import { type LogitShift, type ScoredFields, ServedModel, type ServedSide } from '../../../../src/core/models/dual_tower/served_model.ts';
import { scoredFields } from '../../../../src/core/models/dual_tower/trained_model.ts';
import type { Entities, Examples, Field, FieldSpec } from '../../../../src/core/models/features/field.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { smallExamples } from './made_examples.ts';
import { train } from './made_training.ts';

/**
 * 600 rows of two ads. All creatives but b3 and b4 are shown; a1, b3 and b4 have the same words. Clicks follow the hour and words.
 */
function made(): Examples {
  const random = createRandom(8);
  const rows = 600;
  const creative = Int32Array.from({ length: rows }, () => random.below(4));
  const ad = creative.map((index) => (index < 2 ? 0 : 1));
  const hour = Uint8Array.from({ length: rows }, () => random.below(3));
  const clicks = Uint8Array.from({ length: rows }, (_, row) =>
    random.uniform() < 0.1 + 0.2 * (hour[row] as number) + ((creative[row] as number) === 0 ? 0.3 : 0) ? 1 : 0,
  );
  const words = [['tea', 'time'], ['tea'], [], ['time', 'out', 'now'], ['tea', 'time'], ['tea', 'time', 'never']];
  const creatives = ['a1', 'a2', 'b1', 'b2', 'b3', 'b4'].map((creativeId) => ({
    adId: creativeId.slice(0, 1),
    creativeId,
    isStored: true,
  }));
  const field = (
    name: string,
    side: 'left' | 'right',
    of: Field['of'],
    codes: Field['codes'],
    terms: Field['terms'],
    isId = false,
  ): Field => ({
    name,
    side,
    of,
    codes,
    terms,
    isId,
  });
  return smallExamples({
    rows,
    ad,
    creative,
    creatives,
    clicks,
    position: Uint8Array.from({ length: rows }, () => random.below(2)),
    ts: Float64Array.from({ length: rows }, (_, row) => Math.floor(row / 40) * MS_PER_DAY),
    fields: [
      field('ad', 'left', 'ad', ad, [['a'], ['b']], true),
      field('hour', 'left', 'row', hour, [[], ['9'], ['20']]),
      field(
        'creative',
        'right',
        'creative',
        creative,
        creatives.map(({ creativeId }) => [creativeId]),
        true,
      ),
      field('words', 'right', 'creative', creative, words),
    ],
  });
}

const examples = made();
const spec: FieldSpec[] = examples.fields.map(({ name, side, isId, of }) => ({ name, side, isId, of, source: { from: 'rows' } }));
const entities: Entities = {
  ads: examples.ads,
  creatives: examples.creatives,
  adOf: Int32Array.of(0, 0, 1, 1, 1, 1),
  fields: examples.fields.flatMap(({ of, name, side, isId, terms }) => (of === 'row' ? [] : [{ name, side, isId, of, terms }])),
};
const trained = await train(examples, { options: { epochs: 6, embeddingRate: 0.1 } });
const { files, sides } = trained.model;
afterAll(() => trained.trainer.close());

function open(fields: ScoredFields = scoredFields(examples), from = files, shift?: LogitShift): Promise<ServedModel> {
  return ServedModel.open(from, sides, fields, { threads: 1, source: 'models/m', ...(shift && { shift }) });
}

/** The trainer's p_ad and p of a row, without its position's exposure factor. */
async function trainerScores(row: number): Promise<{ ad: number; click: number }> {
  const { ad, click } = await trained.trainer.predict(Int32Array.of(row));
  const offset = Math.log(trained.trainer.exposure[examples.position[row] as number] as number);
  const shifted = (p: number): number => 1 / (1 + Math.exp(-(Math.log(p / (1 - p)) - offset)));
  return { ad: shifted(ad[0] as number), click: shifted(click[0] as number) };
}

/** Rows of the log whose hour is known, one of each hour and creative. */
const ROWS = [...Array(examples.rows).keys()].filter((row, _, all) => {
  const key = (at: number): string => `${hourOf(at)} ${examples.creative[at]}`;
  return hourOf(row) !== undefined && all.findIndex((other) => key(other) === key(row)) === row;
});

function hourOf(row: number): string | undefined {
  const { codes, terms } = examples.fields[1] as Field;
  return terms[codes[row] as number]?.[0];
}

/** A tower's inputs for one entity, from the metadata alone. */
function feedsOf(side: ServedSide, terms: readonly (readonly string[])[]): Record<string, Tensor> {
  const ids: bigint[] = [];
  const shares: number[] = [];
  side.fields.forEach(({ name, isId, slots }, index) => {
    const hashes = (terms[index] ?? []).map((term) => hashTerm(side.hash, name, term));
    const rows = hashes.flatMap((hash) => (holds(side.known, hash) ? [termRow(side.hash, hash)] : isId ? [index] : []));
    for (let slot = 0; slot < slots; slot++) {
      ids.push(BigInt(rows[slot] ?? 0));
      shares.push(slot < rows.length ? 1 / rows.length : 0);
    }
  });
  return { ids: new Tensor('int64', ids, [1, ids.length]), shares: new Tensor('float32', shares, [1, shares.length]) };
}

describe('the served files', () => {
  it('give the predictions of the trainer in a plain session', async () => {
    const [left, right] = [await InferenceSession.create(files.left), await InferenceSession.create(files.right)];
    expect(ROWS).toHaveLength(8);
    for (const row of ROWS) {
      const [ad, creative] = [examples.ad[row] as number, examples.creative[row] as number];
      const { hidden, logit, p_ad: adCtr } = await left.run(feedsOf(sides.left, [[examples.ads[ad] as string], [hourOf(row) as string]]));
      const terms = [examples.fields[2]?.terms[creative] ?? [], examples.fields[3]?.terms[creative] ?? []];
      const { p } = await right.run({ ...feedsOf(sides.right, terms), hidden: hidden as Tensor, logit: logit as Tensor });
      const expected = await trainerScores(row);
      expect(Math.abs(Number(adCtr?.data[0]) - expected.ad)).toBeLessThan(1e-5);
      expect(Math.abs(Number(p?.data[0]) - expected.click)).toBeLessThan(1e-5);
    }
    await left.release();
    await right.release();
  });

  it('say who made them, for which tower', async () => {
    const model = ModelProto.toObject(ModelProto.decode(files.left)) as {
      producerName: string;
      metadataProps: { key: string; value: string }[];
    };
    expect(model.producerName).toBe('atelier');
    expect(model.metadataProps).toEqual([{ key: 'tower', value: 'left' }]);
  });
});

describe('a served model', () => {
  it('gives the predictions of the trainer in the contexts that are asked for', async () => {
    const contexts = ['9', '20'].map((hour) => new Map([['hour', hour]]));
    const model = await open(contextTerms(spec, sides, entities, contexts));
    for (const row of ROWS) {
      const context = hourOf(row) === '9' ? 0 : 1;
      const { adCtr, ctr } = await model.score(context * 2 + (examples.ad[row] as number), [examples.creative[row] as number]);
      const expected = await trainerScores(row);
      expect(Math.abs(adCtr - expected.ad)).toBeLessThan(1e-5);
      expect(Math.abs((ctr[0] as number) - expected.click)).toBeLessThan(1e-5);
    }
    await model.close();
  });

  it('scores many creatives as it scores each alone, with one run of the left tower', async () => {
    const model = await open();
    const { adCtr, ctr } = await model.score(1, [2, 3, 4, 5]);
    expect([model.leftRuns, model.rightRows]).toEqual([1, 4]);
    for (const [i, creative] of [2, 3, 4, 5].entries()) {
      const alone = await model.score(1, [creative]);
      expect(alone.adCtr).toBe(adCtr);
      expect(alone.ctr[0]).toBeCloseTo(ctr[i] as number, 6);
    }
    expect([model.leftRuns, model.rightRows]).toEqual([5, 8]);
    await model.close();
  });

  it('scores an ad without creatives', async () => {
    const model = await open();
    const { adCtr, ctr } = await model.score(0, []);
    expect(adCtr).toBeGreaterThan(0);
    expect(ctr).toHaveLength(0);
    expect([model.leftRuns, model.rightRows]).toEqual([1, 0]);
    await model.close();
  });

  it('takes creatives that it has never seen for each other where their content is the same', async () => {
    const model = await open();
    // b3 and b4 are unseen; "never", which only b4 has, is too. Of b1 and b2 the ids are known.
    const { ctr } = await model.score(1, [2, 3, 4, 5]);
    expect(ctr[3]).toBe(ctr[2]);
    expect(new Set(ctr).size).toBe(3);
    // a1 has the same words and another id.
    const { ctr: ofOther } = await model.score(1, [0, 4]);
    expect(ofOther[1]).not.toBe(ofOther[0]);
    await model.close();
  });

  it('uses the row of its field for an unseen creative: a change of that row changes its prediction alone', async () => {
    const decoded = ModelProto.decode(files.right);
    const { graph } = decoded as unknown as { graph: { initializer: { name: string; rawData: Uint8Array; floatData: number[] }[] } };
    const table = graph.initializer.find(({ name }) => name === 'table') as { rawData: Uint8Array };
    const raw = Uint8Array.from(table.rawData);
    new Float32Array(raw.buffer, 0, 4).fill(0.5);
    table.rawData = raw;
    const right = ModelProto.encode(decoded).finish();
    const [model, changed] = [await open(), await open(scoredFields(examples), { ...files, right })];
    const [before, after] = [await model.score(1, [2, 3, 4, 5]), await changed.score(1, [2, 3, 4, 5])];
    expect([...after.ctr.subarray(0, 2)]).toEqual([...before.ctr.subarray(0, 2)]);
    expect(Math.abs((after.ctr[2] as number) - (before.ctr[2] as number))).toBeGreaterThan(1e-3);
    await model.close();
    await changed.close();
  });

  it('takes all creatives for strangers when asked to: those of the same content are alike', async () => {
    const [known, strange] = [await open(), await open(scoredFields(examples, true))];
    // b3 and b4 are strangers anyway, a1 has their words.
    const [before, after] = [await known.score(1, [0, 2, 3, 4, 5]), await strange.score(1, [0, 2, 3, 4, 5])];
    expect(after.adCtr).toBe(before.adCtr);
    expect([after.ctr[3], after.ctr[4]]).toEqual([before.ctr[3], before.ctr[4]]);
    expect(after.ctr[0]).toBe(after.ctr[3]);
    expect(before.ctr[0]).not.toBe(before.ctr[3]);
    await known.close();
    await strange.close();
  });

  it('adds its shifts to the logits', async () => {
    const [plain, shiftedModel] = [await open(), await open(scoredFields(examples), files, { ad: 0.5, click: -0.25 })];
    const [before, after] = [await plain.score(1, [2, 3, 4]), await shiftedModel.score(1, [2, 3, 4])];
    const logit = (p: number): number => Math.log(p / (1 - p));
    expect(logit(after.adCtr) - logit(before.adCtr)).toBeCloseTo(0.5, 5);
    for (const i of [0, 1, 2]) expect(logit(after.ctr[i] as number) - logit(before.ctr[i] as number)).toBeCloseTo(-0.25, 5);
    await plain.close();
    await shiftedModel.close();
  });

  it('predicts between the hours where no hour is given', async () => {
    const [average, known] = [
      await open(),
      await open(contextTerms(spec, sides, entities, [new Map([['hour', '9']]), new Map([['hour', '20']])])),
    ];
    for (const ad of [0, 1]) {
      const [early, late] = [(await known.score(ad, [])).adCtr, (await known.score(2 + ad, [])).adCtr];
      const between = (await average.score(ad, [])).adCtr;
      expect(between).toBeGreaterThan(Math.min(early, late));
      expect(between).toBeLessThan(Math.max(early, late));
    }
    await average.close();
    await known.close();
  });
});

describe('a file that is refused', () => {
  const ofVersions = (irVersion: number, version: number): Uint8Array =>
    ModelProto.encode({ ...ModelProto.decode(files.left), irVersion, opsetImport: [{ domain: '', version }] }).finish();

  it.each<[string, Uint8Array, RegExp]>([
    ['has another opset', ofVersions(9, 19), /opset 20 in models\/m\/left\.onnx but received IR version 9, opset 19/],
    ['has another IR version', ofVersions(8, 20), /but received IR version 8, opset 20/],
    ['is cut off', files.left.subarray(0, 1000), /models\/m\/left\.onnx/],
    ['is empty', new Uint8Array(0), /Expected an ONNX model in models\/m\/left\.onnx but received 0 bytes/],
    ['is text', Buffer.from('no model at all'), /models\/m\/left\.onnx/],
  ])('%s', async (_, left, message) => {
    const opening = open(scoredFields(examples), { ...files, left });
    await expect(opening).rejects.toThrow(UserError);
    await expect(opening).rejects.toThrow(message);
  });

  it('is the file of the other tower', async () => {
    const model = await open(scoredFields(examples), { left: files.right, right: files.left });
    await expect(model.score(0, [0])).rejects.toThrow(UserError);
    await model.close();
  });
});
