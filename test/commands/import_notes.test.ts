import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandJson, commandLine, temporaryFolder } from '../core/publish/command_line.ts';

interface Imported {
  readonly code: number;
  readonly notes: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly media: number;
  readonly skipped: readonly { readonly item: string; readonly reason: string }[];
}

interface NoteRow {
  readonly note_id: string;
  readonly title: string;
  readonly body: string;
  readonly lang: string;
  readonly brand: string;
  readonly category: string;
  readonly media: readonly string[];
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function importNotes(folder: string, ...paths: readonly string[]): Promise<Imported> {
  return commandJson<Imported>(folder, ['import', 'notes', ...paths]);
}

async function storedNotes(folder: string): Promise<NoteRow[]> {
  return (await commandJson<{ rows: NoteRow[] }>(folder, ['list', 'notes'])).rows;
}

const note = (fields: object): string => `${JSON.stringify({ note_id: 'n', title: 'T', body: 'B', ...fields })}\n`;

describe('import notes from a table', () => {
  it('reads JSON lines and CSV alike, quoted newlines and Chinese included', async () => {
    const folder = temporaryFolder();
    write(folder, {
      'a/notes.jsonl': note({
        note_id: 'x',
        title: '茶山的雾',
        body: '一\n\n二 "三"',
        lang: 'zh',
        brand: '小满',
        category: 'tea',
        media: ['p.jpg', 'v.mp4'],
      }),
      'b/notes.csv': 'note_id,title,body,lang,brand,category,media\nx,茶山的雾,"一\n\n二 ""三""",zh,小满,tea,../a/p.jpg;../a/v.mp4\n',
    });
    expect(await importNotes(folder, 'a/notes.jsonl')).toMatchObject({ code: 0, notes: 1, inserted: 1, media: 2, skipped: [] });
    const [first] = await storedNotes(folder);
    expect(first).toMatchObject({ note_id: 'x', title: '茶山的雾', body: '一\n\n二 "三"', lang: 'zh', brand: '小满', category: 'tea' });
    expect(first?.media).toEqual([join(folder, 'a/p.jpg'), join(folder, 'a/v.mp4')]);
    await importNotes(folder, 'b/notes.csv');
    expect(await storedNotes(folder)).toEqual([first]);
  });

  it.each([
    ['a JSON list', '["p.jpg", "q.jpg"]', ['p.jpg', 'q.jpg']],
    ['names between semicolons', 'p.jpg; q.jpg', ['p.jpg', 'q.jpg']],
    ['names between bars', 'p.jpg|q.jpg|', ['p.jpg', 'q.jpg']],
    ['one name', 'p.jpg', ['p.jpg']],
    ['nothing', '', []],
    ['an empty list', '[]', []],
  ])('reads media as %s', async (_, media, names) => {
    const folder = temporaryFolder();
    write(folder, { 'notes.csv': `note_id,title,media\nn,T,"${media.replaceAll('"', '""')}"\n` });
    expect(await importNotes(folder, 'notes.csv')).toMatchObject({ code: 0, media: names.length });
    expect((await storedNotes(folder))[0]?.media).toEqual(names.map((name) => join(folder, name)));
  });

  it('lists notes it cannot take with their line and reason, and keeps the others', async () => {
    const folder = temporaryFolder();
    write(folder, { 'notes.csv': 'note_id,title,body,media\na,A,,\n,No id,,\nb,,,\nc,C,,"[""p.jpg"", 3]"\nd,,Only a body,\n' });
    const { code, notes, skipped } = await importNotes(folder, 'notes.csv');
    expect({ code, notes }).toEqual({ code: 1, notes: 2 });
    expect(skipped).toEqual([
      { item: `${join(folder, 'notes.csv')}:3`, reason: 'note_id: Expected an id' },
      { item: `${join(folder, 'notes.csv')}:4`, reason: 'title: Expected a title or a body' },
      { item: `${join(folder, 'notes.csv')}:5`, reason: 'media: Expected a list of file names' },
    ]);
    expect((await storedNotes(folder)).map(({ note_id }) => note_id)).toEqual(['a', 'd']);
  });

  it('updates a note that has changed, tells it, and adds nothing when it has not', async () => {
    const folder = temporaryFolder();
    write(folder, { 'notes.jsonl': note({ media: ['p.jpg', 'q.jpg'] }) + note({ note_id: 'm' }) });
    expect(await importNotes(folder, 'notes.jsonl')).toMatchObject({ inserted: 2, updated: 0, unchanged: 0 });
    expect(await importNotes(folder, 'notes.jsonl')).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
    write(folder, { 'notes.jsonl': note({ title: 'New', media: ['q.jpg'] }) + note({ note_id: 'm' }) });
    expect(await importNotes(folder, 'notes.jsonl')).toMatchObject({ inserted: 0, updated: 1, unchanged: 1 });
    expect((await storedNotes(folder)).find(({ note_id }) => note_id === 'n')).toMatchObject({
      title: 'New',
      media: [join(folder, 'q.jpg')],
    });
  });

  it('takes the first of the notes with one id, and lists the others', async () => {
    const folder = temporaryFolder();
    write(folder, { 'notes.jsonl': note({ title: 'Early' }) + note({ title: 'Late' }) });
    expect(await importNotes(folder, 'notes.jsonl')).toMatchObject({
      code: 1,
      notes: 1,
      inserted: 1,
      skipped: [{ reason: expect.stringContaining('an earlier note has it too') }],
    });
    expect((await storedNotes(folder)).map(({ title }) => title)).toEqual(['Early']);
  });

  it('takes the columns of another system by --map', async () => {
    const folder = temporaryFolder();
    write(folder, { 'notes.csv': 'nid,headline,content\n1,T,B\n' });
    expect(await commandJson(folder, ['import', 'notes', 'notes.csv', '--map', 'nid=note_id,headline=title'])).toMatchObject({
      code: 0,
      notes: 1,
    });
    expect(await storedNotes(folder)).toMatchObject([{ note_id: '1', title: 'T', body: 'B' }]);
  });
});

describe('import notes from a folder tree', () => {
  it('reads no note through a link or a pipe, and none that is huge', async () => {
    const folder = temporaryFolder();
    write(folder, {
      'secret.txt': 'Nobody may read this',
      'notes/good/note.md': 'Body',
      'notes/huge/note.md': 'x'.repeat(4 * 2 ** 20 + 1),
    });
    for (const name of ['link', 'pipe']) mkdirSync(join(folder, 'notes', name));
    symlinkSync(join(folder, 'secret.txt'), join(folder, 'notes/link/note.md'));
    execFileSync('mkfifo', [join(folder, 'notes/pipe/note.md')]);
    const { code, notes, skipped } = await importNotes(folder, 'notes');
    expect({ code, notes }).toEqual({ code: 1, notes: 1 });
    expect(skipped.map(({ item }) => item)).toEqual(['huge', 'link', 'pipe'].map((name) => join(folder, 'notes', name, 'note.md')));
  });

  // Root may read everything.
  it.skipIf(process.getuid?.() === 0)('goes on behind a folder that it may not read', async () => {
    const folder = temporaryFolder();
    write(folder, { 'notes/closed/note.md': 'Body', 'notes/open/note.md': 'Body' });
    chmodSync(join(folder, 'notes/closed'), 0);
    const { code, notes, skipped } = await importNotes(folder, 'notes');
    chmodSync(join(folder, 'notes/closed'), 0o700);
    expect({ code, notes }).toEqual({ code: 1, notes: 1 });
    expect(skipped).toEqual([{ item: join(folder, 'notes/closed'), reason: expect.stringContaining('permission') }]);
  });

  it('reads each note.md with its front matter, body and the media beside it', async () => {
    const folder = temporaryFolder();
    write(folder, {
      'notes/tea/note.md':
        '---\nnote_id: tea-1\ntitle: "Tea: nine o\'clock"\nlang: en\nmedia: [b.jpg, a.mp4]\n---\n\n# Fog\n\nBody --- here.\n',
      'notes/deep/er/sun/note.md': '\ufeff---\r\ntitle: 晒太阳\r\n---\r\n第一行\r\n',
      'notes/deep/er/sun/z.png': '',
      'notes/deep/er/sun/a.mp4': '',
      'notes/deep/er/sun/notes.txt': '',
      'notes/plain/NOTE.md': 'Only a body.',
    });
    expect(await importNotes(folder, 'notes')).toMatchObject({ code: 0, notes: 3, media: 4, skipped: [] });
    const notes = await storedNotes(folder);
    const beside = (...names: string[]): string[] => names.map((name) => join(folder, 'notes', name));
    expect(notes).toMatchObject([
      { note_id: 'plain', title: '', body: 'Only a body.', media: [] },
      { note_id: 'sun', title: '晒太阳', body: '第一行', media: beside('deep/er/sun/a.mp4', 'deep/er/sun/z.png') },
      {
        note_id: 'tea-1',
        title: "Tea: nine o'clock",
        lang: 'en',
        body: '# Fog\n\nBody --- here.',
        media: beside('tea/b.jpg', 'tea/a.mp4'),
      },
    ]);
    expect(await importNotes(folder, 'notes')).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
  });

  it('skips a note whose front matter cannot be read, with its path, and takes the others', async () => {
    const folder = temporaryFolder();
    write(folder, { 'bad/note.md': '---\n- a\n- b\n---\nBody', 'worse/note.md': '---\ntitle: "open\n---\nBody', 'good/note.md': 'Body' });
    const { code, notes, skipped } = await importNotes(folder, '.');
    expect({ code, notes }).toEqual({ code: 1, notes: 1 });
    expect(skipped.map(({ item }) => item)).toEqual([join(folder, 'bad/note.md'), join(folder, 'worse/note.md')]);
  });

  it('takes the first of two notes with one id, as folders of one name give, and lists the other', async () => {
    const folder = temporaryFolder();
    write(folder, { 'a/x/note.md': 'First body', 'b/x/note.md': 'Second body' });
    const { code, notes, skipped } = await importNotes(folder, '.');
    expect({ code, notes }).toEqual({ code: 1, notes: 1 });
    expect(skipped).toEqual([{ item: join(folder, 'b/x/note.md'), reason: expect.stringContaining(join(folder, 'a/x/note.md')) }]);
    expect(await storedNotes(folder)).toMatchObject([{ note_id: 'x', body: 'First body' }]);
  });

  it('refuses a folder without notes, and a path that is not there', async () => {
    const folder = temporaryFolder();
    expect(await commandLine(folder, ['import', 'notes', '.'])).toMatchObject({ code: 2, stderr: expect.stringContaining('note.md') });
    expect(await commandLine(folder, ['import', 'notes', 'nowhere'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nowhere'),
    });
  });
});

describe('import of word lists', () => {
  it.each([
    ['brands', 'name\nHarbour\n\n   \n晴屿\n""\nHarbour\n', 2, [4, 6]],
    ['queries', 'query,frequency\n口红,"9,200"\nlip,-1\n,5\ntea,often\nsun,\n', 2, [3, 4, 5]],
    ['lexicon', 'term,type\n最好,banned\n茶,\n,food\n上海,Place\n', 2, [3, 4]],
  ])('%s keeps the good rows and lists the bad ones by line; blank lines are none', async (list, content, inserted, bad) => {
    const folder = temporaryFolder();
    write(folder, { 'list.csv': content });
    const imported = await commandJson<{ inserted: number; skipped: { item: string }[] }>(folder, ['import', list, 'list.csv']);
    expect(imported).toMatchObject({ code: 1, inserted });
    expect(imported.skipped.map(({ item }) => Number(item.split(':').at(-1)))).toEqual(bad);
    expect(await commandJson(folder, ['import', list, 'list.csv'])).toMatchObject({ inserted: 0 });
  });
});
