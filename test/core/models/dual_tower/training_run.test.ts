import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../../../src/core/errors.ts';
import type { FitProgress } from '../../../../src/core/models/dual_tower/fit.ts';
import type { Checkpoints } from '../../../../src/core/models/dual_tower/training_run.ts';
import { simulatedExamples } from './made_examples.ts';
import { refusal, train, trainedFiles } from './made_training.ts';

const { examples } = simulatedExamples({ ads: 3, creatives: () => 4, impressions: 4000, users: 40, interests: 1, lift: 5, seed: 3 });

/** Checkpoints in memory, as copies; `written` counts them. */
function memory(every: number): Checkpoints & { readonly written: string[] } {
  const kept = new Map<string, { readonly progress: FitProgress; readonly vectors: Readonly<Record<string, Float32Array>> }>();
  const written: string[] = [];
  return {
    every,
    written,
    resume: (phase, trainer) => {
      const found = kept.get(phase);
      if (found) trainer.restore(found.progress.steps, found.vectors);
      return found?.progress;
    },
    write: (phase, trainer, progress) => {
      written.push(`${phase} ${progress.steps}`);
      const vectors = Object.entries(trainer.vectors()).map(([name, vector]) => [name, vector.slice()]);
      kept.set(phase, { progress, vectors: Object.fromEntries(vectors) });
    },
  };
}

async function stepsOf(): Promise<number> {
  let steps = 0;
  await trainedFiles(examples, {
    onStep: () => {
      steps++;
    },
  });
  return steps;
}

describe('a training', () => {
  it('gives the same bytes for the same seed, and others for another', async () => {
    const one = await trainedFiles(examples);
    expect(await trainedFiles(examples)).toEqual(one);
    const other = await trainedFiles(examples, { options: { seed: 2 } });
    expect(other.left).not.toEqual(one.left);
    expect(other.right).not.toEqual(one.right);
  });

  it('is the same when it is interrupted after any step and run again', async () => {
    const whole = await trainedFiles(examples);
    const steps = await stepsOf();
    expect(steps).toBeGreaterThan(20);
    for (const stop of [1, 7, Math.floor(steps / 2), steps - 1]) {
      const checkpoints = memory(1e9);
      const controller = new AbortController();
      let done = 0;
      const onStep = () => {
        if (++done === stop) controller.abort();
      };
      await expect(trainedFiles(examples, { checkpoints, signal: controller.signal, onStep })).rejects.toThrow(Interrupted);
      expect(checkpoints.written.length).toBeGreaterThan(0);
      expect(await trainedFiles(examples, { checkpoints }), `stopped after ${stop}`).toEqual(whole);
    }
  });

  it('is the same when it is killed and goes on from an older checkpoint, as often as it happens', async () => {
    const whole = await trainedFiles(examples);
    const checkpoints = memory(5);
    for (const stop of [13, 8, 9, 11]) {
      let done = 0;
      const onStep = () => {
        if (++done === stop) throw new RangeError('killed');
      };
      await trainedFiles(examples, { checkpoints, onStep }).catch((error: unknown) => expect(error).toBeInstanceOf(RangeError));
    }
    expect(checkpoints.written.slice(0, 2)).toEqual(['search 5', 'search 10']);
    expect(await trainedFiles(examples, { checkpoints })).toEqual(whole);
  });

  it('does not search again for how long to train when the end of the search is kept', async () => {
    const checkpoints = memory(1e9);
    await trainedFiles(examples, { checkpoints });
    let steps = 0;
    await trainedFiles(examples, {
      checkpoints,
      onStep: () => {
        steps++;
      },
    });
    expect(steps).toBe(0);
  });

  it('trains the final model on the validation rows too, never on the held-out ones', async () => {
    const { trainer, rows, split, search, epochs } = await train(examples);
    await trainer.close();
    expect([...rows].sort((a, b) => a - b)).toEqual([...split.train, ...split.validation].sort((a, b) => a - b));
    expect(search.losses.length).toBeGreaterThan(0);
    expect(epochs).toBeGreaterThan(0);
    const flipped = { ...examples, clicks: examples.clicks.slice() };
    for (const row of split.heldOut) flipped.clicks[row] = 1 - (flipped.clicks[row] as number);
    expect(await trainedFiles(flipped)).toEqual(await trainedFiles(examples));
  });

  it('learns: the held-out loss is below that of the mean', async () => {
    const { trainer, split } = await train(examples, { options: { epochs: 6, looks: 12 } });
    const clicks = Array.from(split.heldOut, (row) => examples.clicks[row] as number);
    const mean = clicks.reduce((sum, click) => sum + click, 0) / clicks.length;
    const entropy = -(mean * Math.log(mean) + (1 - mean) * Math.log(1 - mean));
    expect(await trainer.loss(split.heldOut)).toBeLessThan(0.99 * entropy);
    await trainer.close();
  });
});

describe('a training refuses', () => {
  it.each([
    ['no click', 0, /no impression was clicked/],
    ['clicks alone', 1, /every impression was clicked/],
  ])('a log of %s', async (_, click, message) => {
    expect((await refusal({ ...examples, clicks: examples.clicks.map(() => click) as Uint8Array<ArrayBuffer> })).message).toMatch(message);
  });

  it.each([
    ['denseRate', Number.NaN],
    ['denseRate', Number.POSITIVE_INFINITY],
    ['embeddingRate', Number.NaN],
    ['embeddingRate', Number.POSITIVE_INFINITY],
    ['l2', Number.NaN],
  ] as const)('%s %d', async (name, value) => {
    const { message, hint } = await refusal(examples, { options: { [name]: value } });
    expect(message).toMatch(/finite/);
    expect(hint).toMatch(/learning rate/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('a log with %d impressions', async (value) => {
    const impressions = new Float32Array(examples.rows).fill(2);
    impressions[10] = value;
    expect((await refusal({ ...examples, impressions, clicks: Float32Array.from(examples.clicks) })).message).toMatch(/finite|Expected/);
  });

  it('a checkpoint of another model, and one with numbers that are not finite', async () => {
    const spoilt: ((vectors: Readonly<Record<string, Float32Array>>) => Readonly<Record<string, Float32Array>>)[] = [
      (vectors) => ({ ...vectors, parameters: new Float32Array(3) }),
      (vectors) => ({ ...vectors, 'left.weights': new Float32Array(3) }),
      ({ 'right.squares': _, ...vectors }) => vectors,
      (vectors) => ({ ...vectors, parameters: (vectors.parameters as Float32Array).with(5, Number.NaN) }),
      (vectors) => ({ ...vectors, 'left.weights': (vectors['left.weights'] as Float32Array).with(5, Number.NaN) }),
    ];
    for (const spoil of spoilt) {
      const checkpoints = memory(5);
      let done = 0;
      const onStep = () => {
        if (++done === 7) throw new RangeError('killed');
      };
      await expect(trainedFiles(examples, { checkpoints, onStep })).rejects.toThrow(RangeError);
      const resume: Checkpoints['resume'] = (phase, trainer) => {
        const restore = trainer.restore.bind(trainer);
        trainer.restore = (step, vectors) => restore(step, spoil(vectors));
        return checkpoints.resume(phase, trainer);
      };
      expect((await refusal(examples, { checkpoints: { ...checkpoints, resume } })).message).toMatch(/checkpoint/);
    }
  });
});
