import { describe, expect, it } from 'vitest';
import { naiveRates } from '../../../../src/core/models/multi_instance/combination_world.ts';
import { pairTerm } from '../../../../src/core/models/multi_instance/pair_terms.ts';
import { drawConfoundedWorld, rankCorrelation } from './attributed_world.ts';
import { makeBags } from './made_bags.ts';

describe('drawCombinationWorld', () => {
  it('shows each combination of an ad once, with an element of each kind', () => {
    const { bags } = drawConfoundedWorld(1);
    expect(bags.rows).toBe(3_000);
    const keys = Array.from(bags.ad, (ad, row) => `${ad} ${bags.members.subarray(row * 3, row * 3 + 3).join()}`);
    expect(new Set(keys).size).toBe(bags.rows);
    bags.members.forEach((element, at) => {
      expect(bags.elements[element]?.kind).toBe(at % 3);
    });
  });

  it('has links that are the sum of its effects', () => {
    const { bags, effect, adEffect, link, pairs } = drawConfoundedWorld(1, { ads: 20, pairSd: 0.3 });
    for (let row = 0; row < bags.rows; row++) {
      const [a, b, c] = bags.members.subarray(row * 3, row * 3 + 3) as unknown as [number, number, number];
      const main = [a, b, c].reduce((sum, e) => sum + (effect[e] as number), adEffect[bags.ad[row] as number] as number);
      const both = pairs ? pairTerm(pairs, a, b) + pairTerm(pairs, a, c) + pairTerm(pairs, b, c) : Number.NaN;
      expect(link[row]).toBeCloseTo(main + both, 10);
    }
  });

  it('draws clicks with the mean and the variance it is asked for', () => {
    for (const phi of [1, 3]) {
      const { bags, link } = drawConfoundedWorld(2, { ads: 400, phi });
      let [bias, squares] = [0, 0];
      for (let row = 0; row < bags.rows; row++) {
        const p = 1 / (1 + Math.exp(-(link[row] as number)));
        const z = ((bags.outcomes[row] as number) - 400 * p) / Math.sqrt(400 * p * (1 - p));
        bias += z / bags.rows;
        squares += (z * z) / bags.rows;
      }
      // 6,000 rows: standard error of the mean 1.3 % × √φ, of the variance 2 to 3 %.
      expect(Math.abs(bias)).toBeLessThan(0.07);
      expect(Math.abs(squares / phi - 1)).toBeLessThan(0.12);
    }
  });

  it('has pairs with the standard deviation it is asked for', () => {
    const { bags, pairs } = drawConfoundedWorld(4, { ads: 1, elementsPerKind: [60, 60], pairSd: 0.3 });
    let squares = 0;
    for (let s = 0; s < 60; s++) for (let t = 60; t < 120; t++) squares += pairs ? pairTerm(pairs, s, t) ** 2 / 3_600 : 0;
    expect(bags.elements).toHaveLength(120);
    expect(Math.abs(Math.sqrt(squares) / 0.3 - 1)).toBeLessThan(0.25);
  });

  it('gives good ads certain elements only where it is confounded', () => {
    const misled = (confounding: number): number =>
      [1, 2, 3, 4].reduce((sum, seed) => {
        const { bags, effect } = drawConfoundedWorld(seed, { confounding });
        return sum + rankCorrelation(naiveRates(bags), effect) / 4;
      }, 0);
    expect(misled(0)).toBeGreaterThan(0.75);
    expect(misled(1)).toBeLessThan(0.6);
  });

  it('is the same for the same seed', () => {
    expect(drawConfoundedWorld(1, { ads: 5, phi: 2, pairSd: 0.1 })).toEqual(drawConfoundedWorld(1, { ads: 5, phi: 2, pairSd: 0.1 }));
  });

  it('shows fewer combinations where there are no more', () => {
    expect(drawConfoundedWorld(1, { ads: 3, elementsPerKind: [2, 2], confounding: 0 }).bags.rows).toBe(12);
  });
});

describe('naiveRates', () => {
  it('divides outcomes by exposure, over the rows with the element', () => {
    const made = makeBags({ seed: 1, rows: 2, ads: 1, elementsPerKind: [2, 2], absent: 0 });
    const bags = { ...made, members: Int32Array.of(0, 2, 0, -1), outcomes: Float64Array.of(3, 1), exposure: Float64Array.of(10, 30) };
    expect([...naiveRates(bags)]).toEqual([0.1, Number.NaN, 0.3, Number.NaN]);
  });
});
