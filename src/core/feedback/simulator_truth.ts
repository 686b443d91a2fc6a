import { elementId } from '../ids.ts';
import { driftAt } from './ctr_drift.ts';
import { MS_PER_DAY } from './days.ts';
import type { ElementWorld } from './element_world.ts';
import { TOPICS } from './interests.ts';
import { armsOf, type OnPolicySummary } from './on_policy.ts';
import type { AdTransition, Selection } from './selection.ts';
import { meanViewTime, type SimulatedCreative, type World } from './simulator.ts';

/** The days a log is spread over. */
interface Period {
  readonly start: Date;
  readonly days: number;
}

/** What a policy did in a world. */
export interface Run {
  readonly summary: OnPolicySummary;
  readonly selection: Selection;
}

/**
 * The world as a document: what is true of each creative and position, and under drift the CTR at the end of each day. Of a
 * policy's run it tells the regret, how often each creative was shown and how each ad stands, instead of fixed propensities.
 * Where elements decide the CTR it tells their effects and those of pairs: a creative's CTR is its ad's times e to their sum.
 */
export function describeWorld(world: World, period: Period, run?: Run): Record<string, unknown> {
  const { firstArm } = armsOf(world);
  const creativeId = new Map(
    world.ads.flatMap(({ creatives }, ad) => creatives.map((creative, i) => [(firstArm[ad] as number) + i, creative.creativeId])),
  );
  const transitions = run?.selection.transitions() ?? [];
  return {
    ...(world.delay !== undefined && { mean_delay_s: world.delay / 1000 }),
    ...(world.interests && { interests: world.interests.strength }),
    ...(run && { regret: describeRegret(run.summary) }),
    ...(world.elements && describeElements(world.elements)),
    ads: world.ads.map(({ adId, ctr, creatives }, ad) => ({
      ad_id: adId,
      ...(ctr !== undefined && { ctr }),
      best: creatives.reduce((best, next) => (next.ctr > best.ctr ? next : best)).creativeId,
      ...(run && {
        phase: run.selection.phase(ad),
        leader: creativeId.get(run.selection.leader(ad)) ?? null,
        lambda: run.selection.lambda(ad),
        transitions: transitions.filter((own) => own.ad === ad).map((own) => describeTransition(own, creativeId)),
      }),
      creatives: creatives.map((creative, i) => ({
        ...describeCreative(creative, period),
        ...(run ? { impressions: run.summary.plays[(firstArm[ad] as number) + i] } : { propensities: creative.propensities }),
      })),
    })),
    positions: world.positions.map(({ scene, position, factor }) => ({ scene, position, exposure_factor: factor })),
  };
}

function describeElements({ kinds, favour, spread, scores, pairs }: ElementWorld): Record<string, unknown> {
  const nameAt = (kind: number, place: number): string => kinds[kind]?.elements[place] as string;
  return {
    favour,
    elements: kinds.flatMap(({ kind, elements }, k) =>
      elements.map((element, place) => ({
        kind,
        element,
        element_id: elementId(kind, element),
        effect: spread * (scores[k]?.[place] as number),
      })),
    ),
    ...(pairs.length > 0 && {
      pairs: pairs.flatMap(({ kinds: [a, b], scores: own }) => {
        const columns = kinds[b]?.elements.length as number;
        return Array.from(own, (score, at) => ({
          a: nameAt(a, Math.floor(at / columns)),
          b: nameAt(b, at % columns),
          effect: spread * score,
        }));
      }),
    }),
  };
}

function describeCreative(creative: SimulatedCreative, { start, days }: Period): Record<string, unknown> {
  const { creativeId, ctr, viewTime, revenuePerClick, drift, topic } = creative;
  const dayEnds = Array.from({ length: days }, (_, day) => start.getTime() + (day + 1) * MS_PER_DAY);
  return {
    creative_id: creativeId,
    ctr,
    ...(drift && { ctr_at_day_ends: dayEnds.map((time) => ctr * Math.exp(driftAt(drift, time))) }),
    ...(topic !== undefined && { topic: TOPICS[topic] }),
    median_view_time_s: viewTime,
    mean_view_time_s: meanViewTime(creative),
    revenue_per_click: revenuePerClick,
  };
}

/** The numbers of a run that no log tells. */
function describeRegret({ oracleClicks, expectedClicks, loss, expectedViewTime }: OnPolicySummary): Record<string, number> {
  return { oracle_clicks: oracleClicks, expected_clicks: expectedClicks, loss, expected_view_time_s: expectedViewTime };
}

function describeTransition({ window, event, arm, reason, numbers }: AdTransition, creativeId: ReadonlyMap<number, string>) {
  return { window, event, creative_id: creativeId.get(arm) ?? null, reason, numbers };
}
