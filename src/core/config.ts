import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { UserError } from './errors.ts';

/** A span a policy looks back over, or a selection window: so many impressions of an ad, or a time. */
export type Span = { readonly impressions: number } | { readonly ms: number };

/** Weights of the parts of the reward, and the view-time floor. */
export interface RewardConfig {
  readonly ctrWeight: number;
  readonly revenueWeight: number;
  readonly lambdaStep: number;
  readonly lambdaMax: number;
  readonly viewTimeTolerance: number;
  readonly viewTimeFloor: number | null;
}

/** How a policy explores. */
export interface PolicyConfig {
  readonly alpha: number | null;
  readonly epsilon: number;
  readonly window: Span | null;
}

/** When an ad stops exploring, when it begins again, and what is shown meanwhile. */
interface ExitConfig {
  readonly window: Span;
  readonly ring: number;
  readonly floorClicks: number;
  readonly stability: number;
  readonly expectedLoss: number;
  readonly draws: number;
  readonly probe: number;
  readonly reopenLevel: number;
  readonly reopenWindows: number;
  readonly lambdaLevel: number;
  readonly lambdaWindows: number;
  readonly retireProbability: number;
}

interface PlanConfig {
  readonly randomFloor: number;
}

/** Every setting of selection and replay. */
export interface SelectionConfig {
  readonly reward: RewardConfig;
  readonly policy: PolicyConfig;
  readonly exit: ExitConfig;
  readonly plan: PlanConfig;
}

type Value = number | Span | null;

/** One setting: its name in files and flags, its default, what it may be, and what it means. */
interface Setting {
  readonly name: string;
  readonly initial: Value;
  readonly kind: 'number' | 'whole' | 'span';
  /** Smallest and largest value; of a span, in impressions or days. */
  readonly range: readonly [min: number, max: number];
  /** Whether it may be left open (null). */
  readonly open?: true;
  readonly meaning: string;
}

/**
 * Every default once, with its unit and reason. Names are `section.key` in YAML and in `--sweep`; the objects above have the
 * same keys in camel case.
 */
export const SETTINGS: readonly Setting[] = [
  { name: 'reward.ctr_weight', initial: 1, kind: 'number', range: [0, 1e6], meaning: 'weight of the CTR uplift' },
  {
    name: 'reward.revenue_weight',
    initial: 0,
    kind: 'number',
    range: [0, 1e6],
    meaning: 'weight of the uplift of revenue per effective impression; 0: revenue is not looked at',
  },
  {
    name: 'reward.lambda_step',
    initial: 0.5,
    kind: 'number',
    range: [0, 1e3],
    meaning: 'step of λ per window, for a view time that falls short by all of its floor',
  },
  { name: 'reward.lambda_max', initial: 2, kind: 'number', range: [0, 1e3], meaning: 'largest λ; 0: view time is not looked at' },
  {
    name: 'reward.view_time_tolerance',
    initial: 0.1,
    kind: 'number',
    range: [0, 1],
    meaning: 'share by which view time may fall below its baseline',
  },
  {
    name: 'reward.view_time_floor',
    initial: null,
    kind: 'number',
    range: [0, 1e6],
    open: true,
    meaning: 'floor of mean view time in seconds; open: (1 − tolerance) × baseline',
  },
  {
    name: 'policy.alpha',
    initial: null,
    kind: 'number',
    range: [0, 1e6],
    open: true,
    meaning: "width of exploration, times the policy's own; 0 is greedy; open: 1, but 0.1 for ucb1 and 0.5 for kl",
  },
  {
    name: 'policy.epsilon',
    initial: 0.1,
    kind: 'number',
    range: [0, 1],
    meaning: 'share of random choices of epsilon-greedy, in replay and simulate',
  },
  {
    name: 'policy.window',
    initial: null,
    kind: 'span',
    range: [1, 1e9],
    open: true,
    meaning:
      'what a policy looks back over in replay and simulate: so many impressions of an ad, or a time such as 7d or 12h; open: everything',
  },
  {
    name: 'exit.window',
    initial: { impressions: 500 },
    kind: 'span',
    range: [1, 1e9],
    meaning: 'one window: impressions of an ad, or a time such as 1d',
  },
  { name: 'exit.ring', initial: 5, kind: 'whole', range: [2, 1_000], meaning: 'windows over which the leader must be stable' },
  {
    name: 'exit.floor_clicks',
    initial: 5,
    kind: 'number',
    range: [0, 1e6],
    meaning: 'every creative is first shown until the base would have had so many clicks',
  },
  {
    name: 'exit.stability',
    initial: 0.05,
    kind: 'number',
    range: [0, 10],
    meaning: "range of the leader's cumulative ECOI over the ring, relative to it, that is stable",
  },
  {
    name: 'exit.expected_loss',
    initial: 0.01,
    kind: 'number',
    range: [0, 10],
    meaning: 'expected loss of keeping the leader, relative, that is small enough',
  },
  { name: 'exit.draws', initial: 2_000, kind: 'whole', range: [100, 1e6], meaning: 'posterior draws for the expected loss' },
  {
    name: 'exit.probe',
    initial: 0.01,
    kind: 'number',
    range: [0, 0.5],
    meaning: 'share of impressions that probe the other creatives after the exit',
  },
  {
    name: 'exit.reopen_level',
    initial: 0.999,
    kind: 'number',
    range: [0.5, 0.999999],
    meaning: "level of the interval that the leader's ECOI over the ring must lie in after the exit",
  },
  {
    name: 'exit.reopen_windows',
    initial: 2,
    kind: 'whole',
    range: [1, 1_000],
    meaning: 'windows running outside that interval which reopen an ad',
  },
  {
    name: 'exit.lambda_level',
    initial: 0.1,
    kind: 'number',
    range: [0, 1e3],
    meaning: 'λ above this counts as view time below its floor; noise alone keeps λ near 0.03',
  },
  {
    name: 'exit.lambda_windows',
    initial: 3,
    kind: 'whole',
    range: [1, 1_000],
    meaning: 'windows running with λ above that level which reopen an ad',
  },
  {
    name: 'exit.retire_probability',
    initial: 0.01,
    kind: 'number',
    range: [0, 0.5],
    meaning: 'a creative whose probability of being as good as the leader is below this retires',
  },
  {
    name: 'plan.random_floor',
    initial: 0.05,
    kind: 'number',
    range: [0, 1],
    meaning: 'share of impressions dealt out at random while exploring, so that the next log can be evaluated',
  },
];

const MS_OF = { d: 86_400_000, h: 3_600_000 } as const;

export const DEFAULT_CONFIG: SelectionConfig = build(new Map());

/**
 * Settings from YAML: sections `reward`, `policy`, `exit` and `plan`, each with any of its settings; the others keep their
 * defaults.
 * @param file name of the file in messages
 * @throws UserError with line and column for anything else
 */
export function parseConfig(text: string, file: string): SelectionConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = (message: string, offset: number | undefined): UserError => {
    const { line, col } = lines.linePos(offset ?? 0);
    return new UserError(`${file}:${Math.max(1, line)}:${Math.max(1, col)}: ${message}`);
  };
  const error = document.errors[0];
  if (error) throw problem(`Expected YAML but it says: ${error.message}`, error.pos[0]);
  if (isEmpty(document.contents)) return DEFAULT_CONFIG;
  if (!isMap(document.contents)) throw problem('Expected the sections reward, policy, exit and plan.', document.contents?.range?.[0]);
  const values = new Map<string, Value>();
  for (const { key: section, value: body } of document.contents.items) {
    const at = isScalar(section) ? section.range?.[0] : undefined;
    if (!SETTINGS.some(({ name }) => name.startsWith(`${String(section)}.`))) {
      throw problem(`Expected one of the sections reward, policy, exit and plan but received ${String(section)}.`, at);
    }
    if (isEmpty(body)) continue;
    if (!isMap(body)) throw problem(`Expected settings under ${String(section)}.`, at);
    for (const { key, value } of body.items) {
      try {
        values.set(...readSetting(`${String(section)}.${String(key)}`, isEmpty(value) ? null : String(value)));
      } catch (error) {
        if (error instanceof UserError) throw problem(error.message, isScalar(key) ? key.range?.[0] : undefined);
        throw error;
      }
    }
  }
  return build(values);
}

/** The same settings with some replaced, by name (`exit.ring`; for policies the key alone is enough: `alpha`) and text. */
export function withSettings(config: SelectionConfig, changes: ReadonlyMap<string, string>): SelectionConfig {
  const values = new Map(SETTINGS.map(({ name }): [string, Value] => [name, settingOf(config, name)]));
  for (const [name, text] of changes) values.set(...readSetting(name, text));
  return build(values);
}

/** The full name of a setting: of section `policy` the key alone is enough. Names there are not stay as they are. */
export function settingName(name: string): string {
  return findSetting(name)?.name ?? name;
}

function findSetting(name: string): Setting | undefined {
  return SETTINGS.find((known) => known.name === name || known.name === `policy.${name}`);
}

/** The settings as a document with the names of the file, for printing back. */
export function describeConfig(config: SelectionConfig): Record<string, Record<string, number | string | null>> {
  const document: Record<string, Record<string, number | string | null>> = {};
  for (const { name } of SETTINGS) {
    const [section, key] = name.split('.') as [string, string];
    const value = settingOf(config, name);
    document[section] = { ...document[section], [key]: typeof value === 'object' && value !== null ? describeSpan(value) : value };
  }
  return document;
}

/** "500" or "7d". */
export function describeSpan(span: Span): number | string {
  if ('impressions' in span) return span.impressions;
  return span.ms % MS_OF.d === 0 ? `${span.ms / MS_OF.d}d` : `${span.ms / MS_OF.h}h`;
}

/**
 * @param text null where the file has nothing
 * @throws UserError for a name there is not, or a text it cannot have
 */
function readSetting(name: string, text: string | null): [string, Value] {
  const setting = findSetting(name);
  if (!setting) throw new UserError(`Expected one of ${SETTINGS.map((known) => known.name).join(', ')} but received ${name}.`);
  const given = text?.trim() ?? '';
  const value = setting.open && (text === null || given === 'open') ? null : readValue(setting, given);
  if (value === undefined) {
    const [min, max] = setting.range;
    const what = { number: 'a number', whole: 'a whole number', span: 'impressions, days such as 7d or hours such as 12h,' }[setting.kind];
    const orOpen = setting.open ? ', or open,' : '';
    throw new UserError(`Expected ${setting.name} to be ${what} from ${min} to ${max}${orOpen} but received ${given || 'nothing'}.`);
  }
  return [setting.name, value];
}

function readValue({ kind, range: [min, max] }: Setting, text: string): Value | undefined {
  const [, digits = '', unit = ''] = /^(-?[\d.]+(?:e[+-]?\d+)?)([dh]?)$/i.exec(text) ?? [];
  const number = digits === '' ? Number.NaN : Number(digits);
  if (!(number >= min && number <= max)) return undefined;
  if (kind === 'number') return unit === '' ? number : undefined;
  if (!Number.isInteger(number)) return undefined;
  if (kind === 'whole') return unit === '' ? number : undefined;
  return unit === '' ? { impressions: number } : { ms: number * MS_OF[unit.toLowerCase() as 'd' | 'h'] };
}

/** Whether a node of YAML has nothing in it. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function build(values: ReadonlyMap<string, Value>): SelectionConfig {
  const config: Record<string, Record<string, Value>> = {};
  for (const { name, initial } of SETTINGS) {
    const [section, key] = name.split('.') as [string, string];
    config[section] = { ...config[section], [camelCase(key)]: values.has(name) ? (values.get(name) as Value) : initial };
  }
  const { ctrWeight, revenueWeight, lambdaMax } = (config as unknown as SelectionConfig).reward;
  if (ctrWeight === 0 && revenueWeight === 0 && lambdaMax === 0) {
    throw new UserError('Expected a reward but reward.ctr_weight, reward.revenue_weight and reward.lambda_max are all 0.');
  }
  return config as unknown as SelectionConfig;
}

function settingOf(config: SelectionConfig, name: string): Value {
  const [section, key] = name.split('.') as [keyof SelectionConfig, string];
  return (config[section] as unknown as Record<string, Value>)[camelCase(key)] as Value;
}

function camelCase(key: string): string {
  return key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
