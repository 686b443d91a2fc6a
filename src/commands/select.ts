import { extname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { SelectionConfig } from '../core/config.ts';
import { type ItemFailure, throwIfInterrupted, UserError } from '../core/errors.ts';
import type { AdPlan } from '../core/feedback/ad_plan.ts';
import { MS_PER_DAY } from '../core/feedback/days.ts';
import type { EcoiReport } from '../core/feedback/ecoi.ts';
import type { AdDay } from '../core/feedback/outcomes.ts';
import type { Creative } from '../core/store/creatives.ts';
import type { Store } from '../core/store/open.ts';
import type { PlanRow } from '../core/store/plans.ts';
import { type ClickData, readClickData } from './click_data.ts';
import { readConfig } from './config_file.ts';
import { PRIOR_KINDS, type Priors, readPriors } from './select_prior.ts';
import { adReason, creativeReason, dayText, describePriors, explain, planTable } from './select_text.ts';
import { type CliContext, createCommand, parseDay, parseList, type StoreSession, storeAction, unknownIds } from './shared.ts';

const ADS_A_TURN = 100;
const COLUMNS = ['day', 'ad_id', 'creative_id', 'state', 'share', 'propensity', 'index', 'reward', 'ecoi_shrunk', 'reason'] as const;

interface Options {
  readonly log?: string;
  readonly ads?: string[];
  readonly day?: string;
  readonly out?: string;
  readonly config?: string;
  readonly explain?: string[];
  readonly prior: Priors['kind'];
  readonly model?: string;
}

export function selectCommand(context: CliContext): Command {
  return createCommand(
    'select',
    "tomorrow's plan: the share of impressions of every creative, with its reason",
    'atelier select --out plan.csv',
  )
    .option('--log <name>', 'learn from one log (all logs when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .option(
      '--day <day>',
      'the day the plan is for, YYYY-MM-DD, learning from the days before it (tomorrow, from all, when not given)',
      parseDay,
    )
    .addOption(
      new Option('--prior <kind>', "what is expected of a creative before its clicks: all creatives' mean ECOI, or its predicted CTR")
        .choices(PRIOR_KINDS)
        .default('ecoi'),
    )
    .option('--model <id>', 'the dual tower of --prior dual-tower (the newest when not given)')
    .option('--config <file>', 'settings of reward, policy, exit and plan in YAML')
    .option('--explain <ids>', 'say in several lines why these creatives, or ads, have their shares', parseList)
    .option('--out <file>', 'write the plan as .csv or .json')
    .action(storeAction<Options>(context, 'existing', select));
}

async function select(session: StoreSession<Options>) {
  const { describeConfig } = await import('../core/config.ts');
  const { savePlans } = await import('../core/store/plans.ts');
  const { store, options } = session;
  if (options.out !== undefined && !['.csv', '.json'].includes(extname(options.out))) {
    throw new UserError(`Expected --out to name a .csv or .json file but received ${options.out}.`);
  }
  if (options.model !== undefined && options.prior !== 'dual-tower') {
    throw new UserError(
      `Expected --model with --prior dual-tower only but received ${options.model}.`,
      'Add --prior dual-tower, or leave out --model.',
    );
  }
  const config = await readConfig(session);
  const { ads, learnt, failures } = await learn(session);
  const priors = await readPriors(session, options.prior, options, learnt.report);
  const plans: NamedPlan[] = [];
  for (const [index, ad] of ads.entries()) {
    if (index % ADS_A_TURN === 0) await nextTurn(); // or an interrupt could not be heard
    throwIfInterrupted(session.signal);
    plans.push({ ...ad, plan: await planOf(session, ad, learnt, priors, config) });
    session.onProgress({ task: 'select', done: index + 1, total: ads.length, unit: 'ads' });
  }
  const day = options.day ?? new Date(session.now.getTime() + MS_PER_DAY).toISOString().slice(0, 10);
  const rows = plans.map((named) => planRow(named, config));
  savePlans(store, day, rows, session.runId);
  const explanations = (options.explain ?? []).map((id) => ({ id, lines: explain(id, plans, config) }));
  const notes = countNotes(plans);
  const json = {
    day,
    seed: session.seed,
    config: describeConfig(config),
    prior: {
      kind: priors.kind,
      model_id: priors.modelId,
      strength: priors.strength,
      scale: priors.scale,
      is_preferred: priors.isPreferred,
    },
    ads: rows.map((row, i) => adJson(row, plans[i] as NamedPlan, config)),
    notes: [...notes.keys(), ...priors.notes],
    explanations,
  };
  const text =
    options.explain === undefined
      ? [
          `Plan for ${day}:`,
          '',
          ...planTable(rows),
          '',
          ...[...notes].map(([note, times]) => `${note} (${times} of ${plans.length} ads)`),
          ...describePriors(priors, plans),
        ]
      : explanations.flatMap(({ lines }) => [...lines, '']).slice(0, -1);
  if (options.out !== undefined) text.push(`written: ${await writePlan(session.path(options.out), day, json, rows)}`);
  const unexplained = explanations
    .filter(({ lines }) => lines.length === 0)
    .map(({ id }): ItemFailure => ({ item: id, reason: 'Expected a creative or an ad of this plan but there is none with this id.' }));
  return {
    json,
    text,
    failures: [...failures, ...unexplained],
    counts: { ads: rows.length, creatives: rows.reduce((sum, plan) => sum + plan.creatives.length, 0) },
  };
}

/** What the logs have taught of all ads. */
interface Learnt {
  readonly report: EcoiReport;
  /** Days of each ad, by ad id. */
  readonly days: ReadonlyMap<string, readonly AdDay[]>;
}

interface AdCandidates {
  readonly adId: string;
  readonly creativeIds: readonly string[];
  readonly isStored: readonly boolean[];
  /** Index of the creative that is the note's own title (and cover), if one is. */
  readonly base: number | undefined;
}

export interface NamedPlan extends AdCandidates {
  readonly plan: AdPlan;
}

async function learn(session: StoreSession<Options>): Promise<{ ads: AdCandidates[]; learnt: Learnt; failures: ItemFailure[] }> {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const { collectDays } = await import('../core/feedback/outcomes.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { store, options } = session;
  // Before the first log comes back, every creative is one never shown.
  const before = options.day === undefined ? undefined : Date.parse(options.day) / MS_PER_DAY;
  const data = await readClickData(store, options.log === undefined ? undefined : findLog(store, options.log), before);
  const report = computeEcoi(data.input);
  const all = await collectAds(store, data);
  if (all.length === 0) throw new UserError('Expected ads with creatives but there are none.', 'Compose or import creatives first.');
  const adIndex = new Map(all.map(({ adId }, index) => [adId, index]));
  const placeIn = all.map(({ creativeIds }) => new Map(creativeIds.map((id, at) => [id, at])));
  const places = data.arms.map(({ adId, creativeId }) => {
    const ad = adIndex.get(adId) as number;
    return { ad, at: placeIn[ad]?.get(creativeId) as number };
  });
  const cells = { ...data.cells, creative: data.input.creative, position: data.input.position };
  const factors = report.positions.map(({ exposureFactor }) => exposureFactor ?? 0);
  const days = collectDays(
    cells,
    factors,
    places,
    all.map(({ creativeIds }) => creativeIds.length),
  );
  return {
    ads: all.filter(({ adId }) => !options.ads || options.ads.includes(adId)),
    learnt: { report, days: new Map(all.map(({ adId }, index) => [adId, days[index] as AdDay[]])) },
    failures: unknownIds(
      'an ad',
      options.ads,
      all.map(({ adId }) => adId),
    ),
  };
}

/** Every ad with its creatives: those stored, and those that only the log knows. */
async function collectAds(store: Store, data: ClickData): Promise<AdCandidates[]> {
  const { readAds, readLiveCreatives } = await import('../core/store/creatives.ts');
  const { readElement } = await import('../core/store/elements.ts');
  const { readNotes } = await import('../core/store/notes.ts');
  const noteOf = new Map(readAds(store).map(({ adId, noteId }) => [adId, noteId]));
  const creatives = new Map<string, Creative[]>();
  for (const creative of readLiveCreatives(store)) creatives.set(creative.adId, [...(creatives.get(creative.adId) ?? []), creative]);
  const ids = new Map<string, Set<string>>();
  for (const [adId, list] of creatives) ids.set(adId, new Set(list.map((creative) => creative.creativeId)));
  for (const arm of data.arms) ids.set(arm.adId, (ids.get(arm.adId) ?? new Set()).add(arm.creativeId));
  const titles = new Map(readNotes(store).map((note) => [note.noteId, note.title.trim()]));
  return [...ids]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([adId, set]) => {
      const title = titles.get(noteOf.get(adId) ?? '');
      const own = (creatives.get(adId) ?? []).filter(
        (creative) => title && readElement(store, creative.elements.title ?? '')?.text === title,
      );
      const creativeIds = [...set].sort();
      const stored = new Set((creatives.get(adId) ?? []).map(({ creativeId }) => creativeId));
      return {
        adId,
        creativeIds,
        isStored: creativeIds.map((id) => stored.has(id)),
        base: own.length === 1 ? creativeIds.indexOf(own[0]?.creativeId as string) : undefined,
      };
    });
}

async function planOf(
  session: StoreSession<Options>,
  ad: AdCandidates,
  { report, days }: Learnt,
  priors: Priors,
  config: SelectionConfig,
): Promise<AdPlan> {
  const { planAd } = await import('../core/feedback/ad_plan.ts');
  const { createRandom } = await import('../core/random.ts');
  const { sha256 } = await import('../core/ids.ts');
  const adDays = days.get(ad.adId) as readonly AdDay[];
  // A base that was never shown says nothing yet.
  const isBaseShown = ad.base !== undefined && adDays.some(({ creatives }) => (creatives[ad.base as number]?.impressions as number) > 0);
  return planAd({
    creatives: ad.creativeIds.length,
    isStored: ad.isStored,
    days: adDays,
    base: isBaseShown ? ad.base : undefined,
    priors: ad.creativeIds.map((id) => priors.of(ad.adId, id)),
    dispersion: report.dispersion.phi,
    config,
    random: createRandom(session.seed, Number.parseInt(sha256(ad.adId).slice(0, 8), 16)),
  });
}

function planRow({ adId, creativeIds, plan }: NamedPlan, config: SelectionConfig): PlanRow {
  const idOf = (index: number): string | null => creativeIds[index] ?? null;
  return {
    adId,
    state: plan.phase,
    lambda: plan.lambda,
    creatives: plan.creatives.map((creative, i) => ({
      creativeId: idOf(i) as string,
      state: creative.state,
      share: creative.share,
      propensity: creative.share,
      bound: creative.bound,
      reward: creative.reward,
      ecoiShrunk: creative.ecoiShrunk,
      reason: creativeReason(plan, i, config),
    })),
    windows: plan.windows.map(({ window, firstDay, lastDay, total, lambda, phase, leader }) => ({
      window,
      firstDay: dayText(firstDay),
      lastDay: dayText(lastDay),
      impressions: total.impressions,
      clicks: total.clicks,
      views: total.views,
      viewTime: total.views > 0 ? total.viewTime / total.views : null,
      lambda,
      phase,
      leader: idOf(leader),
    })),
    transitions: plan.transitions.map(({ creative, ...transition }) => ({ ...transition, creativeId: idOf(creative) })),
  };
}

function creativeJson(row: PlanRow['creatives'][number]) {
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

function adJson(row: PlanRow, { plan }: NamedPlan, config: SelectionConfig) {
  return {
    ad_id: row.adId,
    state: row.state,
    lambda: row.lambda,
    reason: adReason(plan, config),
    exposure_floor: plan.exposureFloor,
    creatives: row.creatives.map((creative, i) => ({ ...creativeJson(creative), prior_mean: plan.creatives[i]?.prior.m })),
    windows: row.windows.map(({ firstDay, lastDay, viewTime, ...window }) => ({
      ...window,
      first_day: firstDay,
      last_day: lastDay,
      view_time_s: viewTime,
    })),
    transitions: row.transitions.map(({ creativeId, ...transition }) => ({ ...transition, creative_id: creativeId })),
  };
}

function countNotes(plans: readonly NamedPlan[]): Map<string, number> {
  const notes = new Map<string, number>();
  for (const { plan } of plans) for (const note of plan.notes) notes.set(note, (notes.get(note) ?? 0) + 1);
  return notes;
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
