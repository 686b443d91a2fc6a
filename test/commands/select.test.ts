import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/core/store/open.ts';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';
import { csvTable, readTruth, simulatedStore } from './simulated_store.ts';

interface PlannedCreative {
  readonly creative_id: string;
  readonly state: string;
  readonly share: number;
  readonly propensity: number;
  readonly index: number | null;
  readonly reward: number | null;
  readonly ecoi_shrunk: number | null;
  readonly reason: string;
  readonly prior_mean: number;
}

interface PlannedWindow {
  readonly window: number;
  readonly first_day: string;
  readonly last_day: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly views: number;
  readonly view_time_s: number | null;
  readonly lambda: number;
  readonly phase: string;
  readonly leader: string | null;
}

interface Transition {
  readonly window: number;
  readonly event: string;
  readonly creative_id: string | null;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number>>;
}

interface PlannedAd {
  readonly ad_id: string;
  readonly state: string;
  readonly lambda: number;
  readonly reason: string;
  readonly exposure_floor: number;
  readonly creatives: readonly PlannedCreative[];
  readonly windows: readonly PlannedWindow[];
  readonly transitions: readonly Transition[];
}

interface Ecoi {
  readonly creative_id: string;
  readonly clicks: number;
  readonly effective_impressions: number;
  readonly ecoi_shrunk: number;
}

interface Plan {
  readonly code: number;
  readonly prior: {
    readonly kind: string;
    readonly model_id: string | null;
    readonly strength: number;
    readonly scale: number | null;
  };
  readonly day: string;
  readonly seed: number;
  readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly ads: readonly PlannedAd[];
  readonly notes: readonly string[];
  readonly explanations: readonly { readonly id: string; readonly lines: readonly string[] }[];
}

/** Rows of a table of the store. */
function storedRows(folder: string, table: string): Readonly<Record<string, unknown>>[] {
  const store = openStore(join(folder, 'atelier.db'), { create: false, now: new Date(0) });
  try {
    const rows = store.db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[];
    return byContent(rows);
  } finally {
    store.db.close();
  }
}

/** Rows with their columns by name, in the order of their content. */
function byContent(rows: readonly Readonly<Record<string, unknown>>[]): Readonly<Record<string, unknown>>[] {
  const sorted = rows.map((row) => Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
  return sorted.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** A store whose three ads had 40,000 impressions each, long enough for exits. */
function longStore(): Promise<string> {
  return simulatedStore('--impressions', '120000', '--days', '20', '--spread', '0.4');
}

/** Tables that tell a plan's creatives and how the ad came to be where it is. */
const HISTORY = ['plan_creatives', 'plan_windows', 'plan_transitions'];
const CREATIVE_KEYS = ['creative_id', 'state', 'share', 'propensity', 'index', 'reward', 'ecoi_shrunk', 'reason'];

describe('select', () => {
  it('plans tomorrow for every ad, with the keys of the contract', async () => {
    const plan = await commandJson<Plan>(await simulatedStore(), ['select']);
    expect(plan).toMatchObject({ code: 0, day: '2026-03-02' });
    expect(plan.ads.map(({ ad_id }) => ad_id)).toEqual(['ad-0001', 'ad-0002', 'ad-0003']);
    for (const { state, lambda, creatives } of plan.ads) {
      expect(state).toBe('explore');
      expect(lambda).toBeGreaterThanOrEqual(0);
      expect(creatives).toHaveLength(4);
      expect(creatives.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(creatives.filter((creative) => creative.state === 'leader')).toHaveLength(1);
      for (const creative of creatives) {
        expect(Object.keys(creative)).toEqual([...CREATIVE_KEYS, 'prior_mean']);
        expect(creative.propensity).toBe(creative.share);
        const shown = creatives.filter((row) => row.state !== 'retired').length;
        if (creative.state === 'retired' && shown > 1) expect(creative.share).toBe(0);
        else if (creative.state !== 'retired') expect(creative.share).toBeGreaterThanOrEqual(0.05 / shown);
        expect(creative.reason).toMatch(/ECOI \d/);
      }
      const leader = creatives.find((creative) => creative.state === 'leader');
      const live = creatives.filter((creative) => creative.state !== 'retired');
      expect(leader?.reward).toBe(Math.max(...live.map(({ reward }) => reward ?? -1)));
    }
  });

  it('gives the same plan, rows and files when it is run again on the same day, and keeps the plans of other days', async () => {
    const folder = await longStore();
    const run = async () => {
      const json = await commandLine(folder, ['select', '--json', '--out', 'plan.csv']);
      await commandLine(folder, ['select', '--out', 'plan.json']);
      // The run that made a plan is the only thing that changes.
      const plans = storedRows(folder, 'plans').map(({ run_id: _, ...row }) => row);
      return {
        stdout: json.stdout,
        csv: readFileSync(join(folder, 'plan.csv'), 'utf8'),
        json: readFileSync(join(folder, 'plan.json'), 'utf8'),
        plans,
        ...Object.fromEntries(HISTORY.map((table) => [table, storedRows(folder, table)])),
      };
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(first.plans).toHaveLength(3);
    for (const table of HISTORY) expect(storedRows(folder, table).length).toBeGreaterThan(0);
    const stored = await commandJson<{ rows: unknown[] }>(folder, ['list', 'plans', '--limit', '1000']);
    expect(stored.rows).toHaveLength(12);

    // Another day, and one ad of the first day with other settings: the rest stays as it was.
    await commandLine(folder, ['select', '--day', '2026-05-01']);
    writeFileSync(join(folder, 'even.yaml'), 'plan:\n  random_floor: 1\nexit:\n  expected_loss: 0\n');
    await commandLine(folder, ['select', '--ads', 'ad-0002', '--config', 'even.yaml']);
    expect(storedRows(folder, 'plans').map(({ day, ad_id }) => [day, ad_id])).toEqual(
      ['ad-0001', 'ad-0002', 'ad-0003'].flatMap((ad) => ['2026-03-02', '2026-05-01'].map((day) => [day, ad])),
    );
    const rows = storedRows(folder, 'plan_creatives').filter(({ day }) => day === '2026-03-02');
    const before = first as unknown as Record<string, { ad_id: string }[]>;
    expect(rows.filter(({ ad_id }) => ad_id !== 'ad-0002')).toEqual(before.plan_creatives?.filter(({ ad_id }) => ad_id !== 'ad-0002'));
    expect(rows).not.toEqual(before.plan_creatives);
  });

  it('shows the truly best creatives more than their even part once the log is long', async () => {
    const folder = await simulatedStore('--impressions', '120000', '--placement', '1');
    const { ads } = await commandJson<Plan>(folder, ['select']);
    const shares = readTruth(folder).ads.map(
      ({ ad_id, best }) => ads.find((ad) => ad.ad_id === ad_id)?.creatives.find((row) => row.creative_id === best)?.share ?? 0,
    );
    expect(shares.reduce((sum, share) => sum + share, 0) / 3).toBeGreaterThan(0.5);
  });

  it('shows a creative first that was never shown', async () => {
    const folder = await simulatedStore();
    const added = { ad_id: 'ad-0001', creative_id: 'ad-0001-new', elements: { title: 'A new title' } };
    writeFileSync(join(folder, 'new.jsonl'), JSON.stringify(added));
    await commandLine(folder, ['import', 'creatives', 'new.jsonl']);
    const { ads } = await commandJson<Plan>(folder, ['select', '--ads', 'ad-0001']);
    expect(ads).toHaveLength(1);
    const fresh = ads[0]?.creatives.find(({ creative_id }) => creative_id === 'ad-0001-new');
    expect(fresh).toMatchObject({
      state: 'new',
      index: null,
      reward: null,
      ecoi_shrunk: null,
      reason: expect.stringContaining('never shown'),
    });
    expect(fresh?.share).toBeGreaterThan(0.05 / 5);
  });

  it('takes the note’s own title as base, to which uplift is relative', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes.jsonl'), JSON.stringify({ note_id: 'n', title: 'Own title', body: 'text' }));
    const creatives = ['Own title', 'Another'].map((title, i) => ({ ad_id: 'a', note_id: 'n', creative_id: `c${i}`, elements: { title } }));
    writeFileSync(join(folder, 'creatives.jsonl'), creatives.map((line) => JSON.stringify(line)).join('\n'));
    writeFileSync(join(folder, 'rows.csv'), 'ad_id,creative_id,impressions,clicks\na,c0,100000,2000\na,c1,100000,3000\n');
    await commandLine(folder, ['import', 'notes', 'notes.jsonl']);
    await commandLine(folder, ['import', 'creatives', 'creatives.jsonl']);
    await commandLine(folder, ['import', 'logs', 'rows.csv']);
    const { ads, notes } = await commandJson<Plan>(folder, ['select']);
    const [own, other] = ads.flatMap((ad) => ad.creatives) as [PlannedCreative, PlannedCreative];
    expect(own.reward).toBe(0);
    // 3 % over 2 %, shrunk by no more than a few of 2,000 clicks.
    expect(Math.abs((other.reward ?? 0) - 0.5)).toBeLessThan(0.02);
    expect(notes).toContain('QoE not measured');
  });

  it('expects of every creative the mean ECOI of all, counted for as much as the logs say', async () => {
    const folder = await simulatedStore();
    const { prior, ads } = await commandJson<Plan>(folder, ['select']);
    expect(prior).toEqual({ kind: 'ecoi', model_id: null, strength: expect.any(Number), scale: null, is_preferred: false });
    expect(await commandJson<Plan>(folder, ['select', '--prior', 'ecoi'])).toMatchObject({ prior, ads });
    const { creatives } = await commandJson<{ creatives: Ecoi[] }>(folder, ['ecoi']);
    const shrunk = new Map(creatives.map((creative) => [creative.creative_id, creative]));
    const means = new Set(ads.flatMap((ad) => ad.creatives.map((creative) => creative.prior_mean)));
    expect(means.size).toBe(1);
    for (const { creative_id, prior_mean } of ads.flatMap((ad) => ad.creatives)) {
      const { clicks, effective_impressions: exposure, ecoi_shrunk } = shrunk.get(creative_id) as Ecoi;
      expect((clicks + prior.strength) / (exposure + prior.strength / prior_mean)).toBeCloseTo(ecoi_shrunk, 12);
    }
  });

  it('expects of every creative what a dual tower predicts, of one never shown too', async () => {
    const folder = await simulatedStore();
    const added = { ad_id: 'ad-0001', creative_id: 'ad-0001-new', elements: { title: 'A new title' } };
    writeFileSync(join(folder, 'new.jsonl'), JSON.stringify(added));
    await commandLine(folder, ['import', 'creatives', 'new.jsonl']);
    expect(await commandLine(folder, ['select', '--prior', 'dual-tower'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Expected a dual-tower model'),
    });
    const { model_id } = await commandJson<{ model_id: string }>(folder, ['train', 'dual-tower', '--epochs', '1']);
    const plan = await commandJson<Plan>(folder, ['select', '--prior', 'dual-tower', '--explain', 'ad-0001-new']);
    expect(plan.prior).toEqual({
      kind: 'dual-tower',
      model_id,
      strength: expect.any(Number),
      scale: expect.any(Number),
      is_preferred: true,
    });
    const creatives = plan.ads.flatMap((ad) => ad.creatives);
    for (const { prior_mean, index, reward, ecoi_shrunk } of creatives) {
      expect(prior_mean).toBeGreaterThan(0);
      for (const value of [index, reward, ecoi_shrunk]) expect(Number.isFinite(value)).toBe(true);
    }
    expect(new Set(creatives.map(({ prior_mean }) => prior_mean)).size).toBeGreaterThan(1);
    const fresh = creatives.find(({ creative_id }) => creative_id === 'ad-0001-new');
    expect(fresh).toMatchObject({ state: 'new', ecoi_shrunk: expect.closeTo(fresh?.prior_mean as number, 12) });
    const evidence = /predicted CTR \d+\.\d\d% counts as [\d.,]+ clicks of evidence/;
    expect(fresh?.reason).toMatch(evidence);
    expect(plan.explanations[0]?.lines.join('\n')).toMatch(evidence);
    expect(storedRows(folder, 'plan_creatives')).toHaveLength(creatives.length);
    // The newest model by its name gives the same plan.
    const named = await commandJson<Plan>(folder, ['select', '--prior', 'dual-tower', '--model', model_id, '--explain', 'ad-0001-new']);
    expect(named).toEqual(plan);
    expect((await commandLine(folder, ['select', '--prior', 'dual-tower'])).stdout).toContain(
      `prior: dual tower ${model_id} predicts 13 of 13 creatives`,
    );
  });

  it('refuses a prior it does not know, and a model without the prior that takes one', async () => {
    const folder = await simulatedStore();
    expect(await commandLine(folder, ['select', '--prior', 'mean'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('dual-tower'),
    });
    expect(await commandLine(folder, ['select', '--model', 'm1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Expected --model with --prior dual-tower only but received m1.'),
    });
    expect(storedRows(folder, 'plans')).toEqual([]);
  });

  it('writes the plan as CSV and as JSON', async () => {
    const folder = await simulatedStore();
    const plan = await commandJson<Plan>(folder, ['select', '--out', 'plan.csv']);
    const rows = csvTable(join(folder, 'plan.csv'));
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(['day', 'ad_id', ...CREATIVE_KEYS].sort());
    expect(rows.map((row) => [row.day, row.ad_id, row.creative_id, Number(row.share)])).toEqual(
      plan.ads.flatMap((ad) => ad.creatives.map((row) => [plan.day, ad.ad_id, row.creative_id, row.share])),
    );
    await commandLine(folder, ['select', '--out', 'plan.json']);
    const { code: _, ...document } = plan;
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).toEqual(document);
  });

  it('plans before the first log: every creative is new and gets the same share', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'c.csv'),
      ['ad_id,creative_id,element.title', ...['x', 'y', 'z', 'w'].map((id) => `a,${id},title ${id}`)].join('\n'),
    );
    await commandLine(folder, ['import', 'creatives', 'c.csv']);
    const { code, ads } = await commandJson<Plan>(folder, ['select', '--ads', 'a,nobody']);
    expect(code).toBe(1); // one of the two ads is not there
    expect(ads.map((ad) => ad.ad_id)).toEqual(['a']);
    for (const creative of ads[0]?.creatives ?? []) expect(creative).toMatchObject({ state: 'new', index: null, share: 0.25 });
  });

  it('takes ads out of exploration, with the windows and transitions that led there in JSON and in the store', async () => {
    const folder = await longStore();
    const { ads } = await commandJson<Plan>(folder, ['select']);
    expect(new Set(ads.map(({ state }) => state))).toEqual(new Set(['explore', 'exploit']));
    expect(ads.flatMap(({ windows }) => windows).reduce((sum, { impressions }) => sum + impressions, 0)).toBe(120_000);
    const truth = readTruth(folder);
    for (const { ad_id, state, creatives, windows, transitions, reason } of ads) {
      const leader = creatives.find((creative) => creative.state === 'leader');
      const retired = creatives.filter((creative) => creative.state === 'retired');
      const others = creatives.length - retired.length - 1;
      for (const { share, reason: why } of retired) {
        // Where all others retired they are tried all the same: 1 % of probes, or the random 5 %.
        expect(share).toBeCloseTo(others > 0 ? 0 : state === 'exploit' ? 0.01 / retired.length : 0.05 / creatives.length, 12);
        expect(why).toMatch(/^retired in window \d+: as good as the leader with probability 0\.\d+%/);
      }
      expect(windows).toHaveLength(20);
      expect(windows[0]).toMatchObject({ window: 1, first_day: '2026-01-01', last_day: '2026-01-01', phase: 'explore' });
      for (const { views, clicks, view_time_s } of windows) {
        expect(views).toBe(clicks);
        expect(view_time_s).toBeGreaterThan(0);
      }
      expect(windows.at(-1)?.phase).toBe(state);
      const exit = transitions.find(({ event }) => event === 'exit');
      if (state !== 'exploit') {
        expect(exit).toBeUndefined();
        expect(reason).toMatch(/^exploring: the expected loss is \d|^exploring: the leader's range/);
        continue;
      }
      expect(leader?.share).toBeCloseTo(0.99, 12);
      for (const creative of creatives) if (creative.state === 'live') expect(creative.share).toBeCloseTo(0.01 / others, 12);
      expect(leader?.reason).toContain(`alone since window ${exit?.window}`);
      expect(exit?.creative_id).toBe(leader?.creative_id);
      expect(Object.keys(exit?.numbers ?? {})).toEqual(['ecoi', 'range', 'expectedLoss', 'lambda']);
      expect(windows[(exit?.window as number) - 1]).toMatchObject({ phase: 'exploit', leader: leader?.creative_id });
      const ctrs = truth.ads.find((ad) => ad.ad_id === ad_id)?.creatives ?? [];
      const kept = ctrs.find(({ creative_id }) => creative_id === leader?.creative_id)?.ctr as number;
      // An exit accepts an expected loss of 1 %; ten times that would be bad luck in a thousand.
      expect(kept).toBeGreaterThan(0.9 * Math.max(...ctrs.map(({ ctr }) => ctr)));
    }
    const day = '2026-03-02';
    expect(storedRows(folder, 'plan_windows')).toEqual(
      byContent(ads.flatMap(({ ad_id, windows }) => windows.map((window) => ({ ...window, day, ad_id })))),
    );
    expect(storedRows(folder, 'plan_transitions')).toEqual(
      byContent(
        ads.flatMap(({ ad_id, transitions }) =>
          transitions.map(({ numbers, ...transition }, at) => ({
            ...transition,
            numbers: JSON.stringify(numbers),
            day,
            ad_id,
            seq: at + 1,
          })),
        ),
      ),
    );
  });

  it('reopens an ad that shows its leader when a creative is imported', async () => {
    const folder = await longStore();
    const { ads } = await commandJson<Plan>(folder, ['select']);
    const exploited = ads.find(({ state }) => state === 'exploit')?.ad_id as string;
    const added = { ad_id: exploited, creative_id: 'added', elements: { title: 'A new title' } };
    writeFileSync(join(folder, 'new.jsonl'), JSON.stringify(added));
    await commandLine(folder, ['import', 'creatives', 'new.jsonl']);
    const [ad] = (await commandJson<Plan>(folder, ['select', '--ads', exploited])).ads as [PlannedAd];
    expect(ad.state).toBe('reopened');
    expect(ad.reason).toMatch(/^reopened in window 20 \(a creative was added\)/);
    expect(ad.transitions.at(-1)).toMatchObject({ window: 20, event: 'reopen', creative_id: 'added', numbers: {} });
    const fresh = ad.creatives.find(({ creative_id }) => creative_id === 'added') as PlannedCreative;
    expect(fresh).toMatchObject({ state: 'new', index: null });
    // Its floor, of about 2,000 impressions expected.
    expect(fresh.share).toBeGreaterThan((0.9 * ad.exposure_floor) / 2_000);
  });

  it('explains a creative or a whole ad in several lines, and fails for an id that is not there', async () => {
    const folder = await longStore();
    const { ads } = await commandJson<Plan>(folder, ['select']);
    const exploited = ads.find(({ state }) => state === 'exploit') as PlannedAd;
    const leader = exploited.creatives.find(({ state }) => state === 'leader') as PlannedCreative;

    const one = await commandLine(folder, ['select', '--explain', leader.creative_id]);
    expect(one).toMatchObject({ code: 0 });
    expect(one.stdout).toContain(`Ad ${exploited.ad_id}: exploit. ${exploited.reason}.`);
    expect(one.stdout).toMatch(/window {2}days +impressions +clicks +view time +λ +state +leader/);
    expect(one.stdout).toContain(`Creative ${leader.creative_id}: leader, ${(100 * leader.share).toFixed(2)}% of tomorrow's impressions.`);
    expect(one.stdout).toContain(`why:     ${leader.reason}`);
    expect(one.stdout).toMatch(/viewing: \d+\.\d s after a click, from [\d,]+ views/);
    for (const { event, creative_id } of exploited.transitions) expect(one.stdout).toContain(`${event} ${creative_id}: `);
    expect(one.stdout.match(/^Creative /gm)).toHaveLength(1);
    expect(one.stdout).not.toContain('Plan for');

    const whole = await commandJson<Plan>(folder, ['select', '--explain', `${exploited.ad_id},nobody`]);
    expect(whole.code).toBe(1);
    expect(whole.explanations.map(({ id }) => id)).toEqual([exploited.ad_id, 'nobody']);
    expect(whole.explanations[0]?.lines.filter((line) => line.startsWith('Creative '))).toHaveLength(4);
    expect(whole.explanations[1]?.lines).toEqual([]);
    expect(await commandLine(folder, ['select', '--explain', 'nobody'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nobody: Expected a creative or an ad of this plan'),
    });
  });

  it('explains ads without a window, and creatives never shown', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'c.csv'), 'ad_id,creative_id,element.title\na,x,title x\na,y,title y\n');
    await commandLine(folder, ['import', 'creatives', 'c.csv']);
    const { code, stdout } = await commandLine(folder, ['select', '--explain', 'a']);
    expect(code).toBe(0);
    expect(stdout).toContain('Ad a: explore. exploring: no full window yet.');
    expect(stdout).toContain("Creative x: new, 50.00% of tomorrow's impressions.");
    expect(stdout).toContain('never shown: it comes first');
    expect(stdout).not.toContain('NaN');
  });

  it('heeds the settings of --config and prints all settings back', async () => {
    const folder = await simulatedStore();
    const settings = ['reward:', '  lambda_max: 0', 'exit:', '  window: 7d', 'plan:', '  random_floor: 0.4'];
    writeFileSync(join(folder, 'settings.yaml'), settings.join('\n'));
    const usual = await commandJson<Plan>(folder, ['select']);
    const other = await commandJson<Plan>(folder, ['select', '--config', 'settings.yaml']);
    expect(usual.config.exit?.window).toBe(500);
    expect(other.config).toEqual({
      ...usual.config,
      reward: { ...usual.config.reward, lambda_max: 0 },
      exit: { ...usual.config.exit, window: '7d' },
      plan: { random_floor: 0.4 },
    });
    for (const { windows, lambda, creatives } of other.ads) {
      expect(windows).toEqual([]); // five days do not fill a window of seven
      expect(lambda).toBe(0);
      for (const { share } of creatives) expect(share).toBeGreaterThanOrEqual(0.1);
    }
    expect(usual.ads.every(({ windows }) => windows.length === 5)).toBe(true);
  });

  it('refuses settings it does not know, with file, line and column, and stores no plan', async () => {
    const folder = await simulatedStore();
    const tryWith = async (text: string) => {
      writeFileSync(join(folder, 'settings.yaml'), text);
      return commandLine(folder, ['select', '--config', 'settings.yaml']);
    };
    const cases = [
      ['exit:\n  ring: 3\n  rang: 4\n', 'settings.yaml:3:3: Expected one of reward.ctr_weight'],
      ['plan:\n  random_floor: 2\n', 'settings.yaml:2:3: Expected plan.random_floor to be a number from 0 to 1 but received 2.'],
      ['\nexits:\n  ring: 3\n', 'settings.yaml:2:1: Expected one of the sections reward, policy, exit and plan but received exits.'],
      ['exit: [\n', 'settings.yaml:2:1: Expected YAML'],
    ];
    for (const [text, message] of cases) {
      expect(await tryWith(text as string)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message as string) });
    }
    expect(await commandLine(folder, ['select', '--config', 'nowhere.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nowhere.yaml cannot be read'),
    });
    expect(await commandLine(folder, ['select', '--out', 'plan.txt'])).toMatchObject({ code: 2 });
    expect(storedRows(folder, 'plans')).toEqual([]);
  });

  it('plans the day and the ads it is asked for', async () => {
    const folder = await simulatedStore();
    const plan = await commandJson<Plan>(folder, ['select', '--day', '2026-02-28', '--ads', 'ad-0003,ad-0001', '--out', 'plan.csv']);
    expect(plan).toMatchObject({ code: 0, day: '2026-02-28' });
    expect(plan.ads.map(({ ad_id }) => ad_id)).toEqual(['ad-0001', 'ad-0003']);
    expect(new Set(csvTable(join(folder, 'plan.csv')).map(({ day }) => day))).toEqual(new Set(['2026-02-28']));
    expect(storedRows(folder, 'plans').map(({ day, ad_id }) => [day, ad_id])).toEqual([
      ['2026-02-28', 'ad-0001'],
      ['2026-02-28', 'ad-0003'],
    ]);
    // An ad's plan does not depend on which others are planned with it.
    const all = await commandJson<Plan>(folder, ['select', '--day', '2026-02-28']);
    expect(all.ads.filter(({ ad_id }) => ad_id !== 'ad-0002')).toEqual(plan.ads);
  });

  it('refuses a store without ads and an odd day, and lists ads that are not there', async () => {
    const folder = temporaryFolder();
    expect(await commandLine(folder, ['select'])).toMatchObject({ code: 2 });
    const filled = await simulatedStore();
    expect(await commandLine(filled, ['select', '--ads', 'none'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none: Expected an ad'),
    });
    for (const day of ['tomorrow', '2026-13-01']) expect(await commandLine(filled, ['select', '--day', day])).toMatchObject({ code: 2 });
  });
});
