import { type ModelFiles, packModel, unpackModel } from '../model_file.ts';
import type { Family } from './bags.ts';
import { type GatedMetadata, GatedModel } from './gated/gated_model.ts';
import type { PairEffects } from './interactions.ts';
import type { Estimator, RewardModel } from './reward_model.ts';

const KIND = 'mil';
const FORMAT = 1;
const POSTERIOR = 'posterior.f32';

/** What a reward model was trained on, and how good it is. */
export interface RewardModelOrigin {
  /** The log; null: all. */
  readonly log: string | null;
  readonly ads: readonly string[] | null;
  readonly label: string;
  readonly estimator: Estimator;
  readonly seed: number;
  /** How much more outcomes vary than their family's do. */
  readonly phi: number;
  /** Sums over the rows it was trained on: when the log has grown since, they differ. */
  readonly outcomes: number;
  readonly exposure: number;
  readonly metrics: unknown;
}

interface Body {
  readonly origin: RewardModelOrigin;
  readonly family: Family;
  readonly kinds: readonly string[];
  readonly prior_sd: readonly number[];
  readonly ad_mean: number;
  readonly ad_sd: number;
  readonly draws: number;
  readonly elements: readonly { readonly kind: number; readonly id: string; readonly effect: number }[];
  readonly ads: readonly { readonly id: string; readonly effect: number }[];
  readonly interactions: {
    readonly sd: number;
    readonly pairs: readonly (readonly [first: number, second: number, effect: number])[];
  } | null;
  readonly network: GatedMetadata | null;
}

/** A reward model as files: model.json, the posterior's draws (float32: elements, ads, interactions), and the network. */
export function packRewardModel(model: RewardModel, origin: RewardModelOrigin): { readonly modelId: string; readonly files: ModelFiles } {
  const { family, kinds, posterior, interactions } = model;
  const network = model.network?.encode();
  const body: Body = {
    origin,
    family,
    kinds,
    prior_sd: [...model.priorSd],
    ad_mean: model.adMean,
    ad_sd: model.adSd,
    draws: posterior.draws,
    elements: model.elements.map(({ kind, elementId }, i) => ({ kind, id: elementId, effect: model.effect[i] as number })),
    ads: model.ads.map((id, i) => ({ id, effect: model.adEffect[i] as number })),
    interactions: interactions ? { sd: interactions.sd, pairs: listPairs(interactions) } : null,
    network: network?.metadata ?? null,
  };
  const draws = Buffer.concat([bytesOf(posterior.effect), bytesOf(posterior.ad), ...(interactions ? [bytesOf(interactions.draws)] : [])]);
  return packModel(KIND, FORMAT, body, { [POSTERIOR]: draws, ...network?.files });
}

/** @throws UserError where the files are not those of a reward model as it was written */
export async function unpackRewardModel(
  modelId: string,
  source: string,
  readFile: (name: string) => Uint8Array,
): Promise<{ readonly model: RewardModel; readonly origin: RewardModelOrigin }> {
  const { body, files } = unpackModel<Body>(KIND, FORMAT, modelId, source, readFile);
  const { draws, elements, ads } = body;
  const posterior = Uint8Array.from(files[POSTERIOR] as Uint8Array);
  const [ofElements, ofAds] = [draws * elements.length, draws * ads.length];
  const model: RewardModel = {
    family: body.family,
    kinds: body.kinds,
    elements: elements.map(({ kind, id }) => ({ kind, elementId: id })),
    ads: ads.map(({ id }) => id),
    priorSd: Float64Array.from(body.prior_sd),
    adMean: body.ad_mean,
    adSd: body.ad_sd,
    effect: Float64Array.from(elements, ({ effect }) => effect),
    adEffect: Float64Array.from(ads, ({ effect }) => effect),
    posterior: {
      draws,
      effect: new Float32Array(posterior.buffer, 0, ofElements),
      ad: new Float32Array(posterior.buffer, 4 * ofElements, ofAds),
    },
    interactions: body.interactions
      ? { ...readPairs(body.interactions), draws: new Float32Array(posterior.buffer, 4 * (ofElements + ofAds)) }
      : undefined,
    network: body.network ? await GatedModel.open(body.network, files, source) : undefined,
  };
  return { model, origin: body.origin };
}

function listPairs({ first, second, effect }: PairEffects): [number, number, number][] {
  return Array.from(effect, (own, pair) => [first[pair] as number, second[pair] as number, own]);
}

function readPairs({ sd, pairs }: NonNullable<Body['interactions']>): PairEffects {
  return {
    sd,
    first: Int32Array.from(pairs, ([first]) => first),
    second: Int32Array.from(pairs, ([, second]) => second),
    effect: Float64Array.from(pairs, ([, , effect]) => effect),
  };
}

function bytesOf(values: Float32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
