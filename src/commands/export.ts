import { existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { type ItemFailure, throwIfInterrupted, UserError } from '../core/errors.ts';
import type { LogBatch } from '../core/log_batch.ts';
import type { PublishedCreative } from '../core/publish/creative_set.ts';
import type { PlatformProfile } from '../core/publish/profile.ts';
import { GENERIC } from '../core/publish/profiles/generic.ts';
import type { Violation } from '../core/publish/violations.ts';
import type { Store } from '../core/store/open.ts';
import { type CliContext, count, createCommand, type Outcome, parseList, type StoreSession, storeAction, unknownIds } from './shared.ts';

const PROFILES: readonly PlatformProfile[] = [GENERIC];
const VALUE_SHOWN = 60;

interface Options {
  readonly platform?: string;
  readonly ads?: string[];
  readonly excel?: boolean;
  readonly allowInvalid?: boolean;
  readonly log?: string;
  readonly out: string;
}

type Session = StoreSession<Options>;

/** `atelier export`: creative sets for ad platforms, and the rows of a stored click log. */
export function exportCommand(context: CliContext): Command {
  return createCommand(
    'export',
    'write a creative set for an ad platform, or the rows of a click log',
    'atelier export --platform generic --out upload',
  )
    .requiredOption('-o, --out <path>', 'the folder of the creative set; with --log, the .csv or .parquet file')
    .addOption(
      new Option('-p, --platform <name>', 'write creatives.csv, elements.csv and assets/ for this platform').choices(
        PROFILES.map(({ name }) => name),
      ),
    )
    .option('--ads <a,b>', 'only the creatives of these ads', parseList)
    .option('--excel', 'begin the CSV files with a byte order mark and end their lines with CRLF')
    .option('--allow-invalid', 'leave out the creatives the platform would refuse and write the others')
    .addOption(new Option('--log <name>', 'write the rows of this click log').conflicts(['platform', 'ads', 'excel', 'allowInvalid']))
    .action(
      storeAction<Options>(context, 'existing', (session) => {
        if (session.options.log !== undefined) return exportLog(session, session.options.log);
        const profile = PROFILES.find(({ name }) => name === session.options.platform);
        if (!profile)
          throw new UserError('Expected --platform NAME or --log NAME but received neither.', 'Add --platform generic, or --log default.');
        return exportCreatives(session, profile);
      }),
    );
}

// ---- creatives ----

async function exportCreatives(session: Session, profile: PlatformProfile): Promise<Outcome> {
  const { findViolations } = await import('../core/publish/violations.ts');
  const { writeCreativeSet } = await import('../core/publish/write_set.ts');
  const { options } = session;
  const directory = session.path(options.out);
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw new UserError(`Expected --out to name a folder but ${directory} is a file.`);
  const { creatives, ads } = await readCreativeSet(session.store, options.ads);
  const missing = unknownIds('an ad', options.ads, ads);
  if (creatives.length === 0 && missing.length === 0) {
    const where = options.ads ? `of the ads ${options.ads.join(', ')}` : `in ${session.store.path}`;
    throw new UserError(`Expected creatives ${where} but there are none.`, 'Compose or import creatives first: atelier compose.');
  }

  const violations = findViolations(profile, creatives, existsSync);
  const refused = new Set(violations.map(keyOfViolation));
  const valid = creatives.filter((creative) => !refused.has(key(creative.adId, creative.creativeId)));
  const failures = [...missing, ...violations.map(describe)];
  const writing = valid.length > 0 && (violations.length === 0 || options.allowInvalid === true);
  if (!writing) {
    const broken = `: ${count(refused.size)} of ${count(creatives.length)} creatives break a rule of ${profile.name}`;
    const text = `nothing was written${creatives.length > 0 ? broken : ''}`;
    const advice = valid.length > 0 ? ['Correct them, or add --allow-invalid to write the valid ones.'] : [];
    return {
      json: { files: [], violations, creatives: 0, assets: 0 },
      text: [text, ...advice],
      failures,
      counts: { creatives: 0, assets: 0, violations: violations.length },
    };
  }

  const format = { newline: options.excel ? '\r\n' : profile.newline, byteOrderMark: options.excel === true } as const;
  const written = await writeCreativeSet(valid, { directory, profile, format, signal: session.signal, onProgress: session.onProgress });
  const left = refused.size > 0 ? [`${count(refused.size)} creatives were left out: they break a rule of ${profile.name}`] : [];
  return {
    json: {
      files: [...written.sheets, ...written.assets].map((name) => join(directory, name)),
      violations,
      creatives: valid.length,
      assets: written.assets.length,
    },
    text: [`${count(valid.length)} creatives and ${count(written.assets.length)} pictures in ${directory}`, ...left],
    failures,
    counts: { creatives: valid.length, assets: written.assets.length, violations: violations.length },
  };
}

/** Creatives with their elements and shares, in the order of ads and ids; and the ids of the ads found. */
async function readCreativeSet(
  store: Store,
  asked: readonly string[] | undefined,
): Promise<{ creatives: PublishedCreative[]; ads: ReadonlySet<string> }> {
  const { readAds, readPublishedCreatives } = await import('../core/store/creatives.ts');
  const { readElement } = await import('../core/store/elements.ts');
  const { filePath } = await import('../core/store/files.ts');
  const { readPlanShares } = await import('../core/store/shares.ts');
  const ads = new Map(readAds(store, asked).map((ad) => [ad.adId, ad]));
  const { shares } = readPlanShares(store);
  const elements = new Map<string, PublishedCreative['elements'][number]>();
  const elementOf = (id: string): PublishedCreative['elements'][number] => {
    const known = elements.get(id);
    if (known) return known;
    const element = readElement(store, id);
    if (!element) throw new Error(`Expected the element ${id} of a creative to be stored.`);
    const published = { ...element, file: element.file && filePath(store, element.file) };
    elements.set(id, published);
    return published;
  };
  const rows = asked ? [...ads.keys()].flatMap((adId) => readPublishedCreatives(store, adId)) : readPublishedCreatives(store);
  return {
    creatives: rows.map(({ adId, creativeId, score, elements: ids }) => ({
      creativeId,
      adId,
      noteId: ads.get(adId)?.noteId ?? null,
      score,
      share: shares.get(adId)?.get(creativeId) ?? null,
      elements: Object.values(ids).map(elementOf),
    })),
    ads: new Set(ads.keys()),
  };
}

function key(adId: string, creativeId: string): string {
  return `${adId}\0${creativeId}`;
}

function keyOfViolation(violation: Violation): string {
  return key(violation.ad_id, violation.creative_id);
}

function describe({ ad_id, creative_id, field, value, expected }: Violation): ItemFailure {
  const shown = value.length > VALUE_SHOWN ? `${value.slice(0, VALUE_SHOWN)}…` : value;
  return { item: `${ad_id}/${creative_id}`, reason: `${field}: expected ${expected}; received ${JSON.stringify(shown)}` };
}

// ---- a click log ----

async function exportLog(session: Session, name: string): Promise<Outcome> {
  const { findLog, readArms, readCandidateSets, readFeatureTypes, readPositions } = await import('../core/store/logs.ts');
  const { countLogRows, hasCandidates, readFeatureValues, readLogChunks, readLogUnits } = await import('../core/store/log_rows.ts');
  const { logColumns } = await import('../core/publish/log_csv.ts');
  const { writeLogCsv, writeLogParquet } = await import('../core/publish/write_log.ts');
  const { store } = session;
  const path = session.path(session.options.out);
  const extension = extname(path).toLowerCase();
  if (extension !== '.csv' && extension !== '.parquet') {
    throw new UserError(`Expected --out to name a .csv or .parquet file but received "${session.options.out}".`);
  }
  if (existsSync(path) && statSync(path).isDirectory()) throw new UserError(`Expected --out to name a file but ${path} is a folder.`);
  const logId = findLog(store, name) as number;
  const features = readFeatureTypes(store, logId);
  const textFeatures = [...features].filter(([, type]) => type === 'text').map(([feature]) => feature);
  const columns = logColumns({
    units: readLogUnits(store, logId),
    arms: readArms(store),
    positions: readPositions(store),
    candidates: hasCandidates(store, logId) ? readCandidateSets(store) : undefined,
    features,
    values: new Map(textFeatures.map((feature) => [feature, readFeatureValues(store, logId, feature)])),
  });
  const rows = countLogRows(store, logId);
  const batches = watched(session, readLogChunks(store, logId, features), rows);
  await (extension === '.csv' ? writeLogCsv : writeLogParquet)(path, columns, batches);
  return {
    json: { files: [path], violations: [], log: name, rows, columns: columns.map((column) => column.name) },
    text: [`${count(rows)} rows of ${name} in ${path}`],
    counts: { rows },
  };
}

/** The same batches; says how far they are, and stops between two of them when asked to. */
function* watched(session: Session, batches: Iterable<LogBatch>, total: number): Generator<LogBatch> {
  let done = 0;
  for (const batch of batches) {
    throwIfInterrupted(session.signal);
    yield batch;
    done += batch.rows;
    session.onProgress({ task: 'export', done, total, unit: 'rows' });
  }
}
