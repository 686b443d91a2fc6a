import { describe, expect, it } from 'vitest';
import { ABLATIONS } from '../../../../src/core/models/dual_tower/ablation.ts';
import { simulatedExamples } from './made_examples.ts';
import { train } from './made_training.ts';

const { examples } = simulatedExamples({ ads: 2, creatives: () => 3, impressions: 1500, users: 20, interests: 1, lift: 5, seed: 3 });

/** What a training without a part is made of. */
async function without(name: string) {
  const { options, keeps } = ABLATIONS.find((each) => each.name === name) as (typeof ABLATIONS)[number];
  const { trainer } = await train({ ...examples, fields: examples.fields.filter(keeps) }, { options });
  await trainer.close();
  return {
    parameters: trainer.layout.parameters.map((parameter) => parameter.name),
    fields: [...trainer.left.fields, ...trainer.right.fields].map((field) => field.name),
  };
}

describe('a training', () => {
  const all = examples.fields.map(({ name }) => name);

  it('without SENet or the hidden state has no weights for them', async () => {
    expect((await without('without SENet')).parameters.filter((name) => name.includes('senet'))).toEqual([]);
    const { parameters } = await without('without hidden state');
    expect(parameters.filter((name) => /hidden|bucket/.test(name))).toEqual([]);
    expect(parameters.filter((name) => name.includes('senet'))).toHaveLength(4);
  });

  it('without cross features has all other fields', async () => {
    const { fields } = await without('without cross features');
    expect(all.filter((name) => !fields.includes(name)).every((name) => name.startsWith('cross.'))).toBe(true);
    expect(fields.length).toBeLessThan(all.length);
    expect(fields).toEqual(expect.arrayContaining(['ad', 'creative', 'user', 'log.topic']));
  });

  it('without content knows creatives by their ids alone', async () => {
    const { fields } = await without('without content');
    expect(all.filter((name) => !fields.includes(name))).toEqual(['log.topic']);
  });

  it('without adaptive dropout keeps every id', () => {
    expect(ABLATIONS.find(({ name }) => name === 'without adaptive dropout')?.options).toEqual({ dropoutHalf: 0 });
  });
});
