import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, withSettings } from '../../../src/core/config.ts';
import type { Arms, CreatePolicy, Feedback } from '../../../src/core/feedback/policies/policy.ts';
import { POLICIES } from '../../../src/core/feedback/policies/registry.ts';
import { createSelection, type Selection } from '../../../src/core/feedback/selection.ts';
import { createRandom } from '../../../src/core/random.ts';

const MS_PER_DAY = 86_400_000;
/** Windows of 400 and a ring of two, so that an ad with clicks this frequent exits within a few thousand impressions. */
const QUICK = { 'exit.window': '400', 'exit.ring': '2', 'exit.floor_clicks': '20' };
const CTRS = [0.1, 0.3, 0.22, 0.29];

function makeArms(...sizes: readonly number[]): Arms {
  const firstArm = [0];
  for (const size of sizes) firstArm.push((firstArm.at(-1) as number) + size);
  return { ads: sizes.length, firstArm: Int32Array.from(firstArm), live: new Uint8Array(firstArm.at(-1) as number).fill(1) };
}

function createOf(policy: string): CreatePolicy {
  const registered = POLICIES[policy];
  if (!registered) throw new Error(`no policy ${policy}`);
  return registered.create;
}

interface MadeOptions {
  readonly policy?: string;
  readonly changes?: Readonly<Record<string, string>>;
  readonly exit?: boolean;
  readonly seed?: number;
}

function makeSelection(arms: Arms, { policy = 'ucb', changes = QUICK, exit = true, seed = 1 }: MadeOptions = {}): Selection {
  const config = withSettings(DEFAULT_CONFIG, new Map(Object.entries(changes)));
  const selection = createSelection({ arms, random: createRandom(seed), create: createOf(policy), config, exit });
  for (let ad = 0; ad < arms.ads; ad++) selection.refresh(ad);
  return selection;
}

function feedbackOf(click: number, changes: Partial<Feedback> = {}): Feedback {
  return { ts: 0, click, exposure: 1, viewTime: Number.NaN, revenue: Number.NaN, ...changes };
}

/** Shows so many impressions of an ad, whose arms are clicked at these rates, or until `isDone`; the arms shown. */
function show(selection: Selection, ad: number, ctrs: readonly number[], impressions: number, seed = 1, isDone = () => false): number[] {
  const world = createRandom(seed, 5);
  const shown: number[] = [];
  while (shown.length < impressions && !isDone()) {
    const arm = selection.select(ad, shown.length);
    shown.push(arm);
    selection.update(ad, arm, feedbackOf(world.uniform() < (ctrs[arm] as number) ? 1 : 0));
  }
  return shown;
}

/** An ad of four after its exit. */
function exploiting(options: MadeOptions = {}) {
  const arms = makeArms(4);
  const selection = makeSelection(arms, options);
  show(selection, 0, CTRS, 100_000, 1, () => selection.phase(0) === 'exploit');
  expect(selection.phase(0)).toBe('exploit');
  return { arms, selection };
}

const retiredArms = (selection: Selection): Set<number> => {
  const retired = new Set<number>();
  for (const { event, arm } of selection.transitions()) {
    if (event === 'retire') retired.add(arm);
    if (event === 'return') retired.delete(arm);
  }
  return retired;
};

describe('the probabilities of a selection', () => {
  const phases: readonly (readonly [phase: string, make: (policy: string) => { arms: Arms; selection: Selection }])[] = [
    [
      'before the first window',
      (policy) => {
        const arms = makeArms(4);
        const selection = makeSelection(arms, { policy });
        show(selection, 0, CTRS, 90);
        return { arms, selection };
      },
    ],
    [
      'while an arm is below the floor',
      (policy) => {
        const arms = makeArms(4);
        const selection = makeSelection(arms, { policy, changes: { ...QUICK, 'exit.floor_clicks': '60' } });
        show(selection, 0, CTRS, 450);
        return { arms, selection };
      },
    ],
    [
      'while it explores',
      (policy) => {
        const arms = makeArms(4);
        const selection = makeSelection(arms, { policy, changes: { ...QUICK, 'exit.expected_loss': '0' } });
        show(selection, 0, CTRS, 2_500);
        expect(selection.phase(0)).toBe('explore');
        return { arms, selection };
      },
    ],
    ['after the exit', (policy) => exploiting({ policy })],
    [
      'after the reopening',
      (policy) => {
        const made = exploiting({ policy });
        made.arms.live[made.selection.leader(0)] = 0;
        made.selection.refresh(0);
        show(made.selection, 0, CTRS, 250);
        expect(made.selection.phase(0)).toBe('reopened');
        return made;
      },
    ],
  ];
  const cases = phases.flatMap(([phase, make]) => ['ucb', 'thompson', 'epsilon-greedy'].map((policy) => ({ phase, policy, make })));

  it.each(cases)('sum to 1 over live arms and are how often they are shown, $phase, with $policy', ({ policy, make }) => {
    const { arms, selection } = make(policy);
    const probabilities = CTRS.map((_, arm) => selection.probability(0, arm, 0));
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    for (const [arm, p] of probabilities.entries()) if (arms.live[arm] === 0) expect(p).toBe(0);
    const values = Float64Array.of(1, 10, 100, 1_000);
    const mean = probabilities.reduce((sum, p, arm) => sum + p * (values[arm] as number), 0);
    expect(selection.expectation(0, values, 0)).toBeCloseTo(mean, 9);
    const draws = 20_000;
    const counts = CTRS.map(() => 0);
    for (let draw = 0; draw < draws; draw++) {
      const arm = selection.select(0, 0);
      counts[arm] = (counts[arm] as number) + 1;
    }
    for (const [arm, p] of probabilities.entries()) {
      // Five standard errors: one in 1.7 million.
      expect(Math.abs((counts[arm] as number) / draws - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it('can be asked for without changing what is shown next', () => {
    const asked = (ask: (selection: Selection) => void): number[] => {
      const { selection } = exploiting({ changes: { ...QUICK, 'exit.probe': '0.5' } });
      return Array.from({ length: 200 }, () => {
        ask(selection);
        return selection.select(0, 0);
      });
    };
    expect(
      asked((selection) => {
        selection.probability(0, 2, 0);
        selection.expectation(0, new Float64Array(4), 0);
      }),
    ).toEqual(asked(() => {}));
  });
});

describe('a selection', () => {
  it('shows arms below the exposure floor first, the least shown before the others', () => {
    const selection = makeSelection(makeArms(4), { changes: { ...QUICK, 'exit.floor_clicks': '60' } });
    const shown = show(selection, 0, [0.01, 0.3, 0.3, 0.3], 1_600);
    const counts = (until: number): number[] => CTRS.map((_, arm) => shown.slice(0, until).filter((own) => own === arm).length);
    // The bound alone leaves the bad arm behind in the first window; then it catches up. 60 clicks of a base of about
    // 27 % take 220 impressions or more.
    expect(Math.min(...counts(400))).toBeLessThan(70);
    expect(Math.min(...counts(1_200))).toBeGreaterThan(200);
    for (let at = 400; at < 800; at++) {
      const before = counts(at);
      expect(before[shown[at] as number]).toBe(Math.min(...before));
    }
  });

  it('has no floor where exits are off', () => {
    const selection = makeSelection(makeArms(4), { exit: false, changes: { ...QUICK, 'exit.floor_clicks': '60' } });
    const shown = show(selection, 0, [0.01, 0.3, 0.3, 0.3], 1_200);
    expect(shown.filter((arm) => arm === 0).length).toBeLessThan(80);
    expect(selection.phase(0)).toBe('explore');
    expect(selection.transitions()).toEqual([]);
  });

  it('shows the leader 99 % of the time after the exit, the others that are live evenly, and those retired never', () => {
    const { arms, selection } = exploiting();
    const leader = selection.leader(0);
    const retired = retiredArms(selection);
    expect(retired).toContain(0);
    expect(retired).not.toContain(leader);
    const others = CTRS.map((_, arm) => arm).filter((arm) => arm !== leader && !retired.has(arm));
    expect(others.length).toBeGreaterThan(0);
    expect(selection.probability(0, leader, 0)).toBeCloseTo(0.99, 12);
    for (const arm of others) expect(selection.probability(0, arm, 0)).toBeCloseTo(0.01 / others.length, 12);
    for (const arm of retired) expect(selection.probability(0, arm, 0)).toBe(0);
    // With nobody else left, those retired are probed.
    for (const arm of others) arms.live[arm] = 0;
    selection.refresh(0);
    expect(selection.phase(0)).toBe('exploit');
    expect(selection.probability(0, leader, 0)).toBeCloseTo(0.99, 12);
    for (const arm of retired) expect(selection.probability(0, arm, 0)).toBeCloseTo(0.01 / retired.size, 12);
    // Nobody left at all: everything for the leader.
    for (const arm of retired) arms.live[arm] = 0;
    selection.refresh(0);
    expect(selection.phase(0)).toBe('exploit');
    expect(selection.probability(0, leader, 0)).toBe(1);
    expect(selection.expectation(0, Float64Array.of(1, 2, 3, 4), 0)).toBe(leader + 1);
    expect(new Set(Array.from({ length: 500 }, () => selection.select(0, 0)))).toEqual(new Set([leader]));
  });

  it('reopens at once when an arm goes live, and shows it first until it has had its floor', () => {
    const arms = makeArms(2, 4);
    arms.live[5] = 0;
    const selection = makeSelection(arms);
    const ctrs = [0.2, 0.2, 0.1, 0.3, 0.1, 0.2];
    show(selection, 1, ctrs, 100_000, 1, () => selection.phase(1) === 'exploit');
    expect(selection.phase(0)).toBe('explore');
    arms.live[5] = 1;
    selection.refresh(1);
    expect(selection.phase(1)).toBe('reopened');
    expect(selection.transitions().at(-1)).toMatchObject({ ad: 1, arm: 5, event: 'reopen', reason: 'a creative was added' });
    // 20 clicks of a base of at most 30 % take 67 impressions.
    expect(new Set(show(selection, 1, ctrs, 65))).toEqual(new Set([5]));
  });

  it('goes on with who is left when the leader goes, though they had retired', () => {
    const arms = makeArms(2);
    const selection = makeSelection(arms);
    show(selection, 0, [0.3, 0.1], 100_000, 1, () => selection.phase(0) === 'exploit');
    expect(retiredArms(selection)).toEqual(new Set([1]));
    arms.live[0] = 0;
    selection.refresh(0);
    expect(selection.select(0, 0)).toBe(1);
    expect(selection.probability(0, 1, 0)).toBe(1);
  });

  it('shows nothing where nothing is live', () => {
    const arms = makeArms(2, 1);
    arms.live.fill(0, 0, 2);
    const selection = makeSelection(arms);
    expect(selection.select(0, 0)).toBe(-1);
    expect(selection.leader(0)).toBe(-1);
    expect(selection.select(1, 0)).toBe(2);
  });

  it('relearns from the last windows when the leader turned out to be another, and says which arm it was', () => {
    const { selection } = exploiting();
    const leader = selection.leader(0);
    const fallen = CTRS.map((ctr, arm) => (arm === leader ? 0.02 : ctr));
    const shown = show(selection, 0, fallen, 20_000, 2, () => selection.phase(0) === 'reopened');
    expect(shown.length).toBeLessThanOrEqual(4 * 400);
    expect(selection.transitions().find(({ event }) => event === 'reopen')).toMatchObject({ ad: 0, arm: leader });
    expect(retiredArms(selection).size).toBe(0);
    show(selection, 0, fallen, 20_000, 3, () => selection.phase(0) === 'exploit');
    expect(selection.phase(0)).toBe('exploit');
    expect(selection.leader(0)).not.toBe(leader);
  });

  it('lets its policy forget an ad whose leader fell, once and only then', () => {
    const forgotten: string[] = [];
    let selection: Selection | undefined;
    const create: CreatePolicy = (options) => {
      const policy = createOf('ucb')(options);
      return {
        ...policy,
        forget: (ad) => {
          forgotten.push(`${ad} in phase ${selection?.phase(ad)}`);
          policy.forget(ad);
        },
      };
    };
    const config = withSettings(DEFAULT_CONFIG, new Map(Object.entries(QUICK)));
    const made = createSelection({ arms: makeArms(1, 4), random: createRandom(1), create, config, exit: true });
    selection = made;
    made.refresh(1);
    const ctrs = [0, ...CTRS];
    show(made, 1, ctrs, 100_000, 1, () => made.phase(1) === 'exploit');
    expect(forgotten).toEqual([]);
    ctrs[made.leader(1)] = 0.02;
    show(made, 1, ctrs, 20_000, 2, () => made.phase(1) === 'reopened');
    expect(forgotten).toEqual(['1 in phase reopened']);
  });

  it('gives the same for the same seed', () => {
    const run = (seed: number) => {
      const selection = makeSelection(makeArms(4), { seed });
      return { shown: show(selection, 0, CTRS, 5_000), transitions: selection.transitions() };
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1).shown).not.toEqual(run(2).shown);
  });

  it.each(['ucb', 'ucb1', 'kl', 'epsilon-greedy', 'uniform'])(
    'does what %s alone does where exits are off and neither view time nor revenue is known',
    (policy) => {
      const arms = makeArms(4);
      const rewards = { slope: new Float64Array(1).fill(1), rest: new Float64Array(4) };
      const inner = createOf(policy)({ arms, random: createRandom(1), config: DEFAULT_CONFIG.policy, rewards });
      const selection = makeSelection(arms, { policy, exit: false });
      const world = createRandom(9);
      for (let row = 0; row < 5_000; row++) {
        const arm = selection.select(0, row);
        expect(inner.select(0, row)).toBe(arm);
        const feedback = feedbackOf(world.uniform() < (CTRS[arm] as number) ? 1 : 0, { exposure: 0.5 + world.uniform() });
        selection.update(0, arm, feedback);
        inner.update(0, arm, feedback);
      }
    },
  );

  it('prefers what is watched longer once view time is below its floor', () => {
    const run = (changes: Readonly<Record<string, string>>) => {
      const selection = makeSelection(makeArms(2), { exit: false, changes: { 'exit.window': '400', ...changes } });
      const world = createRandom(3);
      let shown = 0;
      for (let row = 0; row < 8_000; row++) {
        const arm = selection.select(0, row);
        if (row >= 4_000) shown += arm;
        selection.update(0, arm, feedbackOf(world.uniform() < (arm === 0 ? 0.3 : 0.27) ? 1 : 0, { viewTime: arm === 0 ? 5 : 30 }));
      }
      return { shareOfLonger: shown / 4_000, lambda: selection.lambda(0) };
    };
    const held = run({ 'reward.view_time_floor': '25' });
    expect(held.shareOfLonger).toBeGreaterThan(0.7);
    expect(held.lambda).toBeGreaterThan(0);
    const free = run({ 'reward.view_time_floor': '25', 'reward.lambda_max': '0' });
    expect(free.shareOfLonger).toBeLessThan(0.4);
    expect(free.lambda).toBe(0);
  });

  it('prefers what earns more where revenue has a weight', () => {
    const run = (weight: string): number => {
      const selection = makeSelection(makeArms(2), { exit: false, changes: { 'exit.window': '400', 'reward.revenue_weight': weight } });
      const world = createRandom(3);
      let shown = 0;
      for (let row = 0; row < 8_000; row++) {
        const arm = selection.select(0, row);
        if (row >= 4_000) shown += arm;
        const click = world.uniform() < (arm === 0 ? 0.3 : 0.27) ? 1 : 0;
        selection.update(0, arm, feedbackOf(click, { revenue: click * (arm === 0 ? 0.5 : 1) }));
      }
      return shown / 4_000;
    };
    expect(run('1')).toBeGreaterThan(0.9);
    expect(run('0')).toBeLessThan(0.4);
  });
});

describe('the windows of a selection', () => {
  /** Windows closed so far: λ rises by less than its step in each, as nobody watches at all. */
  const countWindows = (selection: Selection): number => Math.round(selection.lambda(0) / 0.00102);
  const COUNTED = { 'reward.view_time_floor': '10', 'reward.lambda_step': '0.001' };

  it('close after so many impressions of the ad', () => {
    const selection = makeSelection(makeArms(2, 2), { exit: false, changes: { ...COUNTED, 'exit.window': '60' } });
    const closed: number[] = [];
    for (let row = 1; row <= 200; row++) {
      selection.update(1, 2, feedbackOf(1, { viewTime: 0 }));
      const before = countWindows(selection);
      selection.update(0, 0, feedbackOf(1, { viewTime: 0 }));
      if (countWindows(selection) > before) closed.push(row);
    }
    expect(closed).toEqual([60, 120, 180]);
  });

  it('close, where they last a time, before the first impression that comes after it', () => {
    const selection = makeSelection(makeArms(2), { exit: false, changes: { ...COUNTED, 'exit.window': '1d' } });
    const hour = MS_PER_DAY / 24;
    const closed: number[] = [];
    // Each hour brings 100 views, all at once: weight 1 in λ however many hours a window has.
    for (let at = 0; at < 100; at++) {
      for (let view = 0; view < 100; view++) {
        const before = countWindows(selection);
        selection.update(0, 0, feedbackOf(1, { ts: at * hour, viewTime: 0 }));
        if (countWindows(selection) > before) closed.push(at);
      }
    }
    expect(closed).toEqual([24, 48, 72, 96]);
  });

  it('count no impression after their time', () => {
    const selection = makeSelection(makeArms(1), { exit: false, changes: { ...COUNTED, 'exit.window': '1d' } });
    for (let view = 0; view < 50; view++) selection.update(0, 0, feedbackOf(1, { viewTime: 0 }));
    // Were these seconds of the window before, its mean would not fall short of the floor.
    selection.update(0, 0, feedbackOf(1, { ts: MS_PER_DAY, viewTime: 1e6 }));
    expect(countWindows(selection)).toBe(1);
  });
});
