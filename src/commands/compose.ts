import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { type ItemFailure, throwIfInterrupted, UserError } from '../core/errors.ts';
import { creativeId } from '../core/ids.ts';
import type { ElementGroup } from '../core/models/combinations.ts';
import type { ComposedSlate } from '../core/models/generator/compose_slate.ts';
import type { Constraints } from '../core/models/generator/constraints.ts';
import type { CombinationReward } from '../core/models/generator/reward.ts';
import type { CombinationSpace } from '../core/models/generator/space.ts';
import type { Ad, Creative } from '../core/store/creatives.ts';
import type { SlateEntry } from '../core/store/slates.ts';
import { type AdElements, chooseAds, createElementReader } from './ad_elements.ts';
import type { ContentTerms } from './bag_features.ts';
import { type ComposedAd, type ComposedCreative, METHODS, type Method, tellComposed } from './compose_text.ts';
import type { OpenedGenerator } from './generator_file.ts';
import {
  type CliContext,
  count,
  createCommand,
  type Outcome,
  parseList,
  parseNonNegative,
  parsePositiveInteger,
  parseShare,
  type StoreSession,
  storeAction,
} from './shared.ts';
import { REWARDS, type RewardKind, type RewardSource, randomOfAd } from './slate_rewards.ts';

const CREATIVES_PER_AD = 8;
const GAMMA = 0.5;
const KAPPA = 1;
const RANDOM_SHARE = 0.05;
/** For --model: score by elements. */
const NO_MODEL = 'none';
/** Of a normal interval. */
const Z = 1.959963984540054;

interface Options {
  readonly perAd: number;
  readonly method: 'auto' | Method;
  readonly model?: string;
  readonly generator?: string;
  readonly reward: RewardKind;
  readonly kappa: number;
  readonly gamma: number;
  readonly constraints?: string;
  readonly randomShare: number;
  readonly ads?: string[];
  readonly notes?: string[];
}

/** `atelier compose`: elements of each ad become a slate of good and different creatives. */
export function composeCommand(context: CliContext): Command {
  return createCommand('compose', 'creatives for each ad from its elements, good ones that differ', 'atelier compose --per-ad 8')
    .option('--per-ad <k>', 'creatives for each ad', parsePositiveInteger, CREATIVES_PER_AD)
    .addOption(
      new Option(
        '--method <name>',
        'how creatives are chosen: from all combinations (exact), from those the generator draws (policy), or by chance (random); auto, as exact, scores all up to 100,000 combinations, and more are drawn by the generator',
      )
        .choices(['auto', ...METHODS])
        .default('auto'),
    )
    .option('--model <id>', "the reward model: the one trained last when not given; none for the elements' own scores")
    .option('--generator <id>', 'the generator (the one trained last when not given)')
    .addOption(
      new Option(
        '--reward <kind>',
        'what is maximised: the predicted link less κ times its standard deviation, the prediction itself, or one draw of it',
      )
        .choices(REWARDS)
        .default('pessimistic'),
    )
    .option('--kappa <x>', 'κ of the pessimistic reward', parseNonNegative, KAPPA)
    .option('--gamma <x>', 'weight of likeness to the creatives chosen already, against the reward (both 0 to 1)', parseNonNegative, GAMMA)
    .option('--constraints <file>', 'YAML with forbid, require and at_most')
    .option(
      '--random-share <share>',
      'share of the creatives that chance alone chooses, so that the next log can be evaluated',
      parseShareOrNone,
      RANDOM_SHARE,
    )
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--notes <a,b>', 'only the ads of these notes', parseList)
    .action(storeAction<Options>(context, 'existing', compose));
}

function parseShareOrNone(text: string): number {
  return /^0*\.?0+%?$/.test(text.trim()) ? 0 : parseShare(text);
}

/** What composing needs beside the ad. */
interface ComposeInputs {
  readonly rewards: RewardSource;
  readonly terms: ContentTerms;
  readonly generator: OpenedGenerator | undefined;
  readonly constraints: Constraints;
  readonly notes: Set<string>;
}

async function compose(session: StoreSession<Options>): Promise<Outcome> {
  const { store, options } = session;
  const { ads, failed } = await chooseAds(store, options);
  const withElements = ads.map(await createElementReader(store));
  const inputs = await openInputs(session, withElements);
  const composed: ComposedAd[] = [];
  for (const [index, elements] of withElements.entries()) {
    // Lets an interrupt in: everything else here is synchronous.
    await setImmediate();
    throwIfInterrupted(session.signal);
    const result = await composeAd(session, inputs, elements, failed);
    if (result) composed.push(result);
    session.onProgress({ task: 'compose', done: index + 1, total: ads.length, unit: 'ads' });
  }
  const creatives = composed.reduce((sum, ad) => sum + ad.creatives.length, 0);
  const { rewards, generator, notes } = inputs;
  return {
    json: {
      scorer: rewards.scorer,
      label: rewards.label,
      reward: options.reward,
      generator: generator?.modelId ?? null,
      random_share: options.randomShare,
      ads: composed,
      notes: [...notes],
      failed,
    },
    text: tellComposed(composed, rewards, [...notes]),
    failures: failed,
    counts: { ads: composed.length, creatives, failed: failed.length },
  };
}

async function openInputs({ store, options, seed, path }: StoreSession<Options>, ads: readonly AdElements[]): Promise<ComposeInputs> {
  const { readConstraints } = await import('./constraints_file.ts');
  const { openGenerator } = await import('./generator_file.ts');
  const { openRewardModel } = await import('./reward_scoring.ts');
  const { elementRewards, modelRewards } = await import('./slate_rewards.ts');
  const { readContentTerms } = await import('./bag_features.ts');
  const { hasModel } = await import('../core/store/models.ts');
  const adIds = ads.map(({ ad }) => ad.adId);
  const elementIds = new Set(ads.flatMap(({ elements }) => elements.map(({ elementId }) => elementId)));
  const notes = new Set<string>();
  const file = options.constraints === undefined ? undefined : path(options.constraints);
  const { constraints, unknown } = await readConstraints(store, file);
  for (const message of unknown) notes.add(message);
  const isModelled = options.model === undefined ? hasModel(store, 'mil') : options.model !== NO_MODEL;
  const terms = await readContentTerms(store, adIds, [...elementIds]);
  const rewards = isModelled
    ? await modelRewards(await openRewardModel(store, options.model), terms, { kind: options.reward, seed })
    : elementRewards();
  const inputs = { rewards, terms, constraints, notes };
  const isAsked = options.method === 'policy' || options.generator !== undefined;
  if (isAsked) return { ...inputs, generator: await openGenerator(store, options.generator) };
  if (options.method === 'random' || !hasModel(store, 'generator')) return { ...inputs, generator: undefined };
  try {
    return { ...inputs, generator: await openGenerator(store, undefined) };
  } catch (error) {
    // Most ads do not need it, and the others have the untrained one.
    if (!(error instanceof UserError)) throw error;
    notes.add(`${error.message} ${error.hint ?? ''}`.trim());
    return { ...inputs, generator: undefined };
  }
}

async function composeAd(
  session: StoreSession<Options>,
  inputs: ComposeInputs,
  { ad, elements, imported }: AdElements,
  failed: ItemFailure[],
): Promise<ComposedAd | undefined> {
  const { groupElements } = await import('../core/models/combinations.ts');
  const { CombinationReward } = await import('../core/models/generator/reward.ts');
  const { withRandomShare } = await import('../core/models/generator/compose_slate.ts');
  const { constrainedSpace } = await import('../core/models/generator/constraints.ts');
  const { meanHamming } = await import('../core/models/generator/slate.ts');
  const { options, seed } = session;
  const groups = groupElements(elements);
  if (groups.length === 0) {
    failed.push({ item: ad.adId, reason: 'Expected elements of this ad but it has none. Run atelier extract or atelier titles first.' });
    return undefined;
  }
  let space: CombinationSpace;
  try {
    space = constrainedSpace(inputs.constraints, ad.adId, groups);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    failed.push({ item: ad.adId, reason: `${error.message}${error.hint ? ` ${error.hint}` : ''}` });
    return undefined;
  }
  const { rewards, notes, generator } = inputs;
  const { table, predict, unknownKinds } = await rewards.rewardsOf({ adId: ad.adId, groups });
  for (const kind of unknownKinds) notes.add(`${rewards.scorer} has never seen a ${kind}: all elements of this kind count alike`);
  const reward = new CombinationReward(table, options.reward === 'pessimistic' ? options.kappa : 0);
  const named: NamedAd = { ad, groups, space, reward };
  const { slate, method } = await chooseSlate(session, inputs, named);
  if (method === 'policy' && generator) {
    const strange = groups.map(({ kind }) => kind).filter((kind) => !generator.policy.kinds.includes(kind));
    for (const kind of strange) notes.add(`${generator.modelId} was not trained on ads with a ${kind}: train it again`);
  }
  const isChance = method === 'random';
  const placed = withRandomShare(slate, space, reward, isChance ? 1 : options.randomShare, randomOfAd(seed, `${ad.adId}\0share`));
  const chosen = placed.map(({ combination, isRandom, propensity }): Chosen => {
    const { mean, sd } = predict(combination);
    const end = (sign: number): number | null => (sd === undefined ? null : rewards.meanOf(mean + sign * Z * sd));
    const ids = groups.flatMap(({ elementIds }) => elementIds);
    const own = Object.fromEntries(groups.map(({ kind }, k) => [kind, ids[combination[k] as number] as string]));
    return { elements: own, reward: rewards.meanOf(mean), ciLow: end(-1), ciHigh: end(1), isRandom: isRandom || isChance, propensity };
  });
  if (placed.length === 0) {
    failed.push({ item: ad.adId, reason: 'Expected at least one creative but none was found under --constraints. Remove some of them.' });
    return undefined;
  }
  if (placed.length < Math.min(options.perAd, space.count))
    notes.add('some ads have fewer creatives than were asked for: no more were found that differ and keep to --constraints');
  const creatives = await saveChosen(session, { ad, imported, scorer: rewards.scorer }, chosen, failed);
  return {
    ad_id: ad.adId,
    space: space.count,
    space_exact: space.isCountExact,
    method,
    reward_calls: reward.calls,
    creatives,
    distinct: new Set(creatives.map((own) => creativeId(ad.adId, own.elements))).size,
    mean_hamming: meanHamming(placed.map(({ combination }) => combination)),
  };
}

interface NamedAd {
  readonly ad: Ad;
  readonly groups: readonly ElementGroup[];
  readonly space: CombinationSpace;
  readonly reward: CombinationReward;
}

/** The slate of an ad by the method asked for; where there are too many combinations to score all, a generator draws them. */
async function chooseSlate(
  { options, seed }: StoreSession<Options>,
  { generator, terms, notes }: ComposeInputs,
  { ad, groups, space, reward }: NamedAd,
): Promise<{ readonly slate: ComposedSlate; readonly method: Method }> {
  const { exactSlate, MAX_SCORED, policySlate, randomSlate } = await import('../core/models/generator/compose_slate.ts');
  const random = randomOfAd(seed, ad.adId);
  if (options.method === 'random') return { slate: randomSlate(space, reward, { size: options.perAd, random }), method: 'random' };
  const { wordLikeness } = await import('../core/models/generator/likeness.ts');
  const elementIds = groups.flatMap((group) => group.elementIds);
  const likeness = wordLikeness(space.sizes, elementIds.map(terms.ofElement));
  const rules = { size: options.perAd, gamma: options.gamma, random, ...(likeness && { likeness }) };
  const isSmall = space.isCountExact && space.count <= MAX_SCORED;
  if (isSmall && options.method !== 'policy') return { slate: exactSlate(space, reward, rules), method: 'exact' };
  const { PointerPolicy } = await import('../core/models/generator/policy.ts');
  if (options.method === 'exact') notes.add(`some ads have more than ${count(MAX_SCORED)} combinations: a generator draws theirs`);
  if (!generator) notes.add('no generator is trained: its untrained start draws the combinations (atelier train generator)');
  const kinds = groups.map(({ kind }) => kind);
  const policy = generator?.policy ?? PointerPolicy.untrained();
  return { slate: policySlate(policy, { adId: ad.adId, kinds, elementIds, space, reward }, rules), method: 'policy' };
}

/** A creative as it was chosen, before it has an id. */
interface Chosen extends Omit<SlateEntry, 'creativeId'> {
  readonly elements: Readonly<Record<string, string>>;
}

/** Keeps the slate and its creatives; a creative that was imported before stays the creative it is. */
async function saveChosen(
  { store, runId }: StoreSession<Options>,
  { ad, imported, scorer }: { readonly ad: Ad; readonly imported: readonly Creative[]; readonly scorer: string },
  chosen: readonly Chosen[],
  failed: ItemFailure[],
): Promise<ComposedCreative[]> {
  const { saveAd, saveCreative } = await import('../core/store/creatives.ts');
  const { saveSlate } = await import('../core/store/slates.ts');
  // Reversed, so the first of several equal ones wins.
  const importedIds = new Map(imported.toReversed().map((creative) => [creativeId(ad.adId, creative.elements), creative.creativeId]));
  return store.db
    .transaction(() => {
      saveAd(store, ad);
      const kept = chosen.flatMap(({ elements, ...entry }) => {
        const id = creativeId(ad.adId, elements);
        const known = importedIds.get(id);
        if (known !== undefined) return { ...entry, elements, creativeId: known };
        const creative = { adId: ad.adId, creativeId: id, origin: 'composed', score: entry.reward, scorer, elements } as const;
        if (saveCreative(store, creative, runId) !== 'conflict') return { ...entry, elements, creativeId: id };
        failed.push({
          item: `${ad.adId}/${id}`,
          reason: 'Expected this id to be free but an imported creative with other elements has it. Import that one under another id.',
        });
        return [];
      });
      saveSlate(store, ad.adId, kept, runId);
      return kept.map(({ creativeId: id, elements, reward, ciLow, ciHigh, isRandom, propensity }) => {
        return { creative_id: id, elements, score: reward, ci_low: ciLow, ci_high: ciHigh, random: isRandom, propensity };
      });
    })
    .immediate();
}
