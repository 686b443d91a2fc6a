// The examples of docs/titles.md, made by the command on the notes of fixtures/.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../dist/cli.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const BEGIN = '<!-- examples: written by `make docs` -->';
const END = '<!-- end of examples -->';
/** What a section shows: its heading, the flags, the notes. */
const EXAMPLES = [
  ['From the whole note, in the length of Xiaohongshu', '--platform xiaohongshu', 'noodles,lip,tea,sun,lake,croissant'],
  ['From the whole note, where there is more room', '--platform meta --length 12-45', 'noodles,lip,tea,lake,croissant'],
  ['The note’s own title with what people search for', '--paradigm rewrite', 'noodles,lip,tea,lake,lamp,serum'],
  ['Questions with an emoji', '--style question --emoji some', 'noodles,lip,lamp'],
  ['Selling points to set on pictures', '--kind highlight --platform xiaohongshu', 'noodles,lip,sun,lake,croissant,serum'],
];

/** The page with its examples made anew between the two marks. */
export async function withTitleExamples(page) {
  const [before, rest = ''] = page.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  return `${before}${BEGIN}\n\n${await titleExamples()}\n${after}`;
}

async function titleExamples() {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-titles-'));
  try {
    for (const [what, file] of [
      ['notes', 'notes'],
      ['queries', 'queries.csv'],
      ['brands', 'brands.csv'],
      ['lexicon', 'lexicon.csv'],
    ]) {
      await atelier(folder, 'import', what, join(FIXTURES, file));
    }
    const { rows } = await atelier(folder, 'list', 'notes');
    const originals = new Map(rows.map(({ note_id, title }) => [note_id, title]));
    const sections = [];
    for (const [heading, flags, notes] of EXAMPLES) {
      const { titles } = await atelier(folder, 'titles', ...flags.split(' '), '--notes', notes);
      const lines = notes.split(',').map((noteId) => {
        const texts = titles.filter(({ note_id }) => note_id === noteId).map(({ text }) => cell(text));
        return `| ${cell(originals.get(noteId))} | ${texts.join('<br>')} |`;
      });
      const head = ['| the note’s own title | made of it |', '| --- | --- |'];
      sections.push(`### ${heading}`, '', `\`atelier titles ${flags}\``, '', ...head, ...lines, '');
    }
    return sections.join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}

async function atelier(folder, ...argv) {
  let out = '';
  const code = await run([...argv, '--json', '--quiet'], {
    stdout: (text) => {
      out += text;
    },
    stderr: () => {},
    isTerminal: false,
    environment: {},
    workingDirectory: folder,
    now: () => new Date(0),
    signal: new AbortController().signal,
  });
  if (code > 1) throw new Error(`atelier ${argv.join(' ')} exited with ${code}`);
  return JSON.parse(out);
}
