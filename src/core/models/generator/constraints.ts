import { UserError } from '../../errors.ts';
import { CombinationSpace } from './space.ts';

/** Rules on the combinations and slates of ads; elements are named by their ids. */
interface ConstraintRules {
  /** Pairs that may not stand in one combination. */
  readonly forbid: readonly (readonly [string, string])[];
  /** Elements that every combination of an ad holds that has them among its candidates. */
  readonly require: readonly string[];
  /** In how many creatives of a slate an element may be, unless `atMost` says otherwise. */
  readonly atMostDefault: number | undefined;
  readonly atMost: ReadonlyMap<string, number>;
}

export interface Constraints {
  readonly all: ConstraintRules;
  readonly ads: ReadonlyMap<string, ConstraintRules>;
}

/** An ad's candidates by kind. */
export interface CandidateGroup {
  readonly kind: string;
  readonly elementIds: readonly string[];
}

const KEYS = ['forbid', 'require', 'at_most'] as const;
const DEFAULT_KEY = 'default';
const NAMES_SHOWN = 5;

/**
 * Constraints from a document with `forbid: [[id, id], …]`, `require: [id, …]`, `at_most: N` or `at_most: {id: N, default: N}`,
 * and the same under `ads: {AD: {…}}` for one ad, whose at_most goes before the one for all.
 * @param source name of the file in messages
 * @throws UserError for anything else
 */
export function parseConstraints(document: unknown, source: string): Constraints {
  const fields = document === null || document === undefined ? {} : objectOf(document, source, 'forbid, require, at_most and ads');
  const { ads, ...rules } = fields;
  const byAd = ads === undefined || ads === null ? {} : objectOf(ads, `${source}: ads`, 'constraints by ad');
  return {
    all: parseRules(rules, source),
    ads: new Map(
      Object.entries(byAd).map(([adId, own]) => [
        adId,
        parseRules(objectOf(own, `${source}: ads.${adId}`, KEYS.join(', ')), `${source}: ads.${adId}`),
      ]),
    ),
  };
}

/** Messages about the ids that constraints name and the store does not know, in the order of the document. */
export function unknownInConstraints(
  { all, ads }: Constraints,
  known: { readonly elementIds: ReadonlySet<string>; readonly adIds: ReadonlySet<string> },
): string[] {
  const elements = new Set(
    [all, ...ads.values()].flatMap(({ forbid, require, atMost }) => [...forbid.flat(), ...require, ...atMost.keys()]),
  );
  const message = (what: string, ids: string[]): string[] =>
    ids.length === 0 ? [] : [`Expected ${what} of this store in the constraints but received ${names(ids)}: ignored.`];
  return [
    ...message(
      'elements',
      [...elements].filter((id) => !known.elementIds.has(id)),
    ),
    ...message(
      'ads',
      [...ads.keys()].filter((id) => !known.adIds.has(id)),
    ),
  ];
}

/**
 * The combinations of an ad that constraints allow; ids that are not among its candidates are none of its business.
 * @throws UserError where they contradict each other, or leave no combination
 */
export function constrainedSpace({ all, ads }: Constraints, adId: string, groups: readonly CandidateGroup[]): CombinationSpace {
  const own = ads.get(adId);
  const elementIds = groups.flatMap((group) => group.elementIds);
  const kindOf = groups.flatMap((group) => group.elementIds.map(() => group.kind));
  const candidateOf = new Map(elementIds.map((id, candidate) => [id, candidate]));
  const atMost = (id: string): number =>
    own?.atMost.get(id) ?? own?.atMostDefault ?? all.atMost.get(id) ?? all.atMostDefault ?? Number.POSITIVE_INFINITY;
  const forbidden = [...all.forbid, ...(own?.forbid ?? [])].filter((pair) => pair.every((id) => candidateOf.has(id)));
  const required = [...new Set([...all.require, ...(own?.require ?? [])])].filter((id) => candidateOf.has(id));
  const requiredOf = new Map<string, string>();
  for (const id of required) {
    const kind = kindOf[candidateOf.get(id) as number] as string;
    const other = requiredOf.get(kind);
    if (other !== undefined) {
      throw new UserError(
        `Expected at most one required ${kind} for ad ${adId} but received ${other} and ${id}.`,
        'Remove one of them from require.',
      );
    }
    if (atMost(id) === 0) {
      throw new UserError(
        `Expected the required ${kind} ${id} to be allowed for ad ${adId} but its at_most is 0.`,
        'Remove it from require, or raise its at_most.',
      );
    }
    requiredOf.set(kind, id);
  }
  const clash = forbidden.find((pair) => pair.every((id) => required.includes(id)));
  if (clash) {
    throw new UserError(
      `Expected required elements of ad ${adId} that may stand together but ${clash.join(' and ')} are a forbidden pair.`,
      'Remove the pair from forbid, or one of the two from require.',
    );
  }
  const allowed = elementIds.map((id, candidate) => {
    const chosen = requiredOf.get(kindOf[candidate] as string);
    return atMost(id) > 0 && (chosen === undefined || chosen === id);
  });
  const space = new CombinationSpace({
    sizes: Int32Array.from(groups, (group) => group.elementIds.length),
    forbidden: forbidden.map(([a, b]) => [candidateOf.get(a) as number, candidateOf.get(b) as number]),
    allowed,
    mostUses: Float64Array.from(elementIds, atMost),
  });
  if (!space.isEmpty) return space;
  const barred = elementIds.filter((id) => atMost(id) === 0);
  const reasons = [
    ...(forbidden.length > 0 ? [`forbidden pairs ${names(forbidden.map((pair) => pair.join(' + ')))}`] : []),
    ...(required.length > 0 ? [`required ${names(required)}`] : []),
    ...(barred.length > 0 ? [`at_most 0 for ${names(barred)}`] : []),
  ];
  throw new UserError(
    `Expected constraints that leave ad ${adId} a combination but they leave none: ${reasons.join('; ')}.`,
    'Remove some of these constraints, or give the ad more elements.',
  );
}

function parseRules(fields: Readonly<Record<string, unknown>>, source: string): ConstraintRules {
  const unknown = Object.keys(fields).find((key) => !(KEYS as readonly string[]).includes(key));
  if (unknown !== undefined) throw new UserError(`${source}: Expected one of ${KEYS.join(', ')} but received ${unknown}.`);
  const [forbid, require, atMost] = KEYS.map((key) => fields[key] ?? undefined);
  const pairs = listOf(forbid, `${source}: forbid`, 'pairs of element ids').map((pair): readonly [string, string] => {
    const [a, b, ...more] = listOf(pair, `${source}: forbid`, 'pairs of element ids').map((id) => idOf(id, `${source}: forbid`));
    if (a === undefined || b === undefined || more.length > 0 || a === b) {
      throw new UserError(`${source}: forbid: Expected two different element ids but received ${JSON.stringify(pair)}.`);
    }
    return [a, b];
  });
  const isOne = typeof atMost === 'number';
  const counts = isOne || atMost === undefined ? {} : objectOf(atMost, `${source}: at_most`, 'a whole number, or one by element id');
  const limits = new Map(Object.entries(counts).map(([id, most]) => [id, countOf(most, `${source}: at_most.${id}`)]));
  const atMostDefault = isOne ? countOf(atMost, `${source}: at_most`) : limits.get(DEFAULT_KEY);
  limits.delete(DEFAULT_KEY);
  return {
    forbid: pairs,
    require: listOf(require, `${source}: require`, 'element ids').map((id) => idOf(id, `${source}: require`)),
    atMostDefault,
    atMost: limits,
  };
}

function objectOf(value: unknown, source: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw new UserError(`${source}: Expected ${what} but received ${JSON.stringify(value)}.`);
}

function listOf(value: unknown, source: string, what: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new UserError(`${source}: Expected a list of ${what} but received ${JSON.stringify(value)}.`);
}

/** An id of digits alone is a number in YAML. */
function idOf(value: unknown, source: string): string {
  if ((typeof value === 'string' && value !== '') || Number.isSafeInteger(value)) return String(value);
  throw new UserError(`${source}: Expected an element id but received ${JSON.stringify(value)}.`);
}

function countOf(value: unknown, source: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new UserError(`${source}: Expected a whole number of creatives but received ${JSON.stringify(value)}.`);
}

function names(ids: readonly string[]): string {
  const more = ids.length - NAMES_SHOWN;
  return `${ids.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
