import { type Command, InvalidArgumentError } from 'commander';
import { throwIfInterrupted } from '../core/errors.ts';
import { type Context, openDualTower } from './dual_tower_scoring.ts';
import { type CliContext, count, createCommand, parseList, percent, type StoreSession, storeAction, table, unknownIds } from './shared.ts';

const SHOWN = 30;
const COLUMNS = ['ad_id', 'creative_id', 'context', 'p_ad', 'p'];

interface Options {
  readonly model?: string;
  readonly ads?: string[];
  readonly context?: readonly Context[];
  readonly csv?: string;
}

export function scoreCommand(context: CliContext): Command {
  return createCommand('score', 'predict the CTR of every creative by a dual tower', 'atelier score --csv scores.csv')
    .option('--model <id>', 'the model (the one trained last when not given)')
    .option('--ads <a,b>', 'only these ads', parseList)
    .option('--context <name=value,…>', 'circumstances to predict for; given again, one more (average ones when not given)', collectContext)
    .option('--csv <file>', 'write the predictions as CSV')
    .action(storeAction<Options>(context, 'existing', score));
}

function collectContext(text: string, earlier: readonly Context[] = []): readonly Context[] {
  const pairs = parseList(text).map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at < 1) throw new InvalidArgumentError(`Expected name=value, such as hour=20, but received "${pair}".`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return [...earlier, new Map(pairs)];
}

type ScoredRow = {
  readonly ad_id: string;
  readonly creative_id: string;
  readonly context: string | null;
  readonly p_ad: number;
  readonly p: number;
};

async function score(session: StoreSession<Options>) {
  const { creativesByAd } = await import('../core/models/dual_tower/scoring.ts');
  const { options } = session;
  const contexts: readonly Context[] = options.context ?? [new Map()];
  const { modelId, metadata, entities, model } = await openDualTower(session, options.model, { ads: options.ads, contexts });
  const { ads, creatives } = entities;
  const startedAt = session.io.now().getTime();
  const rows: ScoredRow[] = [];
  const byAd = creativesByAd(ads, creatives);
  for (const [index, context] of contexts.entries()) {
    for (const [ad, members] of byAd.entries()) {
      throwIfInterrupted(session.signal);
      const { adCtr, ctr } = await model.score(index * ads.length + ad, members);
      members.forEach((creative, i) => {
        const creativeId = creatives[creative]?.creativeId as string;
        rows.push({ ad_id: ads[ad] as string, creative_id: creativeId, context: contextText(context), p_ad: adCtr, p: ctr[i] as number });
      });
      session.onProgress({ task: 'score', done: index * ads.length + ad + 1, total: contexts.length * ads.length, unit: 'ads' });
    }
  }
  await model.close();
  const seconds = Math.max(0.001, (session.io.now().getTime() - startedAt) / 1000);
  if (options.csv !== undefined) {
    const { writeCsv } = await import('./csv_file.ts');
    writeCsv(session.path(options.csv), rows, COLUMNS);
  }
  const { leftRuns, rightRows } = model;
  const speed = Math.round(rightRows / seconds);
  const shown: readonly ScoredRow[] = [...rows].sort((a, b) => b.p - a.p).slice(0, SHOWN);
  return {
    json: {
      model_id: modelId,
      log: metadata.log,
      left_runs: leftRuns,
      right_rows: rightRows,
      creatives_per_second: speed,
      creatives: rows.map(({ context, ...row }) => ({ ...row, ...(context !== null && { context }) })),
    },
    failures: unknownIds('an ad', options.ads, ads),
    text: [
      `${modelId}: left tower run ${counted(leftRuns, 'time')} for ${counted(ads.length, 'ad')}, right tower on ${counted(rightRows, 'creative')}${rightRows > 0 ? ` (${count(speed)}/s)` : ''}`,
      ...(shown.length > 0 ? ['', ...bestTable(shown)] : []),
      ...(rows.length > SHOWN ? [`… and ${count(rows.length - SHOWN)} more: --csv or --json has them all`] : []),
      ...(options.csv === undefined ? [] : ['', `written: ${options.csv}`]),
    ],
    counts: { left_runs: leftRuns, creatives: rightRows },
  };
}

function bestTable(rows: readonly ScoredRow[]): string[] {
  return table(
    ['ad', 'creative', 'context', 'p_ad', 'p'],
    rows.map((row) => [row.ad_id, row.creative_id, row.context ?? '', percent(row.p_ad), percent(row.p)]),
    [3, 4],
  );
}

/** 1 → "1 ad", 1200 → "1,200 ads". */
function counted(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? '' : 's'}`;
}

/** hour=20,scene=feed; null for average circumstances. */
function contextText(context: Context): string | null {
  return context.size === 0 ? null : [...context].map(([name, value]) => `${name}=${value}`).join(',');
}
