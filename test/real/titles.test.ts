import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Expected, faultsOf, foreignParts, overlap } from '../core/text/title_checker.ts';
import { hasRealData, realFile, runJson, tell } from './real_data.ts';

const NOTES = 542;
const FILES = ['howtocook', 'based-cooking'];
/** Two titles of a note that share more character pairs than this say the same. */
const SAME = 0.8;

interface Printed {
  readonly titles: readonly { readonly note_id: string; readonly text: string; readonly controls: Expected }[];
  readonly diversity: Readonly<Record<string, number>>;
  readonly failed: readonly { readonly item: string; readonly reason: string }[];
}

interface RealNote {
  readonly title: string;
  readonly body: string;
}

/**
 * Flags, and the share of notes that must get three texts under them: a note may be one line long, and a short one has no
 * three highlights, least of all short and loud ones.
 */
const SETTINGS: readonly (readonly [flags: readonly string[], withThree: number])[] = [
  [[], 0.95],
  [['--platform', 'xiaohongshu', '--length', '8-20', '--emoji', 'some'], 0.95],
  [['--style', 'question'], 0.95],
  [['--style', 'list'], 0.95],
  [['--platform', 'google'], 0.95],
  [['--kind', 'highlight'], 0.85],
  [['--kind', 'highlight', '--platform', 'xiaohongshu', '--emoji', 'many'], 0.45],
  [['--paradigm', 'rewrite'], 0.95],
  [['--paradigm', 'rewrite', '--platform', 'xiaohongshu', '--emoji', 'some'], 0.95],
  [['--paradigm', 'rewrite', '--style', 'exclamation', '--platform', 'meta'], 0.95],
];

describe.skipIf(!hasRealData())('titles of 542 real notes', () => {
  const notes = new Map<string, RealNote>();
  let folder: string;
  let queries: readonly string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-real-titles-'));
    for (const file of FILES) {
      for (const line of readFileSync(realFile(file, 'notes.jsonl'), 'utf8').trim().split('\n')) {
        const { note_id, ...note } = JSON.parse(line) as RealNote & { readonly note_id: string };
        notes.set(note_id, note);
      }
    }
    await runJson(folder, 'import', 'notes', ...FILES.map((file) => realFile(file, 'notes.jsonl')));
    const own = join(import.meta.dirname, '../../fixtures/queries.csv');
    await runJson(folder, 'import', 'queries', own);
    queries = readFileSync(own, 'utf8')
      .split('\n')
      .slice(1)
      .map((row) => row.split(',')[0] ?? '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SETTINGS)(
    'keep every control with %j',
    async (flags, withThree) => {
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      const { titles, failed, diversity } = await runJson<Printed>(folder, 'titles', '--quiet', ...flags);
      const seconds = (performance.now() - startedAt) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const byNote = new Map<string, Printed['titles'][number][]>();
      for (const title of titles) byNote.set(title.note_id, [...(byNote.get(title.note_id) ?? []), title]);
      const complete = [...byNote.values()].filter((own) => own.length === 3).length;
      tell(
        `${flags.join(' ') || 'write, default settings'}: ${(NOTES / seconds).toFixed(0)} notes/s, ${((NOTES * 1e6) / (user + system)).toFixed(0)} a CPU second; ` +
          `${complete} notes with three, ${failed.length} with none; distinct-1 ${diversity.distinct_1}, distinct-2 ${diversity.distinct_2}, self-BLEU ${diversity.self_bleu}`,
      );

      const faults: string[] = [];
      for (const [noteId, own] of byNote) {
        const { title, body } = notes.get(noteId) as RealNote;
        // "7 steps to …" counts what the note numbers.
        const steps = String(body.match(/^\s*\d+[.)、]\s/gm)?.length ?? '');
        for (const [index, { text, controls }] of own.entries()) {
          const foreign = foreignParts(text, [title, body, steps, ...queries]).map((part) => `not in the note: ${part}`);
          const alike = own.slice(index + 1).filter((other) => overlap(text, other.text) > SAME);
          const found = [...faultsOf(text, controls), ...foreign, ...alike.map((other) => `like ${other.text}`)];
          if (text === title) found.push('the original');
          if (found.length > 0) faults.push(`${noteId}: ${text} (${found.join('; ')})`);
        }
      }
      expect(faults).toEqual([]);
      expect(byNote.size + failed.length).toBe(NOTES);
      expect(complete).toBeGreaterThanOrEqual(withThree * NOTES);
    },
    60_000,
  );
});
