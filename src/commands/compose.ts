import { setImmediate } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ItemFailure, throwIfInterrupted } from '../core/errors.ts';
import { creativeId, sha256 } from '../core/ids.ts';
import type { Combination, ElementGroup, ScoredElement } from '../core/models/combinations.ts';
import { DEFAULT_GAMMA } from '../core/models/slate.ts';
import { createRandom } from '../core/random.ts';
import type { Ad, Creative } from '../core/store/creatives.ts';
import {
  type CliContext,
  count,
  createCommand,
  type Outcome,
  parseList,
  parseNumber,
  parsePositiveInteger,
  type StoreSession,
  storeAction,
  table,
  unknownIds,
} from './shared.ts';

const CREATIVES_PER_AD = 8;
const METHODS = ['auto', 'exact', 'random'] as const;
/** All combinations are scored up to here: 100,000 take about 20 ms an ad. */
const MAX_SCORED = 100_000;
const SCORER = 'mean element score';
const ADS_SHOWN = 40;

interface Options {
  readonly perAd: number;
  readonly method: (typeof METHODS)[number];
  readonly gamma: number;
  readonly ads?: string[];
  readonly notes?: string[];
}

/** `atelier compose`: elements of each ad become a slate of good and different creatives. */
export function composeCommand(context: CliContext): Command {
  return createCommand('compose', 'creatives for each ad from its elements, good ones that differ', 'atelier compose --per-ad 8')
    .option('--per-ad <k>', 'creatives for each ad', parsePositiveInteger, CREATIVES_PER_AD)
    .addOption(
      new Option('--method <name>', 'how creatives are chosen: by score and difference (exact), or at random')
        .choices(METHODS)
        .default('auto'),
    )
    .option('--gamma <x>', 'weight of likeness to the creatives chosen already, against the score (both 0 to 1)', parseGamma, DEFAULT_GAMMA)
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--notes <a,b>', 'only the ads of these notes', parseList)
    .action(storeAction<Options>(context, 'existing', compose));
}

function parseGamma(text: string): number {
  const gamma = parseNumber(text);
  if (gamma < 0) throw new InvalidArgumentError(`Expected a number of at least 0 but received "${text}".`);
  return gamma;
}

interface ComposedCreative {
  readonly creative_id: string;
  readonly elements: Readonly<Record<string, string>>;
  readonly score: number;
}

interface ComposedAd {
  readonly ad_id: string;
  /** Combinations there are, and whether only those of each kind's best elements were scored. */
  readonly space: number;
  readonly pruned: boolean;
  readonly method: 'exact' | 'random';
  readonly creatives: readonly ComposedCreative[];
  readonly distinct: number;
  readonly mean_hamming: number | null;
}

async function compose(session: StoreSession<Options>): Promise<Outcome> {
  const { ads, failed } = await chosenAds(session);
  const composed: ComposedAd[] = [];
  for (const [index, ad] of ads.entries()) {
    // Lets an interrupt in: everything else here is synchronous.
    await setImmediate();
    throwIfInterrupted(session.signal);
    const result = await composeAd(session, ad, failed);
    if (result) composed.push(result);
    session.onProgress({ task: 'compose', done: index + 1, total: ads.length, unit: 'ads' });
  }
  const creatives = composed.reduce((sum, ad) => sum + ad.creatives.length, 0);
  return {
    json: { scorer: SCORER, ads: composed, failed },
    text: summary(composed, creatives),
    failures: failed,
    counts: { ads: composed.length, creatives, failed: failed.length },
  };
}

/** The ads named, or all; a name the store does not know is a failed item. */
async function chosenAds({ store, options }: StoreSession<Options>): Promise<{ ads: Ad[]; failed: ItemFailure[] }> {
  const { readAds } = await import('../core/store/creatives.ts');
  const all = readAds(store, options.ads);
  const adIds = all.map((ad) => ad.adId);
  const noteIds = all.map((ad) => ad.noteId);
  const failed = [...unknownIds('an ad', options.ads, adIds), ...unknownIds('a note', options.notes, noteIds)];
  const { notes } = options;
  return { ads: notes ? all.filter((ad) => ad.noteId !== null && notes.includes(ad.noteId)) : all, failed };
}

async function composeAd(session: StoreSession<Options>, ad: Ad, failed: ItemFailure[]): Promise<ComposedAd | undefined> {
  const { countCombinations, groupElements, keepBestElements } = await import('../core/models/combinations.ts');
  const { drawRandomSlate, drawSlate, meanHamming } = await import('../core/models/slate.ts');
  const { readCreatives } = await import('../core/store/creatives.ts');
  const { options } = session;
  // Only imported creatives bring elements: what compose made before must not change what it makes now.
  const imported = readCreatives(session.store, ad.adId).filter((creative) => creative.origin === 'imported');
  const all = groupElements(await elementsOf(session, ad, imported));
  if (all.length === 0) {
    failed.push({ item: ad.adId, reason: 'Expected elements of this ad but it has none. Run atelier extract or atelier titles first.' });
    return undefined;
  }
  const space = countCombinations(all);
  const method = options.method === 'random' ? 'random' : 'exact';
  const pruned = method === 'exact' && space > MAX_SCORED;
  const groups = pruned ? keepBestElements(all, MAX_SCORED) : all;
  const random = createRandom(session.seed, Number.parseInt(sha256(ad.adId).slice(0, 8), 16));
  const slateOptions = { size: options.perAd, gamma: options.gamma, random };
  const slate = method === 'random' ? drawRandomSlate(groups, slateOptions) : drawSlate(groups, slateOptions);
  const creatives = await saveSlate(session, ad, groups, slate, imported, failed);
  return {
    ad_id: ad.adId,
    space,
    pruned,
    method,
    creatives,
    distinct: new Set(creatives.map(({ elements }) => creativeId(ad.adId, elements))).size,
    mean_hamming: meanHamming(slate),
  };
}

/** Elements made for the ad's note, with their scores, and those of its imported creatives. */
async function elementsOf({ store }: StoreSession<Options>, ad: Ad, imported: readonly Creative[]): Promise<ScoredElement[]> {
  const { readNoteElements } = await import('../core/store/elements.ts');
  const made = ad.noteId === null ? [] : readNoteElements(store, ad.noteId);
  const brought = imported.flatMap(({ elements }) =>
    Object.entries(elements).map(([kind, elementId]) => ({ kind, elementId, score: undefined })),
  );
  return [...made, ...brought];
}

/** Keeps the slate's creatives; one that was imported before stays the creative it is. */
async function saveSlate(
  { store, runId }: StoreSession<Options>,
  ad: Ad,
  groups: readonly ElementGroup[],
  slate: readonly Combination[],
  imported: readonly Creative[],
  failed: ItemFailure[],
): Promise<ComposedCreative[]> {
  const { scoreCombination } = await import('../core/models/combinations.ts');
  const { saveAd, saveCreative } = await import('../core/store/creatives.ts');
  // Reversed, so the first of several equal ones wins.
  const importedIds = new Map(imported.toReversed().map((creative) => [creativeId(ad.adId, creative.elements), creative.creativeId]));
  return store.db
    .transaction(() => {
      saveAd(store, ad);
      return slate.flatMap((combination) => {
        const elements = Object.fromEntries(
          groups.map((group, kind) => [group.kind, group.elementIds[combination[kind] as number] as string]),
        );
        const score = scoreCombination(groups, combination);
        const id = creativeId(ad.adId, elements);
        const known = importedIds.get(id);
        if (known !== undefined) return { creative_id: known, elements, score };
        const change = saveCreative(store, { adId: ad.adId, creativeId: id, origin: 'composed', score, scorer: SCORER, elements }, runId);
        if (change !== 'conflict') return { creative_id: id, elements, score };
        failed.push({
          item: `${ad.adId}/${id}`,
          reason: 'Expected this id to be free but an imported creative with other elements has it. Import that one under another id.',
        });
        return [];
      });
    })
    .immediate();
}

function summary(ads: readonly ComposedAd[], creatives: number): string[] {
  const rows = ads
    .slice(0, ADS_SHOWN)
    .map((ad) => [
      ad.ad_id,
      count(ad.space),
      `${ad.method}${ad.pruned ? ' (best elements only)' : ''}`,
      count(ad.creatives.length),
      ad.mean_hamming === null ? '–' : ad.mean_hamming.toFixed(3),
    ]);
  return [
    ...(rows.length > 0 ? table(['ad', 'space', 'method', 'creatives', 'mean hamming'], rows, [1, 3, 4]) : []),
    ...(ads.length > ADS_SHOWN ? [`… and ${count(ads.length - ADS_SHOWN)} more (--json lists them all)`] : []),
    `${count(creatives)} creatives of ${count(ads.length)} ads`,
    `scorer: ${SCORER}`,
  ];
}
