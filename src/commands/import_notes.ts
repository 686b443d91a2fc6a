import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { type ItemFailure, throwIfInterrupted, UserError } from '../core/errors.ts';
import type { ParsedNote } from '../core/ingest/notes.ts';
import { eachFile, listingOutcome, openRejects } from './import_shared.ts';
import { type CliContext, count, createCommand, parseMap, type StoreSession, storeAction } from './shared.ts';

interface Options {
  readonly map?: Map<string, string>;
}

export function importNotesCommand(context: CliContext): Command {
  return createCommand(
    'notes',
    'notes with their pictures and videos: .jsonl, .csv, .parquet, or a folder tree with note.md files',
    'atelier import notes fixtures/notes',
  )
    .argument('<path...>', 'files or folders')
    .option('--map <from=to,…>', "names of the file's columns", parseMap)
    .action(storeAction<Options>(context, 'create', importNotes));
}

async function importNotes(session: StoreSession<Options>) {
  const { saveNotes } = await import('../core/store/notes.ts');
  const { store, runId } = session;
  const skipped: ItemFailure[] = [];
  const counts = { notes: 0, inserted: 0, updated: 0, unchanged: 0, media: 0 };
  const rejects = await openRejects(store, 'notes', session.arguments[0] ?? '', (failure) => skipped.push(failure));
  const seen = new Set<string>();
  const save = (parsed: readonly ParsedNote[]): void => {
    throwIfInterrupted(session.signal);
    const notes = parsed.filter(({ noteId }) => !seen.has(noteId) && seen.add(noteId));
    const again = parsed.filter((note) => !notes.includes(note));
    skipped.push(...again.map(({ noteId }) => ({ item: noteId, reason: 'Expected a note_id of its own but an earlier note has it too.' })));
    for (const change of saveNotes(store, notes, runId)) counts[change]++;
    counts.notes += notes.length;
    counts.media += notes.reduce((sum, note) => sum + note.media.length, 0);
    session.onProgress({ task: 'import notes', done: counts.notes, unit: 'notes' });
  };
  const failed = await eachFile(session.arguments.map(session.path), async (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) throw new UserError(`Expected a file or folder at ${path} but there is none.`);
    if (stat.isDirectory()) await importFolder(path, save, skipped);
    else await importTable(path, session, rejects, save);
  });
  skipped.push(...failed);
  await rejects.close();
  const text = `${count(counts.notes)} notes with ${count(counts.media)} media files: ${count(counts.inserted)} new, ${count(counts.updated)} changed, ${count(counts.unchanged)} as before`;
  return listingOutcome(counts, [text], skipped, rejects, counts);
}

async function importFolder(path: string, save: (notes: readonly ParsedNote[]) => void, skipped: ItemFailure[]): Promise<void> {
  const { readNoteFolders } = await import('../core/ingest/notes.ts');
  const found = readNoteFolders(path);
  if (found.notes.length + found.skipped.length === 0) {
    throw new UserError(
      `Expected note.md files under ${path} but found none.`,
      'Each note is a folder with a note.md and its pictures; or import a .jsonl, .csv or .parquet file.',
    );
  }
  skipped.push(...found.skipped);
  save(found.notes);
}

async function importTable(
  path: string,
  session: StoreSession<Options>,
  rejects: Awaited<ReturnType<typeof openRejects>>,
  save: (notes: readonly ParsedNote[]) => void,
): Promise<void> {
  const { withDuckDb } = await import('../core/ingest/duckdb.ts');
  const { openSource } = await import('../core/ingest/source.ts');
  const { readTable } = await import('../core/ingest/table_rows.ts');
  const { NOTE_FIELDS, parseNoteRow } = await import('../core/ingest/notes.ts');
  await withDuckDb(async (connection) => {
    const source = await openSource(connection, path);
    await readTable<ParsedNote>(connection, source, {
      map: session.options.map ?? new Map(),
      fields: NOTE_FIELDS,
      rejects,
      parse: (row) => parseNoteRow(row, dirname(path)),
      onBatch: save,
    });
  });
}
