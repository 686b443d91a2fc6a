import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { throwIfInterrupted, UserError } from '../core/errors.ts';
import type { Bags } from '../core/models/multi_instance/bags.ts';
import type { Effects, FitOptions } from '../core/models/multi_instance/fit_reward_model.ts';
import type { GatedFeatures } from '../core/models/multi_instance/gated/gated_model.ts';
import { ESTIMATORS, type Estimator } from '../core/models/multi_instance/reward_model.ts';
import type { BagData } from './bag_data.ts';
import { LABEL_NAMES, type Label } from './labels.ts';
import {
  type CliContext,
  createCommand,
  parseList,
  parsePositiveInteger,
  parseShare,
  type StoreSession,
  storeAction,
  unknownIds,
} from './shared.ts';
import { comparisonJson, tellRewardModel } from './train_mil_text.ts';

interface Options {
  readonly log?: string;
  readonly ads?: string[];
  readonly label: Label;
  readonly estimator: Estimator | 'best';
  readonly holdout: number;
  readonly threads?: number;
}

/** `atelier train mil`: what clicks on combinations say of each element. */
export function trainMilCommand(context: CliContext): Command {
  return createCommand('mil', 'learn what each element adds, from clicks on combinations of elements', 'atelier train mil --log demo')
    .option('--log <name>', 'one log (all logs when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .addOption(new Option('--label <name>', 'what is to be predicted').choices(LABEL_NAMES).default('click'))
    .addOption(
      new Option(
        '--estimator <name>',
        'elements alone, pairs of them too, what the network reads in their content too, or the best by held-out clicks',
      )
        .choices([...ESTIMATORS, 'best'])
        .default('best'),
    )
    .option('--holdout <share>', 'share of the log that only the metrics see, such as 20%', parseShare, 0.2)
    .option('--threads <n>', 'threads of the network (all cores when not given)', parsePositiveInteger)
    .action(storeAction<Options>(context, 'existing', trainMil));
}

async function trainMil(session: StoreSession<Options>) {
  const { findLog } = await import('../core/store/logs.ts');
  const { readBags, requireOutcomes } = await import('./bag_data.ts');
  const { readBagFeatures } = await import('./bag_features.ts');
  const { store, options, seed, io } = session;
  const logId = findLog(store, options.log);
  const data = await readBags(store, { logId, ads: options.ads, label: options.label });
  const { bags, family } = data;
  requireOutcomes(bags, options.label);
  const features = await readBagFeatures(store, bags);
  const settings: FitOptions = {
    family,
    seed,
    threads: options.threads ?? io.threads ?? 1,
    signal: session.signal,
    onProgress: session.onProgress,
  };
  const startedAt = io.now().getTime();
  /** Why estimators were left out. */
  const refused = new Set<string>();
  const { comparison, best } = await compareEstimators(data, features, settings, options, refused);
  const { completeModel, fitEffects } = await import('../core/models/multi_instance/fit_reward_model.ts');
  throwIfInterrupted(session.signal);
  const fitted = await fitIfEnough(bags, best, features, settings, options, refused);
  const effects = fitted ?? (await fitEffects(bags, 'additive', features, settings));
  const chosen: Estimator = fitted ? best : 'additive';
  const notes = [...refused];
  const model = completeModel(bags, effects, settings);
  const seconds = Math.max(0.001, (io.now().getTime() - startedAt) / 1000);

  const metrics = {
    estimator: chosen,
    log_loss: comparison.held_out.log_loss[chosen],
    minus_ad_mean: comparison.held_out.differences[`${chosen}_minus_ad_mean`],
    ...comparison,
    phi: effects.phi,
    prior_sd: Object.fromEntries(bags.kinds.map((kind, i) => [kind, effects.priorSd[i]])),
    has_pairs: effects.interactions !== undefined || (effects.network?.hasPairs ?? false),
    pair_sd: effects.interactions?.sd ?? null,
  };
  const { packRewardModel } = await import('../core/models/multi_instance/reward_model_files.ts');
  const { saveModel } = await import('../core/store/models.ts');
  const total = (values: Float64Array): number => values.reduce((sum, own) => sum + own, 0);
  const { modelId, files } = packRewardModel(model, {
    log: options.log ?? null,
    ads: options.ads ?? null,
    label: options.label,
    estimator: chosen,
    seed,
    phi: effects.phi,
    outcomes: total(bags.outcomes),
    exposure: total(bags.exposure),
    metrics,
  });
  await model.network?.close();
  const saved = saveModel(store, { modelId, kind: 'mil', files, metrics }, io.now(), session.runId);
  const path = join(`${options.store}.files`, saved.path);
  const failed = unknownIds('an ad', options.ads, bags.ads);
  const size = { rows: bags.rows, ads: bags.ads.length, elements: bags.elements.length, kinds: bags.kinds, unknown: data.unknown.length };
  return {
    json: {
      model_id: modelId,
      path,
      log: options.log ?? null,
      label: options.label,
      rows: bags.rows,
      ads: size.ads,
      elements: size.elements,
      kinds: bags.kinds,
      creatives_without_elements: size.unknown,
      seed,
      metrics,
      notes,
      samples_per_second: Math.round(bags.rows / seconds),
      failed,
    },
    failures: failed,
    text: tellRewardModel({ modelId, path, size, label: options.label, metrics, notes, seconds }),
    counts: { rows: bags.rows, elements: size.elements },
  };
}

/** Fits the estimators on the training cells, and compares what they say of the held-out ones. */
async function compareEstimators(
  data: BagData,
  features: GatedFeatures,
  settings: FitOptions,
  { estimator, holdout }: Options,
  refused: Set<string>,
) {
  const { chooseByLoss, compareBySegment, judgesUnseen } = await import('../core/models/multi_instance/bag_losses.ts');
  const { predictAdMeans, predictRows } = await import('../core/models/multi_instance/fit_reward_model.ts');
  const { holdOut } = await import('../core/models/multi_instance/hold_out.ts');
  const { bags, rowOf, cells, family } = data;
  const { seed } = settings;
  const split = holdOut(bags, rowOf, cells, { share: holdout, seed, family });
  const fitted: Partial<Record<Estimator, Float64Array>> = {};
  let additive: Effects | undefined;
  for (const name of estimator === 'best' ? ESTIMATORS : [estimator]) {
    throwIfInterrupted(settings.signal);
    const effects = await fitIfEnough(split.train, name, features, { ...settings, additive }, { estimator }, refused);
    if (name === 'additive') additive = effects;
    // Without a pair that was shown often enough it is the additive one again.
    if (!effects || (name === 'pairwise' && estimator === 'best' && !effects.interactions)) continue;
    fitted[name] = predictRows(split.train, effects, family);
    await effects.network?.close();
  }
  const { all, segments } = compareBySegment(split, { ad_mean: predictAdMeans(split.train, settings), ...fitted }, family, seed);
  const bestOf = (): Estimator => chooseByLoss(split, fitted as Record<Estimator, Float64Array>, family, additive?.phi ?? 1);
  const named = {
    seen_combination: comparisonJson(segments.seenCombination),
    new_combination: comparisonJson(segments.newCombination),
    unseen_element: comparisonJson(segments.unseenElement),
  };
  return {
    best: estimator === 'best' ? bestOf() : estimator,
    comparison: {
      held_out: comparisonJson(all),
      segments: named,
      unseen_elements: split.unseenElements,
      unseen_judged: judgesUnseen(split),
    },
  };
}

/** Fits an estimator; undefined where there are too few outcomes for the network, unless nothing but the network was asked for. */
async function fitIfEnough(
  bags: Bags,
  name: Estimator,
  features: GatedFeatures,
  settings: FitOptions,
  { estimator }: Pick<Options, 'estimator'>,
  refused: Set<string>,
): Promise<Effects | undefined> {
  const { fitEffects } = await import('../core/models/multi_instance/fit_reward_model.ts');
  try {
    return await fitEffects(bags, name, features, settings);
  } catch (error) {
    if (!(error instanceof UserError) || name === 'additive' || estimator !== 'best') throw error;
    refused.add(`left out: ${name}. ${error.message}`);
    return undefined;
  }
}
