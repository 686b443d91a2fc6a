import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
}

interface Plan {
  readonly code: number;
  readonly day: string;
  readonly ads: readonly { ad_id: string; state: string; lambda: number; creatives: readonly PlannedCreative[] }[];
  readonly notes: readonly string[];
}

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
        expect(Object.keys(creative)).toEqual(CREATIVE_KEYS);
        expect(creative.propensity).toBe(creative.share);
        expect(creative.share).toBeGreaterThanOrEqual(0.05 / 4);
        expect(creative.reason).toMatch(/ECOI \d/);
      }
      const leader = creatives.find((creative) => creative.state === 'leader');
      expect(leader?.reward).toBe(Math.max(...creatives.map(({ reward }) => reward ?? -1)));
    }
  });

  it('gives the same plan when it is run again on the same day, and stores it once', async () => {
    const folder = await simulatedStore();
    const first = await commandJson<Plan>(folder, ['select']);
    const stored = await commandJson<{ rows: unknown[] }>(folder, ['list', 'plans', '--limit', '1000']);
    expect(await commandJson<Plan>(folder, ['select'])).toEqual(first);
    const again = await commandJson<{ rows: unknown[] }>(folder, ['list', 'plans', '--limit', '1000']);
    expect(stored.rows).toHaveLength(12);
    expect(again).toEqual(stored);
    await commandLine(folder, ['select', '--day', '2026-05-01']);
    expect((await commandJson<{ rows: unknown[] }>(folder, ['list', 'plans', '--limit', '1000'])).rows).toHaveLength(24);
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
