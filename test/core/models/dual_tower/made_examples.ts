import { MS_PER_DAY } from '../../../../src/core/feedback/days.ts';
import { TOPICS } from '../../../../src/core/feedback/interests.ts';
import { clickProbability, createWorld, simulateImpressions, type World } from '../../../../src/core/feedback/simulator.ts';
import { hash64 } from '../../../../src/core/hash.ts';
import { buildExamples, type LogRows } from '../../../../src/core/models/features/build_examples.ts';
import type { Entities, Examples, Field, FieldSpec } from '../../../../src/core/models/features/field.ts';
import { createRandom } from '../../../../src/core/random.ts';

interface SimulationOptions {
  readonly ads: number;
  /** Creatives of ad a. */
  readonly creatives: (ad: number) => number;
  readonly impressions: number;
  readonly users: number;
  readonly interests: number;
  readonly seed: number;
  /** All CTRs are multiplied by this. */
  readonly lift?: number;
}

/** The log of a world whose click probabilities are known, as examples; `oracle`: the probability of each row. */
export interface SimulatedExamples {
  readonly examples: Examples;
  readonly spec: FieldSpec[];
  readonly oracle: Float32Array;
}

/** A simulated log with the columns that `atelier simulate` writes: users, scene, position, propensity, the creative's topic. */
export function simulatedExamples(options: SimulationOptions): SimulatedExamples {
  const world = liftedWorld(options);
  const arms = world.ads.flatMap(({ adId, creatives }, ad) => creatives.map((creative) => ({ adId, ad, ...creative })));
  const firstArm = world.ads.map((_, ad) => arms.findIndex((arm) => arm.ad === ad));
  const rows = options.impressions;
  const columns = {
    ts: new Float64Array(rows),
    ad: new Int32Array(rows),
    creative: new Int32Array(rows),
    position: new Uint8Array(rows),
    clicks: new Uint8Array(rows),
    propensity: new Float32Array(rows),
  };
  const user = new Int32Array(rows);
  const topic = new Uint8Array(rows);
  const oracle = new Float32Array(rows);
  let at = 0;
  const log = { impressions: rows, start: new Date('2026-01-01T00:00:00Z'), days: 14, users: options.users, seed: options.seed };
  for (const batch of simulateImpressions(world, log)) {
    for (let row = 0; row < batch.rows; row++, at++) {
      const showing = {
        ad: batch.ad[row] as number,
        creative: batch.creative[row] as number,
        position: batch.position[row] as number,
        user: batch.user[row] as number,
        time: batch.ts[row] as number,
      };
      const arm = (firstArm[showing.ad] as number) + showing.creative;
      columns.ts[at] = showing.time;
      columns.ad[at] = showing.ad;
      columns.creative[at] = arm;
      columns.position[at] = showing.position;
      columns.clicks[at] = batch.click[row] as number;
      columns.propensity[at] = batch.propensity[row] as number;
      user[at] = showing.user;
      topic[at] = (arms[arm]?.topic ?? -1) + 1;
      oracle[at] = clickProbability(world, showing);
    }
  }
  const hashes = Array.from({ length: options.users }, (_, number) => hash64(`u${number}`));
  const texts = ['', ...TOPICS];
  const rowsOfLog: LogRows = {
    rows,
    ...columns,
    positions: world.positions.map(({ scene, position }) => ({ scene, position })),
    impressions: undefined,
    users: {
      of: user,
      count: options.users,
      low: Uint32Array.from(hashes, (hash) => Number(hash & 0xffffffffn)),
      high: Uint32Array.from(hashes, (hash) => Number(hash >> 32n)),
    },
    features: options.interests > 0 ? ['topic'] : [],
    feature: () => ({ type: 'text', codes: topic, texts }),
  };
  const ads = world.ads.map(({ adId }) => adId);
  const entities: Entities = {
    ads,
    creatives: arms.map(({ adId, creativeId }) => ({ adId, creativeId, isStored: true })),
    adOf: Int32Array.from(arms, ({ ad }) => ad),
    fields: [
      { name: 'ad', side: 'left', isId: true, of: 'ad', terms: ads.map((id) => [id]) },
      { name: 'creative', side: 'right', isId: true, of: 'creative', terms: arms.map(({ adId, creativeId }) => [`${adId}|${creativeId}`]) },
    ],
  };
  return { ...buildExamples(rowsOfLog, entities, 0.8), oracle };
}

function liftedWorld({ ads, creatives, interests, seed, lift = 1 }: SimulationOptions): World {
  const world = createWorld({
    ads: Array.from({ length: ads }, (_, ad) => ({
      adId: `ad${ad}`,
      creativeIds: Array.from({ length: creatives(ad) }, (_, creative) => `c${creative}`),
    })),
    logging: 'uniform',
    placement: 0,
    interests,
    random: createRandom(seed),
  });
  const lifted = world.ads.map((ad) => ({ ...ad, creatives: ad.creatives.map((creative) => ({ ...creative, ctr: lift * creative.ctr })) }));
  return { ...world, ads: lifted };
}

/** The probability that a clicked row has a higher score than one that was not, equal scores counting half. */
export function areaUnderCurve(scores: Float64Array, clicks: Uint8Array): number {
  const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [below, wins, clicked] = [0, 0, 0];
  for (let at = 0; at < order.length; ) {
    const score = scores[order[at] as number];
    let [hits, misses] = [0, 0];
    for (; at < order.length && scores[order[at] as number] === score; at++) {
      if (clicks[order[at] as number] === 1) hits++;
      else misses++;
    }
    wins += hits * (below + misses / 2);
    below += misses;
    clicked += hits;
  }
  return wins / (clicked * below);
}

/**
 * Eight rows, one a day, of the ads a and b with two creatives each and a third of b that is never shown; fields of ads, creatives
 * (one of several words) and rows.
 */
export function smallExamples(change: Partial<Examples> = {}): Examples {
  const ad = Int32Array.of(0, 0, 1, 1, 0, 0, 1, 1);
  const creative = Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3);
  const hours: Field = {
    name: 'hour',
    side: 'left',
    isId: false,
    of: 'row',
    codes: Uint8Array.of(1, 2, 1, 2, 1, 1, 0, 2),
    terms: [[], ['9'], ['20']],
  };
  return {
    rows: 8,
    ads: ['a', 'b'],
    creatives: ['a1', 'a2', 'b1', 'b2', 'b3'].map((creativeId) => ({ adId: creativeId.slice(0, 1), creativeId, isStored: true })),
    ad,
    creative,
    position: Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1),
    positions: [
      { scene: 'feed', position: 1 },
      { scene: 'feed', position: 2 },
    ],
    clicks: Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 1),
    impressions: undefined,
    ts: Float64Array.from({ length: 8 }, (_, row) => row * MS_PER_DAY),
    user: undefined,
    propensity: undefined,
    order: undefined,
    fields: [
      { name: 'ad', side: 'left', isId: true, of: 'ad', codes: ad, terms: [['a'], ['b']] },
      hours,
      { name: 'creative', side: 'right', isId: true, of: 'creative', codes: creative, terms: [['a1'], ['a2'], ['b1'], ['b2'], ['b3']] },
      {
        name: 'words',
        side: 'right',
        isId: false,
        of: 'creative',
        codes: creative,
        terms: [['tea', 'time'], ['tea'], [], ['time', 'out', 'now'], ['tea', 'never']],
      },
    ],
    notes: [],
    ...change,
  };
}
