import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  DEFAULT_CONFIG,
  describeConfig,
  describeSpan,
  parseConfig,
  SETTINGS,
  type SelectionConfig,
  settingName,
  withSettings,
} from '../../src/core/config.ts';
import { UserError } from '../../src/core/errors.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
type Setting = (typeof SETTINGS)[number];

/** What is thrown for a text, without the names of all settings. */
function refusal(text: string): string {
  try {
    parseConfig(text, 'night.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  throw new Error(`nothing was thrown for ${text}`);
}

/** A value of a setting as it stands in a file. */
function valuesOf({ kind, range: [min, max], open }: Setting): fc.Arbitrary<number | string | null> {
  const whole = () => fc.integer({ min, max });
  const values: Record<Setting['kind'], () => fc.Arbitrary<number | string | null>> = {
    number: () => fc.double({ min, max, noNaN: true }).map((value) => value + 0), // no −0, which YAML does not keep
    whole,
    span: () =>
      fc.oneof(
        whole(),
        fc.integer({ min, max }).map((days) => `${days}d`),
        fc.integer({ min, max }).map((hours) => (hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`)),
      ),
  };
  return open ? fc.option(values[kind]()) : values[kind]();
}

/** What a document gives to a setting, or its default. */
function valueIn(given: readonly ({ readonly value: unknown } | null)[], name: string): unknown {
  const place = SETTINGS.findIndex((setting) => setting.name === name);
  return given[place]?.value ?? SETTINGS[place]?.initial;
}

/** The document of a file with any of the settings that make a reward. */
const documents = fc
  .tuple(...SETTINGS.map((setting) => fc.option(valuesOf(setting).map((value) => ({ value })))))
  .filter((given) => ['reward.ctr_weight', 'reward.revenue_weight', 'reward.lambda_max'].some((name) => valueIn(given, name) !== 0))
  .map((given) => {
    const document: Record<string, Record<string, number | string | null>> = {};
    given.forEach((one, i) => {
      const [section, key] = (SETTINGS[i] as Setting).name.split('.') as [string, string];
      if (one) document[section] = { ...document[section], [key]: one.value };
    });
    return document;
  });

describe('the settings', () => {
  it('have a name once, a default within their range, and a meaning', () => {
    expect(new Set(SETTINGS.map(({ name }) => name)).size).toBe(SETTINGS.length);
    for (const { name, kind, initial, range, open, meaning } of SETTINGS) {
      expect(name).toMatch(/^(reward|policy|exit|plan)\.[a-z]+(_[a-z]+)*$/);
      expect(meaning).not.toBe('');
      if (initial === null) expect(open).toBe(true);
      else {
        const number = typeof initial === 'number' ? initial : 'impressions' in initial ? initial.impressions : initial.ms / DAY;
        expect(number).toBeGreaterThanOrEqual(range[0]);
        expect(number).toBeLessThanOrEqual(range[1]);
        expect(typeof initial === 'object').toBe(kind === 'span');
      }
    }
  });

  it('are by default those of the mathematics', () => {
    expect(DEFAULT_CONFIG).toEqual({
      reward: { ctrWeight: 1, revenueWeight: 0, lambdaStep: 0.5, lambdaMax: 2, viewTimeTolerance: 0.1, viewTimeFloor: null },
      policy: { alpha: null, epsilon: 0.1, window: null },
      exit: {
        window: { impressions: 500 },
        ring: 5,
        floorClicks: 5,
        stability: 0.05,
        expectedLoss: 0.01,
        draws: 2_000,
        probe: 0.01,
        reopenLevel: 0.999,
        reopenWindows: 2,
        lambdaLevel: 0.1,
        lambdaWindows: 3,
        retireProbability: 0.01,
      },
      plan: { randomFloor: 0.05 },
    } satisfies SelectionConfig);
  });

  it('can each be set in a file, and come back as they were', () => {
    for (const setting of SETTINGS) {
      const [section, key] = setting.name.split('.') as [string, string];
      fc.assert(
        fc.property(valuesOf(setting), (value) => {
          const described = describeConfig(parseConfig(stringify({ [section]: { [key]: value } }), 'night.yaml'));
          const defaults = describeConfig(DEFAULT_CONFIG);
          expect(described).toEqual({ ...defaults, [section]: { ...defaults[section], [key]: value } });
        }),
        { numRuns: 30 },
      );
    }
  });

  it('are the same after they are printed and read', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const config = parseConfig(stringify(document), 'night.yaml');
        expect(parseConfig(stringify(describeConfig(config)), 'night.yaml')).toEqual(config);
        expect(parseConfig(JSON.stringify(describeConfig(config)), 'night.json')).toEqual(config);
        expect(withSettings(config, new Map())).toEqual(config);
      }),
    );
  });
});

describe('a file of settings', () => {
  it.each(['', '# nothing yet\n', '---\n', '--- # nothing\n...\n', '~', '{}', 'exit:\nreward:\n', '\ufeff'])(
    'that says nothing leaves the defaults: %j',
    (text) => {
      expect(parseConfig(text, 'night.yaml')).toEqual(DEFAULT_CONFIG);
    },
  );

  it('changes what it names and nothing else', () => {
    const text = ['# tonight', 'exit:', '  ring: 7', '  window: 1d', 'policy: { alpha: 0.5, window: 12h }', ''].join('\n');
    expect(parseConfig(text, 'night.yaml')).toEqual({
      ...DEFAULT_CONFIG,
      exit: { ...DEFAULT_CONFIG.exit, ring: 7, window: { ms: DAY } },
      policy: { ...DEFAULT_CONFIG.policy, alpha: 0.5, window: { ms: 12 * HOUR } },
    });
    expect(parseConfig(text.replaceAll('\n', '\r\n'), 'night.yaml')).toEqual(parseConfig(text, 'night.yaml'));
  });

  it.each([
    ['500', { impressions: 500 }],
    ['"500"', { impressions: 500 }],
    ['1e3', { impressions: 1_000 }],
    ['7d', { ms: 7 * DAY }],
    ['12h', { ms: 12 * HOUR }],
    ['24h', { ms: DAY }],
    ['open', null],
    ['', null],
    ['~', null],
  ])('takes the span %j', (text, expected) => {
    expect(parseConfig(`policy:\n  window: ${text}\n`, 'night.yaml').policy.window).toEqual(expected);
  });

  it.each(['alpha: open', 'alpha:', 'alpha: null', '? alpha'])('leaves open what may be open: %j', (line) => {
    expect(parseConfig(`policy:\n  ${line}\n`, 'night.yaml').policy.alpha).toBeNull();
  });
});

describe('a wrong file of settings', () => {
  it.each([
    // Sections
    ['exits:\n  ring: 5', '1:1', 'Expected one of the sections reward, policy, exit and plan but received exits.'],
    ['exit.ring: 5', '1:1', 'Expected one of the sections reward, policy, exit and plan but received exit.ring.'],
    [
      'exit:\n  ring: 5\n__proto__:\n  ring: 5',
      '3:1',
      'Expected one of the sections reward, policy, exit and plan but received __proto__.',
    ],
    ['? [exit]\n: ring', '1:1', 'Expected one of the sections reward, policy, exit and plan but received ["exit"].'],
    ['# exit\n- ring', '2:1', 'Expected the sections reward, policy, exit and plan.'],
    ['exit', '1:1', 'Expected the sections reward, policy, exit and plan.'],
    ['plan: {}\nexit: 5', '2:1', 'Expected settings under exit.'],
    ['plan: {}\nexit: [ring]', '2:1', 'Expected settings under exit.'],
    // Values
    ['exit:\n  ring: five', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received five.'],
    ['exit:\n  ring: 3.5', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received 3.5.'],
    ['exit:\n  ring: 1', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received 1.'],
    ['exit:\n  ring: 5d', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received 5d.'],
    ['exit:\n  ring: true', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received true.'],
    ['exit:\n  ring: [5]', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received [5].'],
    ['exit:\n  ring:\n  probe: 0', '2:3', 'Expected exit.ring to be a whole number from 2 to 1000 but received nothing.'],
    ['exit: { ring: 5, probe: 0.6 }', '1:18', 'Expected exit.probe to be a number from 0 to 0.5 but received 0.6.'],
    ['exit: { probe: -0.1 }', '1:9', 'Expected exit.probe to be a number from 0 to 0.5 but received -0.1.'],
    ['exit: { probe: .nan }', '1:9', 'Expected exit.probe to be a number from 0 to 0.5 but received NaN.'],
    ['exit: { probe: open }', '1:9', 'Expected exit.probe to be a number from 0 to 0.5 but received open.'],
    ['policy:\n  alpha: .inf', '2:3', 'Expected policy.alpha to be a number from 0 to 1000000, or open, but received Infinity.'],
    ['policy:\n  alpha: 1.2.3', '2:3', 'Expected policy.alpha to be a number from 0 to 1000000, or open, but received 1.2.3.'],
    ['policy:\n  alpha: ""', '2:3', 'Expected policy.alpha to be a number from 0 to 1000000, or open, but received nothing.'],
    [
      'policy:\n  window: 7 days',
      '2:3',
      'Expected policy.window to be impressions, days such as 7d or hours such as 12h, from 1 to 1000000000, or open, but received 7 days.',
    ],
    [
      'exit:\n\n  window: 0d',
      '3:3',
      'Expected exit.window to be impressions, days such as 7d or hours such as 12h, from 1 to 1000000000 but received 0d.',
    ],
    // YAML
    ['exit:\n  ring: 5\n  ring: 6', '3:3', 'Expected YAML but it says: Map keys must be unique'],
    ['exit:\n\tring: 5', '2:1', 'Expected YAML but it says: Tabs are not allowed as indentation'],
    ['exit: "ring', '1:12', 'Expected YAML but it says: Missing closing "quote'],
  ])('is refused with the place and what was expected: %j', (text, place, message) => {
    expect(refusal(text)).toBe(`night.yaml:${place}: ${message}`);
  });

  it.each([
    ['exit:\n  rings: 5', 'night.yaml:2:3: ', 'exit.rings'],
    ['reward:\n  ctr_weight: 2\n  alpha: 1', 'night.yaml:3:3: ', 'reward.alpha'],
    ['exit:\n  exit.ring: 5', 'night.yaml:2:3: ', 'exit.exit.ring'],
    ['exit:\n  ctrWeight: 5', 'night.yaml:2:3: ', 'exit.ctrWeight'],
  ])('names all settings for one that there is not: %j', (text, place, name) => {
    expect(refusal(text)).toBe(`${place}Expected one of ${SETTINGS.map((setting) => setting.name).join(', ')} but received ${name}.`);
  });

  it('is refused for every setting just outside its range, and taken at its ends', () => {
    for (const { name, kind, range } of SETTINGS) {
      const [section, key] = name.split('.') as [string, string];
      const text = (value: number): string => `${section}:\n  ${key}: ${value}\n`;
      for (const end of range) expect(describeConfig(parseConfig(text(end), 'night.yaml'))[section]?.[key]).toBe(end);
      const step = kind === 'number' ? 1e-6 : 1;
      for (const outside of [range[0] - step, range[1] + Math.max(step, range[1] * 1e-6)]) {
        expect(refusal(text(kind === 'number' ? outside : Math.ceil(outside)))).toMatch(/^night\.yaml:2:3: Expected /);
      }
    }
  });
});

describe('settings replaced by name', () => {
  it('take the full name, and for policies the key alone', () => {
    const changed = withSettings(
      DEFAULT_CONFIG,
      new Map([
        ['alpha', '0.3'],
        ['policy.epsilon', '0.2'],
        ['window', '7d'],
        ['exit.ring', ' 9 '],
        ['exit.window', '100'],
      ]),
    );
    expect(changed).toEqual({
      ...DEFAULT_CONFIG,
      policy: { alpha: 0.3, epsilon: 0.2, window: { ms: 7 * DAY } },
      exit: { ...DEFAULT_CONFIG.exit, ring: 9, window: { impressions: 100 } },
    });
    expect(
      withSettings(
        changed,
        new Map([
          ['alpha', 'open'],
          ['window', ' open '],
        ]),
      ).policy,
    ).toEqual({ alpha: null, epsilon: 0.2, window: null });
  });

  it('keep those that are not named, whatever they were', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const config = parseConfig(stringify(document), 'night.yaml');
        expect(withSettings(config, new Map([['exit.ring', '4']]))).toEqual({ ...config, exit: { ...config.exit, ring: 4 } });
      }),
    );
  });

  it.each([
    ['ring', '5', ' but received ring.'],
    ['Alpha', '5', ' but received Alpha.'],
    ['exit.alpha', '5', ' but received exit.alpha.'],
    ['alpha', '', 'Expected policy.alpha to be a number from 0 to 1000000, or open, but received nothing.'],
    ['alpha', '-1', 'Expected policy.alpha to be a number from 0 to 1000000, or open, but received -1.'],
    ['exit.ring', 'open', 'Expected exit.ring to be a whole number from 2 to 1000 but received open.'],
  ])('are refused for the name %j with the value %j', (name, text, message) => {
    const change = (): unknown => withSettings(DEFAULT_CONFIG, new Map([[name, text]]));
    expect(change).toThrow(UserError);
    expect(change).toThrow(message);
  });

  it('have a full name, which is their own where there is none', () => {
    expect(['alpha', 'policy.alpha', 'exit.ring', 'ring'].map(settingName)).toEqual(['policy.alpha', 'policy.alpha', 'exit.ring', 'ring']);
  });
});

describe('a span', () => {
  it.each([
    [{ impressions: 500 }, 500],
    [{ ms: 7 * DAY }, '7d'],
    [{ ms: 36 * HOUR }, '36h'],
    [{ ms: 48 * HOUR }, '2d'],
  ])('%j is described as %j', (span, expected) => {
    expect(describeSpan(span)).toBe(expected);
  });
});
