import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreativeCredits, CreditRow } from '../../src/commands/attribute.ts';
import { rankCorrelation } from '../core/models/multi_instance/attributed_world.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { addCreatives, addLog, damage, makeCombinedStore, readElementTruth, runAll } from './combined_store.ts';
import { csvTable } from './simulated_store.ts';
import { copyOf, removeStore, stopped } from './trained_store.ts';

const TRAIN = ['train', 'mil', '--log', 'sim', '--threads', '1'];
const ADDITIVE = [...TRAIN, '--estimator', 'additive'];
const GATED = [...TRAIN, '--estimator', 'gated'];

interface Attributed {
  readonly model: { readonly model_id: string; readonly estimator: string; readonly label: string; readonly log: string };
  readonly elements: readonly CreditRow[];
  readonly creatives: readonly CreativeCredits[];
  readonly log_changed: boolean;
  readonly control: {
    readonly permutations: number;
    readonly judged: number;
    readonly called: number;
    readonly share: number;
  };
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

const attributeJson = (folder: string, ...flags: readonly string[]) => commandJson<Attributed>(folder, ['attribute', ...flags]);

let world: string;

/** The model trained last of the suite's world is the additive one, before it a gated one. */
beforeAll(async () => {
  world = await makeCombinedStore({ ads: 30, impressions: 120_000 }, GATED, ADDITIVE);
});
afterAll(() => removeStore(world));

const sum = (values: readonly number[]): number => values.reduce((total, own) => total + own, 0);

function byKind<Own extends { readonly kind: string }>(rows: readonly Own[]): Own[][] {
  return [...new Set(rows.map(({ kind }) => kind))].map((kind) => rows.filter((row) => row.kind === kind));
}

describe('atelier attribute', () => {
  it('ranks the elements of a simulated world as their true effects do, with intervals that cover these', async () => {
    const { code, model, elements, log_changed, failed } = await attributeJson(world);
    expect({ code, log_changed, failed }).toEqual({ code: 0, log_changed: false, failed: [] });
    expect(model).toMatchObject({ estimator: 'additive', label: 'click', log: 'sim', model_id: expect.stringMatching(/^mil-/) });
    expect(elements).toHaveLength(17);
    const effectOf = new Map(readElementTruth(world).elements.map(({ element_id, effect }) => [element_id, effect]));
    const compared = byKind(elements).flatMap((rows) => {
      const weight = sum(rows.map(({ impressions }) => impressions));
      const mean = sum(rows.map((row) => row.impressions * (effectOf.get(row.element_id) as number))) / weight;
      return rows.map((row) => ({ ...row, truth: (effectOf.get(row.element_id) as number) - mean }));
    });
    const correlation = rankCorrelation(
      compared.map(({ credit }) => credit),
      compared.map(({ truth }) => truth),
    );
    expect(correlation).toBeGreaterThan(0.93);
    // Of 17 intervals of 95 %, at most 3 miss but for a chance of 1 %.
    expect(compared.filter(({ ci_low, ci_high, truth }) => truth < ci_low || truth > ci_high).length).toBeLessThanOrEqual(3);
    for (const { evidence, truth, credit, multiplier, ci_low, ci_high } of compared) {
      if (evidence === 'higher') expect(truth).toBeGreaterThan(0);
      if (evidence === 'lower') expect(truth).toBeLessThan(0);
      expect(multiplier).toBeCloseTo(Math.exp(credit), 12);
      expect(evidence).toBe(ci_low > 0 ? 'higher' : ci_high < 0 ? 'lower' : 'unclear');
    }
  });

  it('credits against the mean element of the kind, over all ads and inside each ad', async () => {
    const { elements } = await attributeJson(world);
    const { elements: inAds } = await attributeJson(world, '--by', 'ad');
    const ads = [...new Set(inAds.map(({ ad_id }) => ad_id))];
    expect(ads).toHaveLength(30);
    for (const rows of [elements, ...ads.map((ad) => inAds.filter(({ ad_id }) => ad_id === ad))].flatMap(byKind))
      expect(
        sum(rows.map(({ credit, impressions }) => credit * impressions)) / sum(rows.map(({ impressions }) => impressions)),
      ).toBeCloseTo(0, 9);
    // What ads showed adds up to what was shown.
    for (const { element_id, clicks } of elements)
      expect(sum(inAds.filter((row) => row.element_id === element_id).map((row) => row.clicks))).toBe(clicks);
    expect(inAds.every(({ evidence, expected }) => (evidence === 'insufficient') === expected < 5)).toBe(true);
  });

  it.each(['additive', 'gated'])(
    '%s: a creative has its logit from its ad, the mean of what this showed, and its credits',
    async (name) => {
      const folder = copyOf(world);
      if (name === 'gated') await runAll(folder, [GATED]);
      const { creatives, model } = await attributeJson(folder, '--by', 'creative');
      expect([model.estimator, creatives.length]).toEqual([name, 300]);
      for (const { ad_effect, baseline, elements, link } of creatives)
        expect(Math.abs(ad_effect + baseline + sum(elements.map(({ credit }) => credit)) - link)).toBeLessThan(1e-9);
      // What compose predicts of the same creatives comes from the model by another way.
      const linkOf = new Map(creatives.flatMap(({ creative_ids, link }) => creative_ids.map((id) => [id, link] as const)));
      const { ads } = await commandJson<{ ads: { creatives: { creative_id: string; score: number }[] }[] }>(folder, [
        'compose',
        '--per-ad',
        '30',
        '--random-share',
        '0',
      ]);
      const shown = ads.flatMap((ad) => ad.creatives).filter(({ creative_id }) => linkOf.has(creative_id));
      expect(shown.length).toBeGreaterThan(50);
      for (const { creative_id, score } of shown)
        expect(Math.abs(Math.log(score / (1 - score)) - (linkOf.get(creative_id) as number))).toBeLessThan(1e-6);
    },
  );

  it('writes the same rows as CSV', async () => {
    const folder = copyOf(world);
    const { elements } = await attributeJson(folder, '--csv', 'credits.csv');
    const rows = csvTable(join(folder, 'credits.csv'));
    expect(rows.map(({ element_id, kind, evidence }) => ({ element_id, kind, evidence }))).toEqual(
      elements.map(({ element_id, kind, evidence }) => ({ element_id, kind, evidence })),
    );
    expect(rows.map(({ credit }) => Number(credit))).toEqual(elements.map(({ credit }) => credit));
    const { creatives } = await attributeJson(folder, '--by', 'creative', '--csv', 'creatives.csv');
    const flat = csvTable(join(folder, 'creatives.csv'));
    expect(flat).toHaveLength(3 * creatives.length);
    expect(flat[0]).toMatchObject({ ad_id: creatives[0]?.ad_id, creative_ids: creatives[0]?.creative_ids.join(' ') });
    expect(Number(flat[0]?.link)).toBe(creatives[0]?.link);
    expect((await commandLine(folder, ['attribute', '--csv', 'again.csv'])).stdout).toContain('written: again.csv');
  });

  it('finds next to nothing in permuted outcomes, the same for the same seed', async () => {
    const argv = ['--control', '3'];
    const { control, elements } = await attributeJson(world, ...argv);
    expect(control).toMatchObject({ permutations: 3, judged: 51 });
    // Of 51 judgements 5 % are 2.6: 7 or more have a chance of 1 %.
    expect(control.called).toBeLessThanOrEqual(6);
    expect(control.share).toBe(control.called / control.judged);
    expect(elements.filter(({ evidence }) => evidence === 'higher').length).toBeGreaterThan(3);
    expect((await attributeJson(world, ...argv)).control).toEqual(control);
    expect((await commandLine(world, ['attribute', ...argv])).stdout).toMatch(/control: .* of 51 judgements/);
    for (const rounds of ['0', 'many', '1001']) expect((await commandLine(world, ['attribute', '--control', rounds])).code).toBe(2);
  });

  it('prints what people need to know, in the words of the label', async () => {
    const { stdout } = await commandLine(world, ['attribute']);
    expect(stdout).toMatch(
      /^mil-\w+ \(additive, clicks, over-dispersion \d\.\d\d\)\n\nkind +element +odds × +95 % interval +effective impressions +clicks +evidence\n/,
    );
    expect(stdout).not.toMatch(/NaN|undefined|has changed/);
    expect((await commandLine(world, ['attribute', '--by', 'ad'])).stdout).toMatch(/\nad +kind +element/);
    expect((await commandLine(world, ['attribute', '--by', 'creative'])).stdout).toMatch(/\nad +creative +kind +element +credit +link\n/);
    const folder = copyOf(world);
    for (const label of ['conversion', 'revenue']) {
      await runAll(folder, [[...ADDITIVE, '--label', label]]);
      const text = (await commandLine(folder, ['attribute', '--by', 'ad'])).stdout;
      expect(text).toContain(label === 'revenue' ? '(additive, revenue)' : '(additive, conversions,');
      expect(text).toContain(`too few ${label === 'revenue' ? 'revenue' : 'conversions'}`);
      expect(text).not.toContain('clicks');
    }
  });

  it('narrows to ads, lists those it does not know, and tells of no others', async () => {
    const { code, elements, failed, log_changed } = await attributeJson(world, '--ads', 'ad-0003,nobody', '--by', 'ad');
    expect({ code, failed, log_changed }).toEqual({
      code: 1,
      failed: [{ item: 'nobody', reason: expect.stringContaining('Expected an ad') }],
      log_changed: false,
    });
    expect(new Set(elements.map(({ ad_id }) => ad_id))).toEqual(new Set(['ad-0003']));
    expect(await commandLine(world, ['attribute', '--ads', 'nobody'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/nobody[\s\S]*atelier list ads/),
    });
  });

  it('says that the log has grown since, and does not judge what the model never saw', async () => {
    const folder = copyOf(world);
    await addCreatives(folder, [{ ad_id: 'ad-0001', creative_id: 'late', title: 'A title of tomorrow', image: 'image-1', video: 'clip' }]);
    await addLog(folder, 'sim', [['ad-0001', 'late', 4000, 200]]);
    const { code, elements, log_changed } = await attributeJson(folder);
    expect({ code, log_changed }).toEqual({ code: 0, log_changed: true });
    const late = elements.filter(({ content, kind }) => content === 'A title of tomorrow' || kind === 'video');
    expect(late.map(({ kind, evidence }) => [kind, evidence])).toEqual([
      ['title', 'insufficient'],
      ['video', 'insufficient'],
    ]);
    expect((await commandLine(folder, ['attribute'])).stdout).toContain('train again');
    await runAll(folder, [ADDITIVE]);
    expect((await attributeJson(folder)).log_changed).toBe(false);
  });

  it('attributes ads without a click', async () => {
    const folder = temporaryFolder();
    await addCreatives(folder, [
      { ad_id: 'a', creative_id: 'a1', title: 'One' },
      { ad_id: 'a', creative_id: 'a2', title: 'Two' },
      { ad_id: 'b', creative_id: 'b1', title: 'One' },
    ]);
    await addLog(folder, 'sim', [
      ['a', 'a1', 900, 30],
      ['a', 'a2', 900, 10],
      ['b', 'b1', 40, 0],
    ]);
    await runAll(folder, [ADDITIVE]);
    const { code, elements } = await attributeJson(folder, '--ads', 'b');
    expect(code).toBe(0);
    expect(elements).toMatchObject([{ content: 'One', clicks: 0, credit: 0, evidence: 'insufficient' }]);
  });

  it('takes the model trained last, or the one named; without any it says how to train one', async () => {
    const models = await commandJson<{ rows: { model_id: string; kind: string }[] }>(world, ['list', 'models']);
    const last = (await attributeJson(world)).model.model_id;
    const gated = models.rows.find(({ model_id }) => model_id !== last)?.model_id as string;
    expect((await attributeJson(world, '--model', gated)).model).toMatchObject({ model_id: gated, estimator: 'gated' });
    expect(await commandLine(world, ['attribute', '--model', 'mil-none'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(gated),
    });
    const folder = temporaryFolder();
    await addCreatives(folder, [{ ad_id: 'a', creative_id: 'a1', title: 'One' }]);
    expect(await commandLine(folder, ['attribute'])).toMatchObject({ code: 2, stderr: expect.stringContaining('atelier train mil') });
  });

  it.each(['model.json', 'posterior.f32'])('refuses a model whose %s is damaged or gone, naming the file and what to do', async (file) => {
    const folder = copyOf(world);
    const { model_id } = (await attributeJson(folder)).model;
    const path = join(folder, 'atelier.db.files', 'models', model_id, file);
    damage(path);
    for (const spoil of [() => {}, () => rmSync(path)]) {
      spoil();
      const { code, stdout, stderr } = await commandLine(folder, ['attribute']);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(path);
      expect(stderr).toContain('atelier train mil');
    }
  });

  it('stops at an interrupt and writes no CSV then', async () => {
    const folder = copyOf(world);
    for (const flags of [
      ['--by', 'ad'],
      ['--control', '3'],
    ])
      expect((await stopped(folder, ['attribute', '--csv', 'credits.csv', ...flags], 1, 'interrupted')).code).toBe(130);
    expect(readdirSync(folder)).not.toContain('credits.csv');
  });
});
