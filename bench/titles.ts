import { execFile, fork, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Note, readNotes } from '../src/core/store/notes.ts';
import { openStore } from '../src/core/store/open.ts';
import { createBannedMatcher } from '../src/core/text/banned.ts';
import { createExtractiveWriter } from '../src/core/text/extractive.ts';
import { languageOf } from '../src/core/text/language.ts';
import { understandNote } from '../src/core/text/note_text.ts';
import { lengthFor } from '../src/core/text/platforms.ts';
import { loadSegmenters } from '../src/core/text/segment.ts';
import { writeTitles } from '../src/core/text/titles.ts';
import { type BenchLine, compareSpeeds, fastest } from './bench_line.ts';

const ASKED_SPEED = 200; // notes/s on one core
const ROUNDS = 3;
const CONNECTIONS = 16;
const QUESTIONS = 3000; // of the bare loop
const FEW_NOTES = 1000;
const MANY_NOTES = 10_000;
const execute = promisify(execFile);

/**
 * `titles` without a model on the real notes, beside the speed it was asked for; and with a model that answers after 50 ms
 * on 16 connections (320 a second at most), beside what the server allows, with the peak memory of few and many notes.
 */
export async function benchTitles(folder: string): Promise<BenchLine[]> {
  return [...(await benchExtractive(folder)), ...(await benchModel(folder))];
}

async function benchExtractive(folder: string): Promise<BenchLine[]> {
  const data = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');
  const files = ['howtocook', 'based-cooking'].map((name) => join(data, name, 'notes.jsonl')).filter((file) => existsSync(file));
  if (files.length === 0) return [];
  const path = join(folder, 'titles.db');
  atelier('import', 'notes', ...files, '--store', path);
  const store = openStore(path, { create: false, now: new Date() });
  const notes = readNotes(store);
  store.db.close();
  const write = await prepareExtractive(notes);
  let seed = 0; // another one each time, so that no round finds finished work
  const [whole, warm] = await fastest(
    [
      () => {
        seed += 1;
        atelier('titles', '--store', path, '--seed', String(seed));
      },
      async () => {
        for (const note of notes) await write(note);
      },
    ],
    ROUNDS,
  );
  return [
    compareSpeeds(
      `titles of ${notes.length} notes, extractive, a whole process with its store`,
      'notes/s',
      notes.length / (whole as number),
      ASKED_SPEED,
      'what was asked for on one core',
    ),
    compareSpeeds(
      `titles of ${notes.length} notes, extractive, dictionaries loaded`,
      'notes/s',
      notes.length / (warm as number),
      ASKED_SPEED,
      'what was asked for on one core',
    ),
  ];
}

/** Reads a note and writes three titles for it, as the command does. */
async function prepareExtractive(notes: readonly Note[]): Promise<(note: Note) => Promise<unknown>> {
  const languages = new Set(notes.map((note) => languageOf(note.lang, `${note.title}\n${note.body}`)));
  const segmenters = await loadSegmenters(languages, []);
  const isBanned = createBannedMatcher([]);
  return (note) => {
    const read = understandNote(note, segmenters, new Set());
    const length = lengthFor('generic', 'title', read.language, undefined);
    const controls = { keywords: [], length, emoji: 'none', brand: null, style: null, platform: 'generic' } as const;
    return writeTitles(
      read,
      createExtractiveWriter(new Map()),
      { kind: 'title', paradigm: 'write', controls, queries: [] },
      segmenters,
      isBanned,
      3,
    );
  };
}

async function benchModel(folder: string): Promise<BenchLine[]> {
  const server = fork('bench/title_server.mjs', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  try {
    const port = await new Promise<string>((found) => server.stdout?.once('data', (line) => found(String(line).trim())));
    const ask = async (notes: number) => {
      const file = join(folder, `notes${notes}.jsonl`);
      writeFileSync(file, Array.from({ length: notes }, (_, index) => JSON.stringify(noteOf(index))).join('\n'));
      const store = join(folder, `titles${notes}.db`);
      atelier('import', 'notes', file, '--store', store);
      const flags = ['--endpoint', `http://127.0.0.1:${port}`, '--connections', String(CONNECTIONS), '--quiet', '--json'];
      const start = performance.now();
      const { stdout } = await execute(process.execPath, [
        'bench/peak_memory.mjs',
        'titles',
        '--generator',
        'hf',
        '--store',
        store,
        ...flags,
      ]);
      return { speed: notes / ((performance.now() - start) / 1000), bytes: Number(stdout) };
    };
    const few = await ask(FEW_NOTES);
    const allowed = await askBare(`http://127.0.0.1:${port}/v1/chat/completions`);
    const many = await ask(MANY_NOTES);
    return [
      compareSpeeds(
        `titles of ${MANY_NOTES} notes by a model, ${CONNECTIONS} connections, from the start of the process to its end`,
        'notes/s',
        many.speed,
        allowed,
        'questions/s of a bare loop of fetch on as many connections to the same server, which answers in 50 ms',
      ),
      compareSpeeds(
        `peak memory of that beside ${FEW_NOTES} notes: the ratio is few / many`,
        '1/MB',
        1e6 / many.bytes,
        1e6 / few.bytes,
        `${FEW_NOTES} notes`,
      ),
    ];
  } finally {
    server.disconnect();
  }
}

/** Questions a second that the server answers on as many connections, with nothing else to do. */
async function askBare(address: string): Promise<number> {
  const question = JSON.stringify({ messages: [{ role: 'user', content: noteOf(1).body }] });
  const start = performance.now();
  let left = QUESTIONS;
  const goOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const answer = await fetch(address, { method: 'POST', body: question });
      await answer.json();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, goOn));
  return QUESTIONS / ((performance.now() - start) / 1000);
}

/** One command line of the built program, in a process of its own. */
function atelier(...argv: readonly string[]): void {
  const { status } = spawnSync(process.execPath, ['bin/atelier.js', ...argv, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0 && status !== 1) throw new Error(`atelier ${argv.join(' ')} exited with ${status}`);
}

/** Notes of the size of real posts; two in three in English. */
function noteOf(index: number) {
  const note_id = `note-${String(index).padStart(6, '0')}`;
  if (index % 3 === 0) {
    const body = `番茄牛腩煲是一道酸甜浓郁的家常炖菜，牛腩软烂入味，汤汁拌饭很香。番茄带来清爽的酸味，全程大约 ${index} 分钟。`;
    return { note_id, title: `番茄牛腩煲第 ${index} 回`, body: body.repeat(8), lang: 'zh' };
  }
  const body = `A thick, smoky soup from the mountains, full of beans and paprika. It is a filling meal for cold evenings, number ${index}. `;
  return { note_id, title: `Grandmother's soup ${index}`, body: body.repeat(8), lang: 'en' };
}
