import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MS_PER_DAY } from '../core/feedback/days.ts';
import type { Evaluation } from '../core/models/dual_tower/evaluation.ts';
import type { StoredPrior } from '../core/models/dual_tower/metadata.ts';
import type { DualTowerOptions } from '../core/models/dual_tower/options.ts';
import type { LogitShift } from '../core/models/dual_tower/served_model.ts';
import { SPLITS, type Split, type SplitKind } from '../core/models/dual_tower/split.ts';
import type { TrainedModel } from '../core/models/dual_tower/trained_model.ts';
import type { TrainingRun } from '../core/models/dual_tower/training_run.ts';
import type { Examples, FieldSpec } from '../core/models/features/field.ts';
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
import { type AblationRow, differenceJson, evaluationJson, tellTraining } from './train_text.ts';

/** A training that was not gone on with for so long is forgotten. */
const CHECKPOINT_DAYS = 7;

interface Options {
  readonly log?: string;
  readonly ads?: string[];
  readonly holdout: number;
  readonly split: SplitKind;
  readonly epochs?: number;
  readonly batch?: number;
  readonly dimension?: number;
  readonly threads?: number;
  readonly checkpoint: number;
  readonly fresh?: boolean;
  readonly ablate?: boolean;
}

export function trainDualTowerCommand(context: CliContext): Command {
  return createCommand(
    'dual-tower',
    'learn CTRs of ads and creatives from a click log, and say how good they are',
    'atelier train dual-tower --log demo',
  )
    .option('--log <name>', 'one log (all logs when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--holdout <share>', 'share of the log that only the metrics see, such as 20%', parseShare, 0.2)
    .addOption(
      new Option('--split <kind>', "what is held out: the log's last rows, or a part of each ad's creatives")
        .choices(SPLITS)
        .default('time'),
    )
    .option('--epochs <n>', 'passes over the training rows at most', parsePositiveInteger)
    .option('--batch <n>', 'rows of a step, a multiple of 8', parseMultiple(8))
    .option('--dimension <n>', 'floats of an embedding, a multiple of 4', parseMultiple(4))
    .option('--threads <n>', 'threads of a step (all cores when not given)', parsePositiveInteger)
    .option('--checkpoint <n>', 'steps between checkpoints, from which a killed training goes on', parsePositiveInteger, 2000)
    .option('--fresh', 'ignore the checkpoint of a killed training')
    .option('--ablate', 'train without each part in turn and print what the part is worth')
    .action(storeAction<Options>(context, 'existing', trainDualTower));
}

function parseMultiple(of: number): (text: string) => number {
  return (text) => {
    const value = parsePositiveInteger(text);
    if (value % of !== 0) throw new InvalidArgumentError(`Expected a multiple of ${of} but received ${value}.`);
    return value;
  };
}

async function trainDualTower(session: StoreSession<Options>) {
  const { DEFAULT_OPTIONS, defaultBatchRows } = await import('../core/models/dual_tower/options.ts');
  const { splitExamples } = await import('../core/models/dual_tower/split.ts');
  const { findLog } = await import('../core/store/logs.ts');
  const { removeOldCheckpoints } = await import('../core/store/models.ts');
  const { readExamples } = await import('./training_data.ts');
  const { store, options, seed } = session;
  const logId = findLog(store, options.log);
  const { examples, spec } = await readExamples(store, { logId, ads: options.ads, trainingShare: 1 - options.holdout });
  const failures = unknownIds('an ad', options.ads, new Set(examples.ads));
  const split = splitExamples(examples, options.split, options.holdout, seed);
  const settings: DualTowerOptions = {
    ...DEFAULT_OPTIONS,
    seed,
    ...(options.epochs && { epochs: options.epochs, leastSteps: 0 }),
    batchRows: options.batch ?? defaultBatchRows(split.train.length),
    ...(options.dimension && { dimension: options.dimension }),
  };
  const trained = await trainOne(session, { name: 'dual tower', examples, split, settings });
  const { evaluation, model, prior, shift, predictions } = await assess(examples, split, trained, seed);
  const metrics = {
    ...evaluationJson(evaluation),
    steps: trained.steps,
    epochs: trained.epochs,
    validation_losses: trained.search.losses,
    prior,
  };
  const { modelId, path: folder } = await save(session, {
    examples,
    spec,
    split: options,
    settings,
    trained,
    model,
    prior,
    shift,
    metrics,
  });
  removeOldCheckpoints(store, new Date(session.now.getTime() - CHECKPOINT_DAYS * MS_PER_DAY));
  const path = join(`${options.store}.files`, folder);
  const ablations = options.ablate ? await ablate(session, examples, split, settings, predictions, evaluation) : [];
  trained.finish();
  const json = {
    model_id: modelId,
    path,
    log: options.log ?? null,
    rows: examples.rows,
    split: {
      kind: options.split,
      train: split.train.length,
      validation: split.validation.length,
      held_out: split.heldOut.length,
    },
    seed,
    fields: examples.fields.map(({ name, side }) => ({ name, tower: side })),
    notes: examples.notes,
    metrics,
    ...(options.ablate && { ablations: ablations.map(differenceJson) }),
    samples_per_second: trained.rowsPerSecond,
  };
  return {
    json,
    failures,
    text: tellTraining({ modelId, path, examples, split, evaluation, prior, trained, ablations }),
    counts: { rows: examples.rows, steps: trained.steps },
  };
}

interface Task {
  readonly name: string;
  readonly examples: Examples;
  readonly split: Split;
  readonly settings: DualTowerOptions;
}

interface Trained extends TrainingRun {
  /** Of both phases. */
  readonly steps: number;
  /** Training rows a second, of this run; null when an earlier one had done all steps. */
  readonly rowsPerSecond: number | null;
  /** Removes the checkpoints: the model is kept. */
  readonly finish: () => void;
}

/** Trains, from the checkpoints of a killed run where there are any; interrupted, it leaves some. */
async function trainOne(session: StoreSession<Options>, { name, examples, split, settings }: Task): Promise<Trained> {
  const { digestExamples } = await import('../core/models/dual_tower/digest.ts');
  const { runTraining } = await import('../core/models/dual_tower/training_run.ts');
  const { openCheckpoints } = await import('./training_checkpoint.ts');
  const { options, store, io, signal } = session;
  const { split: kind, holdout } = options;
  const key = digestExamples(examples, { settings, kind, holdout, version: session.context.version });
  const checkpoints = openCheckpoints(store, key, options.checkpoint);
  if (options.fresh) checkpoints.remove();
  const startedAt = io.now().getTime();
  let stepsNow = 0;
  const run = await runTraining(examples, split, {
    options: settings,
    threads: options.threads ?? io.threads ?? 1,
    checkpoints,
    signal,
    onProgress: (event) => {
      stepsNow++;
      session.onProgress({ ...event, task: `train ${name}, ${event.task}` });
    },
  });
  const seconds = Math.max(0.001, (io.now().getTime() - startedAt) / 1000);
  // The model's own number of steps: the same whether they were done at once or after a kill.
  const steps = run.search.steps + run.trainer.steps;
  const rowsPerSecond = stepsNow === 0 ? null : Math.round((stepsNow * settings.batchRows) / seconds);
  return { ...run, steps, rowsPerSecond, finish: checkpoints.remove };
}

/** The served form of what was trained, and how good it is on the held-out rows. */
async function assess(examples: Examples, split: Split, { trainer, rows: trainedOn }: Trained, seed: number) {
  const { evaluate, heldOutRows } = await import('../core/models/dual_tower/evaluation.ts');
  const { scoredFields, serveTrained } = await import('../core/models/dual_tower/trained_model.ts');
  const { ServedModel } = await import('../core/models/dual_tower/served_model.ts');
  const { fitShift } = await import('../core/models/dual_tower/logit_shift.ts');
  const { firstChoices, heldOutPrior, scoreAll, sumRows } = await import('../core/models/dual_tower/scoring.ts');
  const { click } = await trainer.predict(split.heldOut);
  const model = serveTrained(trainer, examples, trainedOn);
  const { exposure } = trainer;
  await trainer.close();
  const scoresOf = async (areStrangers: boolean, shift: LogitShift) => {
    const fields = scoredFields(examples, areStrangers);
    const served = await ServedModel.open(model.files, model.sides, fields, { threads: 1, source: 'the trained model', shift });
    const scores = await scoreAll(served, examples);
    await served.close();
    return scores;
  };
  const { ad, ads, creative, creatives } = examples;
  const raw = await scoresOf(false, { ad: 0, click: 0 });
  const shift = {
    ad: fitShift(sumRows(examples, trainedOn, exposure, ad, ads.length), raw.adCtr),
    click: fitShift(sumRows(examples, trainedOn, exposure, creative, creatives.length), raw.ctr),
  };
  const scores = await scoresOf(false, shift);
  const rows = heldOutRows(examples, split.heldOut);
  const top = firstChoices(examples, split.heldOut, scores.ctr);
  const evaluation = evaluate(examples, split, rows, click, top, seed);
  const held = sumRows(examples, split.heldOut, exposure, creative, creatives.length);
  const prior = heldOutPrior(held, scores.ctr, (await scoresOf(true, shift)).ctr);
  return { evaluation, model, prior, shift, predictions: click };
}

async function save(
  session: StoreSession<Options>,
  made: {
    readonly examples: Examples;
    readonly spec: readonly FieldSpec[];
    readonly split: Pick<Options, 'split' | 'holdout'>;
    readonly settings: DualTowerOptions;
    readonly trained: Trained;
    readonly model: TrainedModel;
    readonly prior: StoredPrior | null;
    readonly shift: LogitShift;
    readonly metrics: unknown;
  },
) {
  const { sha256 } = await import('../core/ids.ts');
  const { lastDay } = await import('../core/models/features/context.ts');
  const { encodeMetadata, modelIdOf, storedSide } = await import('../core/models/dual_tower/metadata.ts');
  const { saveModel } = await import('../core/store/models.ts');
  const { examples, spec, split, settings, trained, model, prior, shift, metrics } = made;
  const metadata = encodeMetadata({
    log: session.options.log ?? null,
    ads: session.options.ads ?? null,
    last_day: lastDay(examples.ts),
    spec,
    shape: trained.trainer.shape,
    options: settings,
    split: { kind: split.split, share: split.holdout },
    exposure: examples.positions.map((position, i) => ({ ...position, factor: trained.trainer.exposure[i] as number })),
    left: storedSide(model.sides.left),
    right: storedSide(model.sides.right),
    shift,
    prior,
    metrics,
    files: { left: sha256(model.files.left), right: sha256(model.files.right) },
  });
  const modelId = modelIdOf(metadata);
  const files = { 'left.onnx': model.files.left, 'right.onnx': model.files.right, 'model.json': metadata };
  return saveModel(session.store, { modelId, kind: 'dual-tower', files, metrics }, session.io.now(), session.runId);
}

/** Trains without each part in turn, and compares with the whole on the same held-out rows. */
async function ablate(
  session: StoreSession<Options>,
  examples: Examples,
  split: Split,
  settings: DualTowerOptions,
  whole: Float32Array,
  evaluation: Evaluation,
): Promise<AblationRow[]> {
  const { ABLATIONS } = await import('../core/models/dual_tower/ablation.ts');
  const { heldOutRows, heldOutSegments } = await import('../core/models/dual_tower/evaluation.ts');
  const { metricDifferences } = await import('../core/models/metrics/metric_differences.ts');
  const { CREATIVE_SEGMENTS } = await import('../core/models/metrics/segments.ts');
  const segments = heldOutSegments(examples, split);
  const isUnseen = (i: number): boolean => segments[i] === CREATIVE_SEGMENTS.indexOf('unseen');
  const all = heldOutRows(examples, split.heldOut);
  const unseen = heldOutRows(
    examples,
    split.heldOut.filter((_, i) => isUnseen(i)),
  );
  const ofUnseen = (predictions: Float32Array): Float32Array => predictions.filter((_, i) => isUnseen(i));
  const seed = { seed: session.seed };
  const finished: (() => void)[] = [];
  const table: AblationRow[] = [{ name: 'all parts', evaluation, differences: null }];
  for (const { name, options, keeps } of ABLATIONS) {
    const reduced = { ...examples, fields: examples.fields.filter(keeps) };
    const trained = await trainOne(session, { name, examples: reduced, split, settings: { ...settings, ...options } });
    const { evaluation: ofReduced, predictions } = await assess(reduced, split, trained, session.seed);
    finished.push(trained.finish);
    const differences = {
      all: metricDifferences(all, predictions, whole, seed),
      unseen: metricDifferences(unseen, ofUnseen(predictions), ofUnseen(whole), seed),
    };
    table.push({ name, evaluation: ofReduced, differences });
  }
  // Not before: killed in the last part, the others need not be trained again.
  for (const finish of finished) finish();
  return table;
}
