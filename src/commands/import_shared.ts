import { basename } from 'node:path';
import { type ItemFailure, UserError } from '../core/errors.ts';
import type { RejectsFile } from '../core/ingest/rejects.ts';
import type { Store } from '../core/store/open.ts';
import type { Outcome } from './shared.ts';

/** A rejects file of this import under `<store>.files/rejects/`, named after what was imported. */
export async function openRejects(
  store: Store,
  task: string,
  firstPath: string,
  onReject?: (failure: ItemFailure) => void,
): Promise<RejectsFile> {
  const { RejectsFile } = await import('../core/ingest/rejects.ts');
  const path = `${store.filesDirectory}/rejects/${task}-${basename(firstPath)}.csv`;
  return new RejectsFile(
    path,
    onReject &&
      ((reject) =>
        onReject({ item: `${reject.file}:${reject.line ?? '?'}`, reason: `${reject.column}: ${reject.reason}`.replace(/^: /, '') })),
  );
}

/** Works through files; of several, one that cannot be read fails alone, and a single one says why. */
export async function eachFile(files: readonly string[], work: (file: string) => Promise<void>): Promise<ItemFailure[]> {
  const failures: ItemFailure[] = [];
  for (const file of files) {
    try {
      await work(file);
    } catch (error) {
      if (!(error instanceof UserError) || files.length === 1) throw error;
      failures.push({ item: file, reason: [error.message, error.hint].filter(Boolean).join(' ') });
    }
  }
  return failures;
}

/** The path for `--json`, and the line for people, of a rejects file; nothing when no row was rejected. */
export function describeRejects(rejects: RejectsFile): { path: string | null; text: string[] } {
  if (rejects.rows === 0) return { path: null, text: [] };
  return { path: rejects.path, text: [`${rejects.rows} rows were rejected: see ${rejects.path}`] };
}

/** The outcome of an import whose rejected rows are few enough to be listed. */
export function listingOutcome(
  json: Outcome['json'],
  text: readonly string[],
  skipped: readonly ItemFailure[],
  rejects: RejectsFile,
  counts: Record<string, number>,
): Outcome {
  const { path, text: rejectsText } = describeRejects(rejects);
  return {
    json: { ...json, skipped, rejects_file: path },
    text: [...text, ...rejectsText],
    failures: skipped,
    counts: { ...counts, skipped: skipped.length },
  };
}
