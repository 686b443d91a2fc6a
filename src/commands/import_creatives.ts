import { statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Command } from 'commander';
import { type ItemFailure, reasonOf, throwIfInterrupted } from '../core/errors.ts';
import type { ParsedCreative } from '../core/ingest/creatives.ts';
import type { Element } from '../core/store/elements.ts';
import { eachFile, listingOutcome, openRejects } from './import_shared.ts';
import { type CliContext, count, createCommand, parseMap, type StoreSession, storeAction } from './shared.ts';

interface Options {
  readonly map?: Map<string, string>;
}

type Session = StoreSession<Options>;

export function importCreativesCommand(context: CliContext): Command {
  return createCommand(
    'creatives',
    'creatives made elsewhere: ad_id, creative_id, note_id and their elements (a JSON object, or element.KIND columns)',
    'atelier import creatives fixtures/creatives.jsonl',
  )
    .argument('<file...>', '.jsonl, .csv or .parquet files; pictures are named relative to the file')
    .option('--map <from=to,…>', "names of the file's columns, for example headline=element.title", parseMap)
    .action(storeAction<Options>(context, 'create', importCreatives));
}

async function importCreatives(session: Session) {
  const { withDuckDb } = await import('../core/ingest/duckdb.ts');
  const { openSource } = await import('../core/ingest/source.ts');
  const { readTable } = await import('../core/ingest/table_rows.ts');
  const { CREATIVE_FIELDS, ELEMENT_PREFIX, parseCreativeRow } = await import('../core/ingest/creatives.ts');
  const skipped: ItemFailure[] = [];
  const counts = { ads: 0, creatives: 0, elements: 0, inserted: 0, unchanged: 0 };
  const ads = new Set<string>();
  const elements = new Set<string>();
  const rejects = await openRejects(session.store, 'creatives', session.arguments[0] ?? '', (failure) => skipped.push(failure));
  await withDuckDb(async (connection) => {
    const failed = await eachFile(session.arguments.map(session.path), async (path) => {
      await readTable<ParsedCreative>(connection, await openSource(connection, path), {
        map: session.options.map ?? new Map(),
        fields: CREATIVE_FIELDS,
        prefix: ELEMENT_PREFIX,
        rejects,
        parse: parseCreativeRow,
        onBatch: async (creatives) => {
          throwIfInterrupted(session.signal);
          for (const { creative, elements: made, change } of await saveBatch(session, creatives, dirname(path), skipped)) {
            ads.add(creative.adId);
            for (const element of made) elements.add(element.elementId);
            counts.creatives++;
            counts[change]++;
          }
          session.onProgress({ task: 'import creatives', done: counts.creatives, unit: 'creatives' });
        },
      });
    });
    skipped.push(...failed);
  });
  await rejects.close();
  counts.ads = ads.size;
  counts.elements = elements.size;
  const text = `${count(counts.creatives)} creatives of ${count(counts.ads)} ads from ${count(counts.elements)} elements: ${count(counts.inserted)} new, ${count(counts.unchanged)} as before`;
  return listingOutcome(counts, [text], skipped, rejects, counts);
}

interface Saved {
  readonly creative: ParsedCreative;
  readonly elements: readonly Element[];
  readonly change: 'inserted' | 'unchanged';
}

/** Reads the pictures first, then keeps the whole batch in one transaction. */
async function saveBatch(session: Session, creatives: readonly ParsedCreative[], folder: string, skipped: ItemFailure[]): Promise<Saved[]> {
  const { saveElement } = await import('../core/store/elements.ts');
  const { saveAd, saveCreative } = await import('../core/store/creatives.ts');
  const { store, runId } = session;
  const resolved: { creative: ParsedCreative; elements: Map<string, Element> }[] = [];
  for (const creative of creatives) {
    try {
      resolved.push({ creative, elements: await resolveElements(session, creative, folder) });
    } catch (error) {
      skipped.push({ item: `${creative.adId}/${creative.creativeId}`, reason: reasonOf(error) });
    }
  }
  const saved: Saved[] = [];
  store.db
    .transaction(() => {
      for (const { creative, elements } of resolved) {
        const { adId, creativeId } = creative;
        saveAd(store, { adId, noteId: creative.noteId ?? null });
        for (const element of elements.values()) saveElement(store, element, runId);
        const ids = Object.fromEntries([...elements].map(([kind, element]) => [kind, element.elementId]));
        const change = saveCreative(store, { adId, creativeId, origin: 'imported', score: null, scorer: null, elements: ids }, runId);
        if (change === 'conflict') {
          skipped.push({
            item: `${adId}/${creativeId}`,
            reason: 'Expected the elements it was imported with before but received others. Give the changed creative a new id.',
          });
        } else saved.push({ creative, elements: [...elements.values()], change });
      }
    })
    .immediate();
  return saved;
}

async function resolveElements(session: Session, creative: ParsedCreative, folder: string): Promise<Map<string, Element>> {
  const { readElement, textElement } = await import('../core/store/elements.ts');
  const elements = new Map<string, Element>();
  for (const [kind, value] of Object.entries(creative.elements)) {
    const known = readElement(session.store, value);
    if (known && known.kind !== kind) throw new TypeError(`Expected an element of kind ${kind} but ${value} is of kind ${known.kind}.`);
    elements.set(
      kind,
      known ??
        (isPicturePath(kind, value, folder)
          ? await importPicture(session, kind, resolve(folder, value), folder)
          : textElement(kind, value)),
    );
  }
  return elements;
}

/** An image may also be named by an id of another system, which then is its whole content. */
function isPicturePath(kind: string, value: string, folder: string): boolean {
  if (kind !== 'image') return false;
  return (
    /\.(jpe?g|png|webp|gif|avif|tiff?)$/i.test(extname(value)) ||
    statSync(resolve(folder, value), { throwIfNoEntry: false })?.isFile() === true
  );
}

async function importPicture(session: Session, kind: string, path: string, root: string): Promise<Element> {
  const { resolveMediaFile } = await import('../core/media/media_file.ts');
  const { readPicture } = await import('../core/media/picture.ts');
  const { fileElement } = await import('../core/store/elements.ts');
  const { saveFile } = await import('../core/store/files.ts');
  // Read as extract reads it, so one photo is one element however it came.
  const picture = await readPicture(await resolveMediaFile({ path, root, kind: 'image' }));
  return fileElement(kind, saveFile(session.store, picture.bytes, 'jpg'), picture.width, picture.height);
}
