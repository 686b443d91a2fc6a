import { describe, expect, it } from 'vitest';
import { fitAdditive, measureLoss } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import { drawCombinationWorld } from '../../../../src/core/models/multi_instance/combination_world.ts';
import { findPairs, withPairs } from '../../../../src/core/models/multi_instance/element_pairs.ts';
import { pairTerm } from '../../../../src/core/models/multi_instance/pair_terms.ts';
import { searchPrior, searchSharedSd } from '../../../../src/core/models/multi_instance/prior_search.ts';
import { createRandom } from '../../../../src/core/random.ts';
import { drawConfoundedWorld } from './attributed_world.ts';
import { allRows } from './made_bags.ts';

const searched = { family: 'binomial', adSd: 2, seed: 1 } as const;

/** Many elements with few clicks each: what a prior is for. */
function drawSparseWorld(effectSd: number, ads = 300) {
  return drawCombinationWorld({
    ads,
    elementsPerKind: [400, 300],
    combinationsPerAd: 10,
    impressionsPerCombination: 300,
    ctr: 0.03,
    adSd: 0.6,
    effectSd,
    confounding: 0.5,
    random: createRandom(7),
  });
}

describe('searchPrior', () => {
  it('finds the standard deviation that effects were drawn with', () => {
    for (const sd of [0.15, 0.4]) {
      const { bags } = drawSparseWorld(sd);
      const { priorSd } = searchPrior(bags, allRows(bags), searched);
      // 700 effects with a few clicks each: within a third.
      for (const own of priorSd) expect(Math.abs(Math.log(own / sd))).toBeLessThan(0.3);
    }
  });

  it('finds next to no spread where elements do nothing, and tells kinds apart', () => {
    const { bags, link, effect } = drawSparseWorld(0.4);
    const none = drawSparseWorld(0).bags;
    for (const own of searchPrior(none, allRows(none), searched).priorSd) expect(own).toBeLessThan(0.07);
    // The second kind's effects are taken back: clicks are drawn anew without them.
    const random = createRandom(5);
    const outcomes = link.map((own, row) => {
      const p = 1 / (1 + Math.exp((effect[bags.members[row * 2 + 1] as number] as number) - own));
      let clicks = 0;
      for (let i = 0; i < 300; i++) if (random.uniform() < p) clicks++;
      return clicks;
    });
    const [first = 0, second = 0] = searchPrior({ ...bags, outcomes }, allRows(bags), searched).priorSd;
    expect(first).toBeGreaterThan(0.25);
    expect(second).toBeLessThan(0.1);
  });

  it('serves rows it has not seen better than no prior, and than none but the ads', () => {
    const { bags } = drawSparseWorld(0.2);
    const isHeld = (row: number): boolean => row % 10 === 0;
    const [train, held] = [allRows(bags).filter((row) => !isHeld(row)), allRows(bags).filter(isHeld)];
    const { priorSd } = searchPrior(bags, train, searched);
    const lossWith = (sd: Float64Array): number => {
      const prior = { family: 'binomial', adSd: 2, priorSd: sd } as const;
      return measureLoss(bags, held, fitAdditive(bags, train, prior), prior);
    };
    expect(lossWith(priorSd)).toBeLessThan(lossWith(Float64Array.of(0, 0)) - 10);
    expect(lossWith(priorSd)).toBeLessThan(lossWith(Float64Array.of(2, 2)) - 10);
  });

  it('does not take noise beyond chance for effects', () => {
    const { bags } = drawConfoundedWorld(2, { phi: 4, effectSd: 0 });
    const { priorSd, phi } = searchPrior(bags, allRows(bags), searched);
    expect(Math.abs(phi / 4 - 1)).toBeLessThan(0.12);
    for (const own of priorSd) expect(own).toBeLessThan(0.12);
  });

  it('tells the loss of each common value, and the same for the same seed', () => {
    const { bags } = drawConfoundedWorld(3, { ads: 40 });
    const search = () => searchPrior(bags, allRows(bags), searched);
    const { losses } = search();
    expect(losses[0]).toMatchObject({ sd: 0 });
    expect(losses.map(({ sd }) => sd)).toEqual(losses.map(({ sd }) => sd).sort((a, b) => a - b));
    expect(search()).toEqual(search());
  });

  it('ends with a single row, and without a row', () => {
    const { bags } = drawConfoundedWorld(3, { ads: 2 });
    for (const rows of [Int32Array.of(4), Int32Array.of()]) {
      for (const own of searchPrior(bags, rows, searched).priorSd) expect(Number.isFinite(own)).toBe(true);
    }
  });
});

describe('searchSharedSd', () => {
  it('finds the standard deviation of interactions, and next to none where there are none', () => {
    for (const pairSd of [0, 0.15]) {
      const { bags, pairs: truth } = drawConfoundedWorld(4, { ads: 150, pairSd });
      const pairs = findPairs(bags);
      const paired = withPairs(bags, pairs);
      const { sd, phi } = searchSharedSd(paired, allRows(bags), Float64Array.of(0.2, 0.2, 0.2), searched);
      if (!truth) expect(sd).toBeLessThan(0.03);
      else {
        const own = Array.from(pairs.first, (first, pair) => pairTerm(truth, first, pairs.second[pair] as number));
        const spread = Math.sqrt(own.reduce((sum, effect) => sum + effect * effect, 0) / own.length);
        // 192 pairs of some hundred clicks: within a fourth.
        expect(Math.abs(Math.log(sd / spread))).toBeLessThan(0.22);
      }
      expect(Math.abs(phi - 1)).toBeLessThan(0.1);
    }
  });
});
