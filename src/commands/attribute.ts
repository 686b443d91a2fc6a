import { type Command, InvalidArgumentError, Option } from 'commander';
import { throwIfInterrupted } from '../core/errors.ts';
import type { AlignedModel } from '../core/models/multi_instance/attribution.ts';
import type { Bags } from '../core/models/multi_instance/bags.ts';
import type { ElementCredit } from '../core/models/multi_instance/credits.ts';
import type { GatedFeatures } from '../core/models/multi_instance/gated/gated_model.ts';
import type { PermutedControl } from '../core/models/multi_instance/permuted_labels.ts';
import type { Estimator } from '../core/models/multi_instance/reward_model.ts';
import { createRandom } from '../core/random.ts';
import { tellCredits } from './attribute_text.ts';
import type { BagData } from './bag_data.ts';
import type { Label } from './labels.ts';
import type { OpenedRewardModel } from './reward_scoring.ts';
import { type CliContext, createCommand, parseList, parsePositiveInteger, type StoreSession, storeAction, unknownIds } from './shared.ts';

const LEVELS = ['element', 'ad', 'creative'] as const;
const CONTROL_ROUNDS = 20;
const CONTROL_STREAM = 24;
const ROW_COLUMNS = [
  'ad_id',
  'kind',
  'element_id',
  'content',
  'credit',
  'multiplier',
  'ci_low',
  'ci_high',
  'impressions',
  'clicks',
  'expected',
  'evidence',
];
const SHARE_COLUMNS = ['ad_id', 'creative_ids', 'kind', 'element_id', 'content', 'credit', 'baseline', 'ad_effect', 'link'];

interface Options {
  readonly model?: string;
  readonly by: (typeof LEVELS)[number];
  readonly ads?: string[];
  readonly csv?: string;
  readonly control?: number | true;
}

/** A credit as the command gives it; `clicks` are conversions or revenue where the model was trained on those. */
export interface CreditRow {
  readonly ad_id: string | null;
  readonly kind: string;
  readonly element_id: string;
  readonly content: string | null;
  readonly credit: number;
  readonly multiplier: number;
  readonly ci_low: number;
  readonly ci_high: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly expected: number;
  readonly evidence: ElementCredit['evidence'];
}

/** `atelier attribute`: what each element adds, by the newest reward model. */
export function attributeCommand(context: CliContext): Command {
  return createCommand('attribute', 'what each element adds to the clicks, with its interval', 'atelier attribute --csv credits.csv')
    .option('--model <id>', 'the reward model (the one trained last when not given)')
    .addOption(
      new Option('--by <level>', "over all ads, inside each ad, or each creative's elements, whose credits sum up to its logit")
        .choices(LEVELS)
        .default('element'),
    )
    .option('--ads <a,b>', 'only what these ads showed', parseList)
    .option('--csv <file>', 'write the credits as CSV')
    .option('--control [rounds]', `also permute outcomes inside ads, ${CONTROL_ROUNDS} times, and count what is found then`, parseRounds)
    .action(storeAction<Options>(context, 'existing', attribute));
}

function parseRounds(text: string): number {
  const rounds = parsePositiveInteger(text);
  if (rounds > 1000) throw new InvalidArgumentError(`Expected at most 1000 rounds but received ${rounds}.`);
  return rounds;
}

async function attribute(session: StoreSession<Options>) {
  const { alignModel } = await import('../core/models/multi_instance/attribution.ts');
  const { readElementContents } = await import('../core/store/creative_content.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { readBagFeatures } = await import('./bag_features.ts');
  const { readBags } = await import('./bag_data.ts');
  const { openRewardModel } = await import('./reward_scoring.ts');
  const { store, options } = session;
  const opened = await openRewardModel(store, options.model);
  const { modelId, origin, tables } = opened;
  const logId = origin.log === null ? undefined : findLog(store, origin.log);
  const data = await readBags(store, { logId, ads: options.ads ?? origin.ads ?? undefined, label: origin.label as Label });
  const { bags } = data;
  const features = tables.model.network ? await readBagFeatures(store, bags) : { elementTerms: [], adTerms: [] };
  const aligned = await alignModel(tables.model, bags, features, origin.phi);
  const texts = readElementContents(
    store,
    bags.elements.map(({ elementId }) => elementId),
  );
  const contentOf = (elementId: string): string | null => texts.get(elementId)?.text ?? null;
  const rows = options.by === 'creative' ? [] : await creditRows(session, bags, aligned, contentOf);
  const creatives = options.by === 'creative' ? await creativeCredits(data, aligned, contentOf) : [];
  const control =
    options.control === undefined
      ? null
      : await permutedControl(
          session,
          data,
          { estimator: origin.estimator, features },
          options.control === true ? CONTROL_ROUNDS : options.control,
        );
  const isStale = options.ads === undefined && differs(bags, opened);
  if (options.csv !== undefined) {
    const { writeCsv } = await import('./csv_file.ts');
    if (options.by === 'creative') {
      const flat = creatives.flatMap(({ elements, creative_ids, ...own }) =>
        elements.map((element) => ({ ...own, ...element, creative_ids: creative_ids.join(' ') })),
      );
      writeCsv(session.path(options.csv), flat, SHARE_COLUMNS);
    } else
      writeCsv(
        session.path(options.csv),
        rows.map((row) => ({ ...row })),
        ROW_COLUMNS,
      );
  }
  const failed = unknownIds('an ad', options.ads, bags.ads);
  const model = {
    model_id: modelId,
    estimator: origin.estimator,
    label: origin.label as Label,
    log: origin.log,
    phi: origin.phi,
    seed: origin.seed,
  };
  return {
    json: {
      model,
      ...(options.by === 'creative' ? { creatives } : { elements: rows }),
      log_changed: isStale,
      ...(control && { control: { ...control, share: control.share ?? null } }),
      failed,
    },
    failures: failed,
    text: tellCredits({ model, rows, creatives, control, isStale, csv: options.csv }),
    counts: { elements: bags.elements.length, rows: bags.rows },
  };
}

/** Whether the log holds other outcomes than the model was trained on. */
function differs({ outcomes, exposure }: Bags, { origin }: OpenedRewardModel): boolean {
  const total = (values: Float64Array): number => values.reduce((sum, own) => sum + own, 0);
  return total(outcomes) !== origin.outcomes || Math.abs(total(exposure) - origin.exposure) > 1e-6 * origin.exposure;
}

async function creditRows(
  session: StoreSession<Options>,
  bags: Bags,
  aligned: AlignedModel,
  contentOf: (elementId: string) => string | null,
): Promise<CreditRow[]> {
  const { creditsOf } = await import('../core/models/multi_instance/attribution.ts');
  const parts = session.options.by === 'ad' ? rowsByAd(bags) : [{ adId: null, rows: allRows(bags) }];
  return parts.flatMap(({ adId, rows }) => {
    throwIfInterrupted(session.signal);
    return creditsOf(aligned, bags, rows).map(
      ({ element, credit, multiplier, low, high, exposure, outcomes, expected, evidence }): CreditRow => {
        const { kind, elementId } = bags.elements[element] as Bags['elements'][number];
        return {
          ad_id: adId,
          kind: bags.kinds[kind] as string,
          element_id: elementId,
          content: contentOf(elementId),
          credit,
          multiplier,
          ci_low: low,
          ci_high: high,
          impressions: exposure,
          clicks: outcomes,
          expected,
          evidence,
        };
      },
    );
  });
}

/** What the same estimator finds when outcomes are permuted inside ads, and so no element has an effect. */
async function permutedControl(
  session: StoreSession<Options>,
  { bags, family }: BagData,
  { estimator, features }: { readonly estimator: Estimator; readonly features: GatedFeatures },
  permutations: number,
): Promise<PermutedControl> {
  const { alignModel, creditsOf } = await import('../core/models/multi_instance/attribution.ts');
  const { completeModel, fitEffects } = await import('../core/models/multi_instance/fit_reward_model.ts');
  const { controlByPermutation } = await import('../core/models/multi_instance/permuted_labels.ts');
  const settings = { family, seed: session.seed, threads: session.io.threads ?? 1, signal: session.signal };
  let round = 0;
  const attributeAnew = async (permuted: Bags): Promise<ElementCredit[]> => {
    throwIfInterrupted(session.signal);
    const effects = await fitEffects(permuted, estimator, features, settings);
    const model = completeModel(permuted, effects, settings);
    const aligned = await alignModel(model, permuted, features, effects.phi);
    await model.network?.close();
    round += 1;
    session.onProgress({ task: 'control', done: round, total: permutations, unit: 'permutations' });
    return creditsOf(aligned, permuted, allRows(permuted));
  };
  return controlByPermutation(bags, attributeAnew, { permutations, random: createRandom(session.seed, CONTROL_STREAM) });
}

/** A combination that an ad showed, with the share of each element in its link. */
export interface CreativeCredits {
  readonly ad_id: string;
  readonly creative_ids: readonly string[];
  /** Link (logit, ln of an amount): `ad_effect + baseline + Σ credits`. */
  readonly link: number;
  readonly ad_effect: number;
  readonly baseline: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly elements: readonly {
    readonly kind: string;
    readonly element_id: string;
    readonly content: string | null;
    readonly credit: number;
  }[];
}

/** Each creative's link shared out among its elements, against the mean of what its ad showed. */
async function creativeCredits(
  { bags, rowOf, arms }: BagData,
  aligned: AlignedModel,
  contentOf: (elementId: string) => string | null,
): Promise<CreativeCredits[]> {
  const { centreTerms, creditCombination, referenceOf } = await import('../core/models/multi_instance/centred_effects.ts');
  const idsOf = new Map<number, string[]>();
  rowOf.forEach((row, creative) => {
    idsOf.set(row, [...(idsOf.get(row) ?? []), arms[creative]?.creativeId as string]);
  });
  return rowsByAd(bags).flatMap(({ adId, rows }) => {
    const terms = aligned.termsOf(rows);
    const centre = centreTerms(bags, referenceOf(bags, rows), terms);
    return Array.from(rows, (row): CreativeCredits => {
      const members = bags.members.subarray(row * bags.kinds.length, (row + 1) * bags.kinds.length);
      const { baseline, credits } = creditCombination(centre, members);
      const adEffect = terms.adEffect[bags.ad[row] as number] as number;
      return {
        ad_id: adId,
        creative_ids: (idsOf.get(row) ?? []).sort(),
        link: credits.reduce((sum, own) => sum + own, adEffect + baseline),
        ad_effect: adEffect,
        baseline,
        impressions: bags.exposure[row] as number,
        clicks: bags.outcomes[row] as number,
        elements: Array.from(members).flatMap((element, kind) => {
          if (element < 0) return [];
          const { elementId } = bags.elements[element] as Bags['elements'][number];
          const credit = credits[kind] as number;
          return [{ kind: bags.kinds[kind] as string, element_id: elementId, content: contentOf(elementId), credit }];
        }),
      };
    });
  });
}

function allRows({ rows }: Bags): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => row);
}

/** Rows with exposure by ad, in the order of the ads. */
function rowsByAd({ ads, ad, exposure }: Bags): { readonly adId: string; readonly rows: Int32Array }[] {
  const rows: number[][] = ads.map(() => []);
  ad.forEach((own, row) => {
    if ((exposure[row] as number) > 0) (rows[own] as number[]).push(row);
  });
  return rows.flatMap((own, index) => (own.length > 0 ? [{ adId: ads[index] as string, rows: Int32Array.from(own) }] : []));
}
