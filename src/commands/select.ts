import { extname } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../core/errors.ts';
import type { EcoiReport } from '../core/feedback/ecoi.ts';
import type { AdDays, Outcomes } from '../core/feedback/outcomes.ts';
import type { CreativeOutcome } from '../core/feedback/reward.ts';
import type { Ad, Creative } from '../core/store/creatives.ts';
import type { Store } from '../core/store/open.ts';
import type { PlanCreativeRow, PlanRow } from '../core/store/plans.ts';
import { type ClickData, readClickData } from './click_data.ts';
import {
  type CliContext,
  createCommand,
  parseDay,
  parseList,
  percent,
  type StoreSession,
  storeAction,
  table,
  unknownIds,
} from './shared.ts';

const MS_PER_DAY = 86_400_000;
/** Impressions a day assumed for an ad that was never shown, or hardly. */
const LEAST_IMPRESSIONS = 1_000;
/** Prior without any click in the logs: one click in a hundred impressions, worth one click. */
const BLANK_PRIOR = { k: 1, m: 0.01 };
const NEVER_SHOWN: CreativeOutcome = {
  ecoiShrunk: 0,
  clicks: 0,
  effectiveImpressions: 0,
  impressions: 0,
  revenue: 0,
  views: 0,
  logViewTime: 0,
};
const NO_DAYS: AdDays = { windows: [], impressions: 0 };
const CREATIVES_SHOWN = 60;
const COLUMNS = ['day', 'ad_id', 'creative_id', 'state', 'share', 'propensity', 'index', 'reward', 'ecoi_shrunk', 'reason'] as const;

interface Options {
  readonly log?: string;
  readonly ads?: string[];
  readonly day?: string;
  readonly out?: string;
}

export function selectCommand(context: CliContext): Command {
  return createCommand(
    'select',
    "tomorrow's plan: the share of impressions of every creative, with its reason",
    'atelier select --out plan.csv',
  )
    .option('--log <name>', 'learn from one log (all logs when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--day <day>', 'the day the plan is for, YYYY-MM-DD (tomorrow when not given)', parseDay)
    .option('--out <file>', 'write the plan as .csv or .json')
    .action(storeAction<Options>(context, 'existing', select));
}

async function select(session: StoreSession<Options>) {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const { collectOutcomes } = await import('../core/feedback/outcomes.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { savePlans } = await import('../core/store/plans.ts');
  const { store, options } = session;
  if (options.out !== undefined && !['.csv', '.json'].includes(extname(options.out))) {
    throw new UserError(`Expected --out to name a .csv or .json file but received ${options.out}.`);
  }
  // Before the first log comes back, every creative is one never shown.
  const data = await readClickData(store, options.log === undefined ? undefined : findLog(store, options.log));
  const report = computeEcoi(data.input);
  const learnt: Learnt = {
    report,
    outcomes: collectOutcomes({ ...data.cells, creative: data.input.creative }, report, data.input.ad, data.ads.length),
    creativeIndex: new Map(data.arms.map((arm, index) => [`${arm.adId}\0${arm.creativeId}`, index])),
    adIndex: new Map(data.ads.map((ad, index) => [ad, index])),
  };
  const all = await collectAds(store, data);
  const ads = all.filter(({ ad }) => !options.ads || options.ads.includes(ad.adId));
  const failures = unknownIds(
    'an ad',
    options.ads,
    all.map(({ ad }) => ad.adId),
  );
  if (all.length === 0) throw new UserError('Expected ads with creatives but there are none.', 'Compose or import creatives first.');
  const plans: PlanRow[] = [];
  const notes = new Map<string, number>();
  for (const [index, ad] of ads.entries()) {
    const { plan, notes: adNotes } = await planAd(session, ad, learnt);
    plans.push(plan);
    for (const note of adNotes) notes.set(note, (notes.get(note) ?? 0) + 1);
    session.onProgress({ task: 'select', done: index + 1, total: ads.length, unit: 'ads' });
  }
  const day = options.day ?? new Date(session.now.getTime() + MS_PER_DAY).toISOString().slice(0, 10);
  savePlans(store, day, plans, session.runId);
  const json = {
    day,
    seed: session.seed,
    ads: plans.map(({ adId, state, lambda, creatives }) => ({ ad_id: adId, state, lambda, creatives: creatives.map(creativeJson) })),
    notes: [...notes.keys()],
  };
  const text = [`Plan for ${day}:`, '', ...planTable(plans), '', ...[...notes].map(([note, times]) => `${note} (${times} ads)`)];
  if (options.out !== undefined) text.push(`written: ${await writePlan(session.path(options.out), day, json, plans)}`);
  return { json, text, failures, counts: { ads: plans.length, creatives: plans.reduce((sum, plan) => sum + plan.creatives.length, 0) } };
}

/** What the logs have taught, of all ads at once. */
interface Learnt {
  readonly report: EcoiReport;
  readonly outcomes: Outcomes;
  readonly creativeIndex: ReadonlyMap<string, number>;
  readonly adIndex: ReadonlyMap<string, number>;
}

interface AdCandidates {
  readonly ad: Ad;
  readonly creativeIds: readonly string[];
  /** The creative that is the note's own title (and cover), if one is. */
  readonly base: string | undefined;
}

/** Every ad with its creatives: those stored, and those that only the log knows. */
async function collectAds(store: Store, data: ClickData): Promise<AdCandidates[]> {
  const { readAds, readCreatives } = await import('../core/store/creatives.ts');
  const { readElement } = await import('../core/store/elements.ts');
  const { readNotes } = await import('../core/store/notes.ts');
  const known = new Map(readAds(store).map((ad) => [ad.adId, ad]));
  const creatives = new Map<string, Creative[]>();
  for (const creative of readCreatives(store)) creatives.set(creative.adId, [...(creatives.get(creative.adId) ?? []), creative]);
  const ids = new Map<string, Set<string>>();
  for (const [adId, list] of creatives) ids.set(adId, new Set(list.map((creative) => creative.creativeId)));
  for (const arm of data.arms) ids.set(arm.adId, (ids.get(arm.adId) ?? new Set()).add(arm.creativeId));
  const titles = new Map(readNotes(store).map((note) => [note.noteId, note.title.trim()]));
  return [...ids]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([adId, set]) => {
      const ad = known.get(adId) ?? { adId, noteId: null };
      const title = ad.noteId === null ? undefined : titles.get(ad.noteId);
      const own = (creatives.get(adId) ?? []).filter(
        (creative) => title && readElement(store, creative.elements.title ?? '')?.text === title,
      );
      return { ad, creativeIds: [...set].sort(), base: own.length === 1 ? own[0]?.creativeId : undefined };
    });
}

async function planAd(
  session: StoreSession<Options>,
  candidates: AdCandidates,
  learnt: Learnt,
): Promise<{ plan: PlanRow; notes: readonly string[] }> {
  const { computeReward } = await import('../core/feedback/reward.ts');
  const { planShares } = await import('../core/feedback/plan.ts');
  const { createRandom } = await import('../core/random.ts');
  const { sha256 } = await import('../core/ids.ts');
  const { adId } = candidates.ad;
  const { report } = learnt;
  const { outcomes, days } = outcomesOf(candidates, learnt);
  const { windows } = days;
  const shown = outcomes.map((_, i) => i).filter((i) => (outcomes[i]?.impressions as number) > 0);
  const { k, m } = report.shrinkage ?? BLANK_PRIOR;
  const base = candidates.base === undefined ? -1 : shown.findIndex((i) => candidates.creativeIds[i] === candidates.base);
  const reward = computeReward(
    shown.map((i) => outcomes[i] as CreativeOutcome),
    base < 0 ? undefined : base,
    windows,
  );
  const place = new Map(shown.map((i, at) => [i, at]));
  const shares = planShares(
    outcomes.map((outcome, i) => ({ ...outcome, rewardRest: reward.rest[place.get(i) ?? -1] ?? 0 })),
    {
      k,
      m,
      base: reward.base > 0 ? reward.base : m,
      dispersion: report.dispersion.phi,
      impressions: Math.max(LEAST_IMPRESSIONS, days.impressions / Math.max(1, windows.length)),
      windows: windows.length,
      random: createRandom(session.seed, Number.parseInt(sha256(adId).slice(0, 8), 16)),
    },
  );
  const leader = shown.reduce(
    (best, i) =>
      best < 0 || (reward.rewards[place.get(i) as number] as number) > (reward.rewards[place.get(best) as number] as number) ? i : best,
    -1,
  );
  const creatives = outcomes.map((outcome, i): PlanCreativeRow => {
    const at = place.get(i);
    const { share, bound } = shares[i] as { share: number; bound: number };
    const own = at === undefined ? null : (reward.rewards[at] as number);
    return {
      creativeId: candidates.creativeIds[i] as string,
      state: at === undefined ? 'new' : i === leader ? 'leader' : 'live',
      share,
      propensity: share,
      bound,
      reward: own,
      ecoiShrunk: at === undefined ? null : outcome.ecoiShrunk,
      reason: reasonFor(outcome, own, bound, i === leader),
    };
  });
  return { plan: { adId, state: 'explore', lambda: reward.lambda, creatives }, notes: shown.length > 0 ? reward.notes : [] };
}

/** What the logs say of an ad's creatives, in the order of the candidates, and of its days. */
function outcomesOf(candidates: AdCandidates, learnt: Learnt): { outcomes: CreativeOutcome[]; days: AdDays } {
  const { adId } = candidates.ad;
  const outcomes = candidates.creativeIds.map((creativeId) => {
    const index = learnt.creativeIndex.get(`${adId}\0${creativeId}`);
    return index === undefined ? NEVER_SHOWN : (learnt.outcomes.creatives[index] as CreativeOutcome);
  });
  const ad = learnt.adIndex.get(adId);
  return { outcomes, days: ad === undefined ? NO_DAYS : (learnt.outcomes.ads[ad] as AdDays) };
}

function reasonFor(outcome: CreativeOutcome, reward: number | null, bound: number, leader: boolean): string {
  if (reward === null) return 'never shown: it comes first';
  const facts = `ECOI ${percent(outcome.ecoiShrunk)} from ${Math.round(outcome.effectiveImpressions)} effective impressions, reward ${signed(reward)}, bound ${signed(bound)}`;
  return leader ? `highest reward: ${facts}` : facts;
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : '−'}${Math.abs(100 * value).toFixed(1)}%`;
}

function creativeJson(row: PlanCreativeRow) {
  return {
    creative_id: row.creativeId,
    state: row.state,
    share: row.share,
    propensity: row.propensity,
    index: Number.isFinite(row.bound) ? row.bound : null,
    reward: row.reward,
    ecoi_shrunk: row.ecoiShrunk,
    reason: row.reason,
  };
}

function planTable(plans: readonly PlanRow[]): string[] {
  const rows = plans.flatMap((plan) =>
    plan.creatives.map((creative) => [plan.adId, creative.creativeId, creative.state, percent(creative.share, 1), creative.reason]),
  );
  const more = rows.length > CREATIVES_SHOWN ? [`… ${rows.length - CREATIVES_SHOWN} more; --out or --json lists them all`] : [];
  return [...table(['ad', 'creative', 'state', 'share', 'why'], rows.slice(0, CREATIVES_SHOWN), [3]), ...more];
}

async function writePlan(path: string, day: string, json: unknown, plans: readonly PlanRow[]): Promise<string> {
  const { writeCsv, writeWhole } = await import('./csv_file.ts');
  if (extname(path) === '.json') writeWhole(path, `${JSON.stringify(json, null, 2)}\n`);
  else
    writeCsv(
      path,
      plans.flatMap((plan) => plan.creatives.map((row) => ({ day, ad_id: plan.adId, ...creativeJson(row) }))),
      COLUMNS,
    );
  return path;
}
