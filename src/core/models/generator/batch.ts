import type { Tensors } from '../../learn/session.ts';
import { type AdDecisions, shareLeft } from './decisions.ts';
import type { Draw } from './draws.ts';
import { type DecisionInput, FEATURES } from './network.ts';

/** The arrays that a step of training is fed with: decisions of several ads, each ad's draws after one another. */
export class DecisionBatch {
  readonly ads: number;
  readonly candidates: number;
  readonly decisions: number;
  private readonly floats: Readonly<Record<Exclude<DecisionInput, 'kind' | 'element' | 'step_kind'> | 'weight', Float32Array>>;
  private readonly integers: Readonly<Record<'kind' | 'element' | 'step_kind' | 'choice', Int32Array>>;
  private ad = 0;

  constructor({ ads, candidates, decisions }: { readonly ads: number; readonly candidates: number; readonly decisions: number }) {
    this.ads = ads;
    this.candidates = candidates;
    this.decisions = decisions;
    const cells = (): Float32Array => new Float32Array(ads * decisions * candidates);
    this.floats = {
      features: new Float32Array(ads * candidates * FEATURES.length),
      all: new Float32Array(ads * candidates),
      left: new Float32Array(ads * decisions),
      weight: new Float32Array(ads * decisions),
      chosen: cells(),
      open: cells(),
      gain: cells(),
      lookahead: cells(),
    };
    this.integers = {
      kind: new Int32Array(ads * candidates),
      element: new Int32Array(ads * candidates),
      step_kind: new Int32Array(ads * decisions),
      choice: new Int32Array(ads * decisions),
    };
  }

  /** Empties the batch; decisions that stay unused count nothing, but each needs an open candidate. */
  clear(): void {
    for (const array of [...Object.values(this.floats), ...Object.values(this.integers)]) array.fill(0);
    for (let row = 0; row < this.ads * this.decisions; row++) this.floats.open[row * this.candidates] = 1;
    this.ad = 0;
  }

  /** Adds an ad with draws of it, at most decisions / kinds, and the weight of each draw's ln π in the loss. */
  add(decisions: AdDecisions, draws: readonly Draw[], weights: ArrayLike<number>): void {
    const { floats, integers, candidates } = this;
    const { space, features, kindRows, elementRows, stepRows } = decisions;
    const first = this.ad * candidates;
    floats.features.set(features, first * FEATURES.length);
    integers.kind.set(kindRows, first);
    integers.element.set(elementRows, first);
    const allowed = space.allowed.reduce((sum, { length }) => sum + length, 0);
    for (const own of space.allowed) for (const candidate of own) floats.all[first + candidate] = 1 / allowed;
    draws.forEach((draw, i) => {
      draw.decisions.forEach((decision, step) => {
        const row = this.ad * this.decisions + i * space.kinds + step;
        const cell = row * candidates;
        floats.open[cell] = 0;
        decision.open.forEach((candidate, at) => {
          floats.open[cell + candidate] = 1;
          floats.gain[cell + candidate] = decision.gain[at] as number;
          floats.lookahead[cell + candidate] = decision.lookahead[at] as number;
        });
        for (let before = 0; before < step; before++) floats.chosen[cell + (draw.combination[before] as number)] = 1 / step;
        floats.left[row] = shareLeft(space.kinds, step);
        floats.weight[row] = weights[i] as number;
        integers.step_kind[row] = stepRows[step] as number;
        integers.choice[row] = draw.combination[step] as number;
      });
    });
    this.ad += 1;
  }

  /** The tensors of {@link policyLoss}'s inputs. */
  get feeds(): Tensors {
    const { ads, candidates, decisions, floats, integers } = this;
    const cells = [ads, decisions, candidates];
    return {
      features: { data: floats.features, dims: [ads, candidates, FEATURES.length] },
      all: { data: floats.all, dims: [ads, 1, candidates] },
      left: { data: floats.left, dims: [ads, decisions, 1] },
      weight: { data: floats.weight, dims: [ads * decisions] },
      chosen: { data: floats.chosen, dims: cells },
      open: { data: floats.open, dims: cells },
      gain: { data: floats.gain, dims: cells },
      lookahead: { data: floats.lookahead, dims: cells },
      kind: { data: integers.kind, dims: [ads, candidates] },
      element: { data: integers.element, dims: [ads, candidates] },
      step_kind: { data: integers.step_kind, dims: [ads, decisions] },
      choice: { data: integers.choice, dims: [ads * decisions] },
    };
  }
}
