import type { SelectionConfig } from '../core/config.ts';
import type { AdPlan, PlannedCreative } from '../core/feedback/ad_plan.ts';
import { MS_PER_DAY } from '../core/feedback/days.ts';
import type { Transition } from '../core/feedback/exit.ts';
import type { Prior } from '../core/feedback/reward.ts';
import type { PlanRow } from '../core/store/plans.ts';
import type { NamedPlan } from './select.ts';
import type { Priors } from './select_prior.ts';
import { count, percent, table } from './shared.ts';

const CREATIVES_SHOWN = 60;
const WINDOWS_SHOWN = 10;

/** Why a creative has its share, in one line. */
export function creativeReason(plan: AdPlan, index: number, config: SelectionConfig): string {
  const { state, isGone, prior, sums, reward, ecoiShrunk, bound } = plan.creatives[index] as PlannedCreative;
  if (reward === null) return 'never shown: it comes first';
  const facts = `ECOI ${percent(ecoiShrunk)} from ${count(sums.exposure)} effective impressions, reward ${signed(reward)}, bound ${signed(bound)}`;
  if (isGone) return `gone: not shown in the last ${config.exit.ring} windows, and not in the store`;
  const retirement = lastTransition(plan, (transition) => transition.event === 'retire' && transition.creative === index);
  if (state === 'retired') {
    return `retired in window ${retirement?.window}: as good as the leader with probability ${percent(retirement?.numbers.probability ?? 0)}; ${facts}`;
  }
  if (plan.phase === 'exploit') {
    const exit = lastTransition(plan, ({ event }) => event === 'exit');
    if (index === plan.leader) return `leader, alone since window ${exit?.window}: ${facts}`;
    return `probed only (${percent(config.exit.probe)} among the others): ${facts}`;
  }
  if (state === 'new') return `never shown: ${evidenceOf(prior)}`;
  if (sums.exposure < plan.exposureFloor) return `below its floor of ${count(plan.exposureFloor)} effective impressions: ${facts}`;
  return state === 'leader' ? `highest reward: ${facts}` : facts;
}

/** The phase of an ad and what keeps it there, in one line. */
export function adReason(plan: AdPlan, { exit }: SelectionConfig): string {
  const { check, windows } = plan;
  const reopening = plan.phase === 'reopened' ? lastTransition(plan, ({ event }) => event === 'reopen') : undefined;
  const since = reopening ? `reopened in window ${reopening.window} (${reopening.reason}); ` : '';
  if (plan.phase === 'exploit') {
    const done = lastTransition(plan, ({ event }) => event === 'exit');
    return `exit in window ${done?.window}: range ${percent(done?.numbers.range ?? 0)}, expected loss ${percent(done?.numbers.expectedLoss ?? 0)}`;
  }
  if (windows.length === 0 || !check) return `${since}exploring: no full window yet`;
  if (check.belowFloor > 0)
    return `${since}exploring: ${check.belowFloor} creatives below ${count(plan.exposureFloor)} effective impressions`;
  const missing = [
    check.range === undefined
      ? `the leader must be shown, and clicked, for ${exit.ring} windows to see whether it is stable`
      : check.range > exit.stability && `the leader's range is ${percent(check.range)} (at most ${percent(exit.stability)})`,
    check.expectedLoss !== undefined &&
      check.expectedLoss > exit.expectedLoss &&
      `the expected loss is ${percent(check.expectedLoss)} (at most ${percent(exit.expectedLoss)})`,
    check.keepsViewTime === false && "the leader's view time is below the floor",
  ].filter((reason) => typeof reason === 'string');
  return `${since}exploring: ${missing.join('; ') || 'what changed is not in a full window yet'}`;
}

/** Everything about a creative, or all creatives of an ad, in several lines; none when the plan has no such id. */
export function explain(id: string, plans: readonly NamedPlan[], config: SelectionConfig): string[] {
  return plans.flatMap((named) => {
    const own = named.creativeIds.flatMap((creativeId, index) => (id === creativeId || id === named.adId ? [index] : []));
    return own.length === 0 ? [] : [...explainAd(named, config), ...own.flatMap((index) => ['', ...explainCreative(named, index, config)])];
  });
}

function explainAd({ adId, creativeIds, plan }: NamedPlan, config: SelectionConfig): string[] {
  const rows = plan.windows
    .slice(-WINDOWS_SHOWN)
    .map(({ window, firstDay, lastDay, total, lambda, phase, leader }) => [
      String(window),
      firstDay === lastDay ? dayText(firstDay) : `${dayText(firstDay)} – ${dayText(lastDay)}`,
      count(total.impressions),
      count(total.clicks),
      total.views > 0 ? `${(total.viewTime / total.views).toFixed(1)} s` : '–',
      lambda.toFixed(3),
      phase,
      creativeIds[leader] ?? '–',
    ]);
  const header = ['window', 'days', 'impressions', 'clicks', 'view time', 'λ', 'state', 'leader'];
  return [
    `Ad ${adId}: ${plan.phase}. ${adReason(plan, config)}.`,
    ...(rows.length > 0 ? ['', ...table(header, rows, [0, 2, 3, 4, 5])] : []),
    ...plan.transitions.map((transition) => `window ${transition.window}: ${describeTransition(transition, creativeIds)}`),
  ];
}

function describeTransition({ event, creative, reason, numbers }: Transition, creativeIds: readonly string[]): string {
  const facts = Object.entries(numbers).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
  return `${event} ${creativeIds[creative]}: ${reason}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}

function explainCreative({ creativeIds, plan }: NamedPlan, index: number, config: SelectionConfig): string[] {
  const creative = plan.creatives[index] as PlannedCreative;
  const { state, prior, sums, share, bound, reward } = creative;
  const lines = [
    `Creative ${creativeIds[index]}: ${state}, ${percent(share)} of tomorrow's impressions.`,
    `  why:     ${creativeReason(plan, index, config)}`,
    `  counts:  ${count(sums.clicks)} clicks in ${count(sums.impressions)} impressions (${count(sums.exposure)} effective)`,
  ];
  if (prior.isPredicted) lines.push(`  prior:   ${evidenceOf(prior)}`);
  if (reward !== null) {
    lines.push(
      `  reward:  ${signed(reward)}${state === 'new' ? ' if the prediction holds' : `, at most ${signed(bound)} with what is known`}`,
    );
  }
  if (sums.views > 0) lines.push(`  viewing: ${(sums.viewTime / sums.views).toFixed(1)} s after a click, from ${count(sums.views)} views`);
  if (sums.revenue !== 0) lines.push(`  revenue: ${((1000 * sums.revenue) / sums.exposure).toFixed(2)} per 1,000 effective impressions`);
  return lines;
}

export function planTable(plans: readonly PlanRow[]): string[] {
  const rows = plans.flatMap((plan) =>
    plan.creatives.map((creative) => [
      plan.adId,
      plan.state,
      creative.creativeId,
      creative.state,
      percent(creative.share, 1),
      creative.reason,
    ]),
  );
  const more = rows.length > CREATIVES_SHOWN ? [`… ${rows.length - CREATIVES_SHOWN} more; --out or --json lists them all`] : [];
  return [...table(['ad', 'ad is', 'creative', 'state', 'share', 'why'], rows.slice(0, CREATIVES_SHOWN), [4]), ...more];
}

/** What to know of the model, and a line about its predictions; none without a model. */
export function describePriors({ kind, modelId, strength, isPreferred, notes }: Priors, plans: readonly NamedPlan[]): string[] {
  if (kind === 'ecoi') return [];
  const told = notes.map((note) => `note: ${note}`);
  if (!isPreferred)
    return [...told, `prior: that of the log, as held-out clicks are better explained by one mean than by dual tower ${modelId}`];
  const creatives = plans.flatMap(({ plan }) => plan.creatives);
  const predicted = creatives.filter(({ prior }) => prior.isPredicted).length;
  return [
    ...told,
    `prior: dual tower ${modelId} predicts ${count(predicted)} of ${count(creatives.length)} creatives, each worth ${clicksText(strength)} of evidence`,
  ];
}

/** Days since 1970 as YYYY-MM-DD; '' when undated. */
export function dayText(day: number): string {
  return day < 0 ? '' : new Date(day * MS_PER_DAY).toISOString().slice(0, 10);
}

function evidenceOf({ k, m }: Prior): string {
  return `predicted CTR ${percent(m)} counts as ${clicksText(k)} of evidence`;
}

/** 41.3 → "41 clicks"; 2.34 → "2.3 clicks". */
function clicksText(k: number): string {
  return `${k < 10 ? k.toFixed(1) : count(k)} clicks`;
}

function lastTransition(plan: AdPlan, matches: (transition: Transition) => boolean): Transition | undefined {
  return plan.transitions.findLast(matches);
}

function signed(value: number): string {
  return `${Math.round(1000 * value) >= 0 ? '+' : '−'}${Math.abs(100 * value).toFixed(1)}%`;
}
