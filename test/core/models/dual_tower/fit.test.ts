import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { FIT_START, type FitProgress, fitDualTower, stepsOfEpoch } from '../../../../src/core/models/dual_tower/fit.ts';
import { DEFAULT_OPTIONS, type DualTowerOptions } from '../../../../src/core/models/dual_tower/options.ts';
import type { DualTowerTrainer } from '../../../../src/core/models/dual_tower/trainer.ts';
import { smallExamples } from './made_examples.ts';

const OPTIONS: DualTowerOptions = { ...DEFAULT_OPTIONS, batchRows: 8, looks: 5, patience: 2, warmUpSteps: 2, seed: 1 };
const examples = smallExamples();
const ROWS = Int32Array.of(0, 1, 2, 3, 4, 5);

/** A trainer that is told its losses and writes down what it is asked to do. */
function scripted(losses: readonly number[]) {
  const asked: { readonly batches: number[][]; readonly rates: number[]; looks: number; readonly looked: number[][] } = {
    batches: [],
    rates: [],
    looks: 0,
    looked: [],
  };
  const trainer = {
    step: async (rows: Int32Array, rate: number) => {
      asked.batches.push([...rows]);
      asked.rates.push(rate);
      return 0;
    },
    loss: async (rows: Int32Array) => {
      asked.looked.push([...rows]);
      return losses[asked.looks++] as number;
    },
  };
  return { trainer: trainer as unknown as DualTowerTrainer, asked };
}

async function fit(losses: readonly number[], steps: number, change: Partial<Parameters<typeof fitDualTower>[1]> = {}) {
  const { trainer, asked } = scripted(losses);
  const reached: FitProgress[] = [];
  const progress = await fitDualTower(trainer, {
    examples,
    rows: ROWS,
    validation: Int32Array.of(6, 7),
    steps,
    options: OPTIONS,
    start: FIT_START,
    signal: undefined,
    onProgress: undefined,
    onStep: (each) => void reached.push(each),
    ...change,
  });
  return { progress, asked, reached };
}

describe('a fit', () => {
  it('goes over all rows in every pass, in another order each time', async () => {
    // Both ads fill a list each: two steps a pass.
    expect(stepsOfEpoch(examples, ROWS, OPTIONS)).toBe(2);
    const { asked } = await fit([5, 4, 3, 2, 1], 10);
    expect(asked.batches).toHaveLength(10);
    for (let pass = 0; pass < 5; pass++) {
      const rows = asked.batches.slice(2 * pass, 2 * pass + 2).flat();
      expect(rows.filter((row) => row >= 0).sort()).toEqual([...ROWS]);
    }
    expect(new Set(asked.batches.map((batch) => batch.join())).size).toBeGreaterThan(4);
  });

  it('looks at the validation rows evenly and remembers the best of its looks', async () => {
    const { progress, asked } = await fit([5, 3, 4, 2, 2.5], 10);
    expect(asked.looked).toEqual(Array(5).fill([6, 7]));
    expect(progress).toEqual({ steps: 10, losses: [5, 3, 4, 2, 2.5], bestSteps: 8, isDone: false });
  });

  it('stops when as many looks as its patience were no better', async () => {
    const { progress } = await fit([5, 3, 4, 3, 1], 10);
    expect(progress).toEqual({ steps: 8, losses: [5, 3, 4, 3], bestSteps: 4, isDone: true });
  });

  it('goes on after every step as if it had not stopped', async () => {
    const losses = [5, 3, 4, 2, 2.5];
    const whole = await fit(losses, 10);
    for (const start of whole.reached) {
      const { progress, asked } = await fit(losses.slice(start.losses.length), 10, { start });
      expect(progress).toEqual(whole.progress);
      expect(asked.batches).toEqual(whole.asked.batches.slice(start.steps));
      expect(asked.rates).toEqual(whole.asked.rates.slice(start.steps));
    }
  });

  it('does nothing where it was done already', async () => {
    const start = { steps: 8, losses: [5, 3, 4, 3], bestSteps: 4, isDone: true };
    const { progress, asked } = await fit([], 10, { start });
    expect([progress, asked.batches]).toEqual([start, []]);
  });

  it('warms its learning rates up and lets them fall towards zero', async () => {
    const { asked } = await fit([5, 4, 3, 2, 1], 20);
    const peak = asked.rates.indexOf(Math.max(...asked.rates));
    expect(asked.rates[peak]).toBeCloseTo(1, 1);
    expect(peak).toBeLessThan(4);
    expect(asked.rates[0]).toBeLessThan(0.6);
    for (let i = peak + 1; i < 20; i++) expect(asked.rates[i]).toBeLessThan(asked.rates[i - 1] as number);
    expect(asked.rates.at(-1)).toBeLessThan(0.02);
  });

  it('refuses to go on from a validation loss that is not finite', async () => {
    for (const loss of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(fit([5, loss, 4, 3, 2], 10)).rejects.toThrow(UserError);
      await expect(fit([5, loss, 4, 3, 2], 10)).rejects.toThrow(`Expected a finite validation loss after 4 steps but received ${loss}.`);
    }
  });

  it('without validation rows takes all of its steps', async () => {
    const { progress, asked } = await fit([], 7, { validation: undefined });
    expect([progress.steps, progress.losses, asked.looks]).toEqual([7, [], 0]);
  });
});
