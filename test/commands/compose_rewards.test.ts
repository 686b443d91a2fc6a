import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/core/store/open.ts';
import { commandJson, commandLine } from '../core/publish/command_line.ts';
import { addCreatives, addLog, damage, makeCombinedStore, readElementTruth, runAll } from './combined_store.ts';
import { copyOf, modelFiles, removeStore, stopped } from './trained_store.ts';

const MIL = ['train', 'mil', '--log', 'sim', '--threads', '1', '--estimator', 'additive'];
const GENERATOR = ['train', 'generator', '--threads', '1', '--steps', '60'];
const NO_CHANCE = ['--random-share', '0'];

interface Composed {
  readonly creative_id: string;
  readonly elements: Readonly<Record<string, string>>;
  readonly score: number;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly random: boolean;
  readonly propensity: number;
}

interface Ad {
  readonly ad_id: string;
  readonly space: number;
  readonly space_exact: boolean;
  readonly method: string;
  readonly reward_calls: number;
  readonly creatives: readonly Composed[];
  readonly distinct: number;
}

interface Document {
  readonly scorer: string;
  readonly label: string | null;
  readonly generator: string | null;
  readonly random_share: number;
  readonly ads: readonly Ad[];
  readonly notes: readonly string[];
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

interface Listed {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly score: number | null;
  readonly in_slate?: boolean;
  readonly ci_low?: number | null;
  readonly random?: boolean;
  readonly propensity?: number;
}

let world: string;

beforeAll(async () => {
  world = await makeCombinedStore({ ads: 40, impressions: 80_000 }, MIL);
});
afterAll(() => removeStore(world));

const composeJson = (folder: string, ...flags: readonly string[]) => commandJson<Document>(folder, ['compose', ...flags]);

async function listJson<Row>(folder: string, what: string): Promise<readonly Row[]> {
  return (await commandJson<{ rows: Row[] }>(folder, ['list', what])).rows;
}

/** Creatives and slates as the store has them, but for the run that made them. */
function contents(folder: string): unknown {
  const { db } = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
  try {
    return [
      db.prepare('SELECT ad_id, creative_id, origin, score, scorer FROM creatives ORDER BY ad_id, creative_id').all(),
      db
        .prepare('SELECT ad_id, place, creative_id, reward, ci_low, ci_high, is_random, propensity FROM slates ORDER BY ad_id, place')
        .all(),
    ];
  } finally {
    db.close();
  }
}

const only = ({ ads }: Document): Ad => ads[0] as Ad;
const creativesOf = ({ ads }: Document): Composed[] => ads.flatMap(({ creatives }) => creatives);

describe('atelier compose, with a reward model', () => {
  it('uses the one trained last, says so, and predicts CTRs with their intervals', async () => {
    const folder = copyOf(world);
    const [first] = await listJson<{ model_id: string }>(folder, 'models');
    const composed = await composeJson(folder);
    expect(composed).toMatchObject({ code: 0, scorer: first?.model_id, label: 'click', generator: null, notes: [], failed: [] });
    expect(composed.ads).toHaveLength(40);
    for (const ad of composed.ads) {
      expect(ad).toMatchObject({ method: 'exact', space_exact: true, distinct: 8 });
      expect(ad.reward_calls).toBeGreaterThanOrEqual(ad.space);
      for (const { score, ci_low, ci_high } of ad.creatives) {
        expect(score).toBeGreaterThan(ci_low as number);
        expect(score).toBeLessThan(ci_high as number);
        expect(ci_low).toBeGreaterThan(0);
        expect(ci_high).toBeLessThan(0.3);
      }
    }
    const { stdout } = await commandLine(folder, ['compose']);
    expect(stdout).toContain(`scorer: ${first?.model_id} (the score is the clicks an impression that it predicts)`);
    await runAll(folder, [[...MIL, '--label', 'revenue']]);
    const later = await composeJson(folder);
    expect(later).toMatchObject({ code: 0, label: 'revenue' });
    expect(later.scorer).not.toBe(first?.model_id);
    expect((await composeJson(folder, '--model', first?.model_id as string)).scorer).toBe(first?.model_id);
  });

  it('chooses creatives that are better by the truth than those drawn by chance', async () => {
    const folder = copyOf(world);
    const effectOf = new Map(readElementTruth(folder).elements.map(({ element_id, effect }) => [element_id, effect]));
    const meanEffect = (document: Document): number => {
      const effects = creativesOf(document).map(({ elements }) =>
        Object.values(elements).reduce((sum, id) => sum + (effectOf.get(id) as number), 0),
      );
      return effects.reduce((sum, own) => sum + own, 0) / effects.length;
    };
    const chosen = meanEffect(await composeJson(folder, ...NO_CHANCE));
    const random = meanEffect(await composeJson(folder, '--method', 'random'));
    // Of ln CTR, whose standard deviation inside an ad is 0.4 here; a slate of 8 also has to differ.
    expect(chosen - random).toBeGreaterThan(0.2);
  });

  it('without one, or with --model none, scores by elements as before', async () => {
    const folder = copyOf(world);
    const composed = await composeJson(folder, '--model', 'none', '--ads', 'ad-0001', ...NO_CHANCE);
    expect(composed).toMatchObject({ code: 0, scorer: 'mean element score', label: null });
    for (const { score, ci_low, ci_high } of creativesOf(composed))
      expect([score, ci_low, ci_high]).toEqual([expect.closeTo(0.5, 14), null, null]);
    expect(await commandLine(folder, ['compose', '--model', 'mil-x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('mil-x') });
  });

  it('weighs uncertainty by κ, and takes one draw of it with thompson, another for another seed', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [{ ad_id: 'ad-0001', creative_id: 'late', title: 'A title of tomorrow', image: 'image-1' }]);
    const latest = (await listJson<{ element_id: string; content: string }>(folder, 'elements')).find(
      ({ content }) => content === 'A title of tomorrow',
    )?.element_id;
    const uses = async (...flags: string[]): Promise<number> =>
      creativesOf(await composeJson(folder, '--ads', 'ad-0001', '--per-ad', '16', '--gamma', '0', ...NO_CHANCE, ...flags)).filter(
        ({ elements }) => elements.title === latest,
      ).length;
    expect(await uses('--kappa', '5')).toBeLessThan(await uses('--reward', 'mean'));
    const thompson = async (seed: string) =>
      creativesOf(await composeJson(folder, '--reward', 'thompson', '--seed', seed, '--ads', 'ad-0002', ...NO_CHANCE)).map(
        ({ creative_id }) => creative_id,
      );
    expect(await thompson('1')).toEqual(await thompson('1'));
    expect(await thompson('2')).not.toEqual(await thompson('1'));
  });

  it('is less certain of an element never shown', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [{ ad_id: 'ad-0001', creative_id: 'late', title: 'A title of tomorrow', image: 'image-1' }]);
    const { ads } = await composeJson(folder, '--ads', 'ad-0001', '--per-ad', '400', ...NO_CHANCE);
    const width = ({ ci_low, ci_high }: Composed): number => Math.log((ci_high as number) / (ci_low as number));
    const late = (await listJson<{ element_id: string; content: string }>(folder, 'elements')).find(
      ({ content }) => content === 'A title of tomorrow',
    )?.element_id;
    const creatives = ads[0]?.creatives ?? [];
    expect(creatives).toHaveLength(ads[0]?.space as number);
    const among = (isLate: boolean): number[] => creatives.filter(({ elements }) => (elements.title === late) === isLate).map(width);
    expect(Math.min(...among(true))).toBeGreaterThan(Math.max(...among(false)));
  });

  it('notes a kind that the model has never seen, and goes on', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [{ ad_id: 'ad-0001', creative_id: 'late', title: 'A title of tomorrow', video: 'clip-1' }]);
    const { code, notes, ads } = await composeJson(folder);
    expect({ code, ads: ads.length }).toEqual({ code: 0, ads: 40 });
    expect(notes).toEqual([expect.stringMatching(/^mil-\w+ has never seen a video/)]);
    expect((await commandLine(folder, ['compose'])).stdout).toMatch(/\nnote: mil-\w+ has never seen a video/);
  });

  it('composes a new ad of elements that others showed, and one with a single combination', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [
      { ad_id: 'single', creative_id: 'only', title: 'A title of tomorrow', image: 'image-1', highlight: 'Now' },
    ]);
    const { code, ads } = await composeJson(folder, '--ads', 'single');
    expect({ code, ads }).toMatchObject({ code: 0, ads: [{ space: 1, distinct: 1, mean_hamming: null }] });
    expect(ads[0]?.creatives).toMatchObject([{ creative_id: 'only', random: false, propensity: 1 }]);
  });

  it('refuses a damaged model, naming the file and what to do; --model none goes on without', async () => {
    const folder = copyOf(world);
    const [mil = ''] = Object.keys(modelFiles(folder));
    const path = join(folder, 'atelier.db.files', 'models', mil, 'posterior.f32');
    damage(path);
    const { code, stdout, stderr } = await commandLine(folder, ['compose']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(path);
    expect(stderr).toContain('atelier train mil');
    rmSync(path);
    expect((await commandLine(folder, ['compose'])).code).toBe(2);
    expect((await composeJson(folder, '--model', 'none')).code).toBe(0);
  });
});

describe('the random share of compose', () => {
  it('is about 5 % of the places, marked, each with the probability of its combination', async () => {
    const folder = copyOf(world);
    const composed = await composeJson(folder);
    const places = creativesOf(composed);
    const random = places.filter((own) => own.random);
    // 320 places: 16 expected, less a draw of the chosen one now and then; 4 standard deviations of 3.9.
    expect(Math.abs(random.length - 16)).toBeLessThan(16);
    expect(random.length).toBeGreaterThan(0);
    for (const { space, creatives } of composed.ads) {
      const free = space - (creatives.length - 1);
      for (const { random: isRandom, propensity } of creatives)
        expect(propensity).toBeCloseTo(isRandom ? 0.05 / free : 0.95 + 0.05 / free, 14);
    }
    const { stdout } = await commandLine(folder, ['compose', '--random-share', '50%']);
    expect(stdout).toMatch(/^ad +space +method +creatives +by chance +best score +mean hamming\n/);
  });

  it('is none where none is wanted, and all by the random method', async () => {
    const folder = copyOf(world);
    for (const none of ['0', '0%', '0.0'])
      expect(
        creativesOf(await composeJson(folder, '--random-share', none)).every(({ random, propensity }) => !random && propensity === 1),
      ).toBe(true);
    for (const wrong of ['', '%', '.', '1', '-0.1', '100%'])
      expect((await commandLine(folder, ['compose', `--random-share=${wrong}`])).code).toBe(2);
    const { ads } = await composeJson(folder, '--method', 'random');
    for (const { space, creatives } of ads)
      for (const { random, propensity } of creatives) {
        expect(random).toBe(true);
        expect(propensity).toBeCloseTo(1 / (space - (creatives.length - 1)), 14);
      }
  });

  it('lets the other places be as they are without it', async () => {
    const folder = copyOf(world);
    const certain = creativesOf(await composeJson(folder, ...NO_CHANCE));
    creativesOf(await composeJson(folder)).forEach(({ creative_id, random }, i) => {
      if (!random) expect(creative_id).toBe(certain[i]?.creative_id);
    });
  });
});

describe('the slates of compose', () => {
  it('are kept with prediction, interval and propensity, and listed with the creatives', async () => {
    const folder = copyOf(world);
    const { ads } = await composeJson(folder);
    const listed = new Map((await listJson<Listed>(folder, 'creatives')).map((row) => [`${row.ad_id} ${row.creative_id}`, row]));
    for (const { ad_id, creatives } of ads)
      for (const { creative_id, score, ci_low, ci_high, random, propensity } of creatives)
        expect(listed.get(`${ad_id} ${creative_id}`)).toMatchObject({
          in_slate: true,
          ci_low,
          ci_high,
          random,
          propensity,
          ...(!creative_id.startsWith('ad-') && { score }),
        });
    expect([...listed.values()].filter((row) => row.in_slate)).toHaveLength(creativesOf({ ads } as Document).length);
  });

  it('are replaced ad by ad, and what the old ones held stays a creative', async () => {
    const folder = copyOf(world);
    const first = await composeJson(folder, '--ads', 'ad-0001,ad-0002', ...NO_CHANCE);
    const second = await composeJson(folder, '--ads', 'ad-0002', '--per-ad', '3', '--method', 'random', '--seed', '9');
    const rows = await listJson<Listed>(folder, 'creatives');
    const slateOf = (ad: string) => rows.filter(({ ad_id, in_slate }) => ad_id === ad && in_slate).map(({ creative_id }) => creative_id);
    const ids = (ad: Ad | undefined) => ad?.creatives.map(({ creative_id }) => creative_id).sort();
    expect(slateOf('ad-0001').sort()).toEqual(ids(first.ads[0]));
    expect(slateOf('ad-0002').sort()).toEqual(ids(second.ads[0]));
    const kept = new Set(rows.map(({ creative_id }) => creative_id));
    expect(ids(first.ads[1])?.every((id) => kept.has(id))).toBe(true);
  });

  it('composed twice are the same store; killed or interrupted between ads and composed again, too', async () => {
    const clean = copyOf(world);
    await runAll(clean, [['compose']]);
    const once = contents(clean);
    await runAll(clean, [['compose']]);
    expect(contents(clean)).toEqual(once);
    for (const [how, code] of [
      ['interrupted', 130],
      ['killed', 3],
    ] as const) {
      const folder = copyOf(world);
      expect((await stopped(folder, ['compose'], 7, how)).code).toBe(code);
      expect(contents(folder)).not.toEqual(once);
      await runAll(folder, [['compose']]);
      expect(contents(folder)).toEqual(once);
    }
  });

  it('of a composed creative take the score of a later model', async () => {
    const folder = copyOf(world);
    await runAll(folder, [
      ['compose', '--model', 'none'],
      ['compose', '--model', 'none', ...NO_CHANCE],
      ['compose', ...NO_CHANCE],
    ]);
    const rows = await listJson<Listed & { origin: string; scorer: string }>(folder, 'creatives');
    const inSlate = rows.filter(({ in_slate, origin }) => in_slate && origin === 'composed');
    expect(inSlate.length).toBeGreaterThan(0);
    expect(inSlate.every(({ scorer, score }) => scorer.startsWith('mil-') && (score as number) < 0.3)).toBe(true);
  });
});

describe('the constraints of compose', () => {
  const elementsOf = async (folder: string, ad: string, kind: string): Promise<string[]> => {
    const rows = await commandJson<{ rows: { element_id: string }[] }>(folder, ['list', 'elements', '--ads', ad, '--kind', kind]);
    return [...new Set(rows.rows.map(({ element_id }) => element_id))].sort();
  };
  const withRules = (folder: string, rules: unknown): string[] => {
    writeFileSync(join(folder, 'rules.yaml'), typeof rules === 'string' ? rules : JSON.stringify(rules));
    return ['--constraints', 'rules.yaml'];
  };

  it('forbid pairs, require elements, and limit how often one is used, by all methods', async () => {
    const folder = copyOf(world);
    await runAll(folder, [GENERATOR]);
    const ad = 'ad-0001';
    const before = only(await composeJson(folder, '--ads', ad, ...NO_CHANCE));
    const best = (before.creatives[0] as Composed).elements as { title: string; image: string; highlight: string };
    const [other = ''] = (await elementsOf(folder, ad, 'highlight')).filter((id) => id !== best.highlight);
    const rules = { forbid: [[best.title, best.image]], require: [other], at_most: { [best.image]: 2, default: 5 } };
    for (const method of ['exact', 'policy', 'random']) {
      // A high share of chance, which constraints bind as well.
      const flags = [
        '--ads',
        ad,
        '--method',
        method,
        '--random-share',
        '50%',
        ...withRules(folder, { ads: { [ad]: { ...rules, at_most: { [best.image]: 2 } } } }),
      ];
      const { code, ads, notes } = await composeJson(folder, ...flags);
      expect({ code, notes }).toEqual({ code: 0, notes: [] });
      expect(ads[0]?.space).toBeLessThan(before.space);
      const creatives = ads[0]?.creatives ?? [];
      expect(creatives).toHaveLength(8);
      for (const { elements } of creatives) {
        expect(elements.highlight).toBe(other);
        expect(elements.title === best.title && elements.image === best.image).toBe(false);
      }
      expect(creatives.filter(({ elements }) => elements.image === best.image).length).toBeLessThanOrEqual(2);
    }
    // At most 5 of each, and every one with the required highlight: 5 creatives.
    expect(only(await composeJson(folder, '--ads', ad, ...withRules(folder, rules))).creatives).toHaveLength(5);
  });

  it('that contradict each other fail their ad with the reason, and the others are composed', async () => {
    const folder = copyOf(world);
    const [one = '', other = ''] = await elementsOf(folder, 'ad-0002', 'title');
    const [image = ''] = await elementsOf(folder, 'ad-0002', 'image');
    for (const [rules, reason] of [
      [{ require: [one, other] }, /at most one required title for ad ad-0002.*Remove one of them/],
      [{ require: [one, image], forbid: [[image, one]] }, /forbidden pair.*Remove the pair/],
      [{ require: [one], at_most: { [one]: 0 } }, /at_most is 0/],
    ] as const) {
      const { code, ads, failed } = await composeJson(folder, ...withRules(folder, { ads: { 'ad-0002': rules } }));
      expect(code).toBe(1);
      expect(ads.map(({ ad_id }) => ad_id)).not.toContain('ad-0002');
      expect(ads).toHaveLength(39);
      expect(failed).toEqual([{ item: 'ad-0002', reason: expect.stringMatching(reason) }]);
    }
  });

  it('with ids that the store does not know are a note; those of ads not asked for are none', async () => {
    const folder = copyOf(world);
    const [title = ''] = await elementsOf(folder, 'ad-0002', 'title');
    const rules = withRules(folder, { at_most: { [title]: 3, nothing: 1 }, ads: { 'ad-0002': { require: [title] }, elsewhere: {} } });
    const { code, notes } = await composeJson(folder, '--ads', 'ad-0001', ...rules);
    expect(code).toBe(0);
    expect(notes).toEqual([expect.stringMatching(/received nothing: ignored/), expect.stringMatching(/received elsewhere: ignored/)]);
  });

  it.each([
    ['a file that is not there', undefined, /rules\.yaml cannot be read[\s\S]*path/],
    ['what is no YAML', 'forbid: [a, b', /Expected YAML in .*rules\.yaml/],
    ['an unknown key', 'forbidden: [[a, b]]', /forbid, require, at_most but received forbidden/],
    ['a pair of one', 'forbid: [[a]]', /two different element ids/],
    ['a text', 'no rules', /forbid, require, at_most and ads/],
    ['a share', 'at_most: 0.5', /whole number/],
  ])('exit with 2 for %s', async (_, text, reason) => {
    const folder = copyOf(world);
    const flags = text === undefined ? ['--constraints', 'rules.yaml'] : withRules(folder, text);
    const { code, stdout, stderr } = await commandLine(folder, ['compose', ...flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(reason);
  });
});

describe('atelier compose --method policy', () => {
  it('says how to train a generator where there is none', async () => {
    for (const flags of [
      ['--method', 'policy'],
      ['--generator', 'generator-x'],
    ]) {
      const { code, stdout, stderr } = await commandLine(world, ['compose', ...flags]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('atelier train generator');
    }
  });

  it('draws from the generator, different good ones, the same for the same seed', async () => {
    const folder = copyOf(world);
    await runAll(folder, [GENERATOR]);
    const policy = await composeJson(folder, '--method', 'policy', ...NO_CHANCE);
    expect(policy).toMatchObject({ code: 0, generator: expect.stringMatching(/^generator-/), notes: [] });
    expect(policy.ads.every(({ method, distinct }) => method === 'policy' && distinct === 8)).toBe(true);
    expect(await composeJson(folder, '--method', 'policy', ...NO_CHANCE)).toEqual(policy);
    const meanScore = (document: Document): number =>
      creativesOf(document).reduce((sum, { score }) => sum + Math.log(score), 0) / creativesOf(document).length;
    const random = meanScore(await composeJson(folder, '--method', 'random'));
    const exact = meanScore(await composeJson(folder, '--method', 'exact', ...NO_CHANCE));
    expect((meanScore(policy) - random) / (exact - random)).toBeGreaterThan(0.7);
    // These spaces are small enough for auto to score all of them.
    expect((await composeJson(folder)).ads.every(({ method }) => method === 'exact')).toBe(true);
  });

  it('notes a kind that the generator was not trained on, and goes on', async () => {
    const folder = copyOf(world);
    await runAll(folder, [GENERATOR]);
    await addCreatives(folder, [
      { ad_id: 'ad-0001', creative_id: 'late-1', title: 'A title of tomorrow', image: 'image-1', video: 'clip-1' },
      { ad_id: 'ad-0001', creative_id: 'late-2', title: 'A title of tomorrow', image: 'image-1', video: 'clip-2' },
    ]);
    await addLog(folder, 'sim', [
      ['ad-0001', 'late-1', 2000, 80],
      ['ad-0001', 'late-2', 2000, 20],
    ]);
    await runAll(folder, [MIL]);
    const { code, notes, ads } = await composeJson(folder, '--method', 'policy');
    expect({ code, ads: ads.length }).toEqual({ code: 0, ads: 40 });
    expect(notes).toEqual([expect.stringMatching(/^generator-\w+ was not trained on ads with a video: train it again$/)]);
  });

  it('refuses a damaged generator, naming the file and what to do', async () => {
    const folder = copyOf(world);
    await runAll(folder, [GENERATOR]);
    const generator = Object.keys(modelFiles(folder)).find((id) => id.startsWith('generator')) as string;
    const path = join(folder, 'atelier.db.files', 'models', generator, 'model.json');
    damage(path);
    const { code, stderr } = await commandLine(folder, ['compose', '--method', 'policy']);
    expect(code).toBe(2);
    expect(stderr).toContain(path);
    expect(stderr).toContain('atelier train generator');
  });
});
