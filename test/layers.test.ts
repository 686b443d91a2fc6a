import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'src');
/** One reading: a file that needs more is doing two things. */
const MAX_LINES = 400;
/** Folders of core that must not know how things are stored, nor be known by what stores them. */
const ALGORITHM_FOLDERS = ['learn', 'feedback', 'ingest', 'media', 'models', 'numerics', 'publish', 'text'];
const HEAVY_MODULES =
  /^(sharp|better-sqlite3|@duckdb\/|onnxruntime|@node-rs\/jieba|fluent-ffmpeg|@ffmpeg-installer\/|@gutenye\/|@huggingface\/)/;

interface Import {
  /** As written: a package, or a relative path. */
  readonly specifier: string;
  /** The file under src/ it names; undefined for packages. */
  readonly file: string | undefined;
  readonly kind: 'value' | 'type' | 'dynamic';
}

interface SourceFile {
  /** Relative to src/, with forward slashes. */
  readonly name: string;
  /** Without comments; texts stand as they are. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const FILES: readonly SourceFile[] = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map(readSource);
const FILE_OF = new Map(FILES.map((file) => [file.name, file]));
const CORE = FILES.filter(({ name }) => name.startsWith('core/'));

function readSource(name: string): SourceFile {
  const text = readFileSync(join(SOURCE, name), 'utf8');
  const code = withoutComments(text);
  return { name: name.replaceAll('\\', '/'), code, lines: text.trimEnd().split('\n').length, imports: readImports(name, code) };
}

function readImports(name: string, code: string): Import[] {
  const imports: Import[] = [];
  const add = (specifier: string | undefined, kind: Import['kind']): void => {
    if (specifier === undefined) return;
    const file = specifier.startsWith('.') ? relative(SOURCE, resolve(SOURCE, dirname(name), specifier)).replaceAll('\\', '/') : undefined;
    imports.push({ specifier, file, kind });
  };
  for (const [, clause = '', specifier] of code.matchAll(/^(?:import|export)\s+([^;'"]*?)\s*from\s+['"]([^'"]+)['"]/gm)) {
    add(specifier, /^type\b/.test(clause) || onlyInlineTypes(clause) ? 'type' : 'value');
  }
  for (const [, specifier] of code.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) add(specifier, 'value');
  for (const [, specifier] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) add(specifier, 'dynamic');
  return imports;
}

/** `{ type A, type B }` names types only. */
function onlyInlineTypes(clause: string): boolean {
  const names = /^\{([\s\S]*)\}$/
    .exec(clause)?.[1]
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return names !== undefined && names.length > 0 && names.every((part) => part.startsWith('type '));
}

/** A text or a pattern is kept whole, so that a `//` inside one begins no comment. */
function withoutComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
  return text.replace(token, (match) => (match.startsWith('/*') || match.startsWith('//') ? '' : match));
}

/** The code without texts, for words that may stand in a message. */
function withoutTexts(code: string): string {
  return code.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

function offences(files: readonly SourceFile[], wrong: (imported: Import, file: SourceFile) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((imported) => wrong(imported, file)).map(({ specifier }) => `${file.name} imports ${specifier}`),
  );
}

function uses(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.filter(({ code }) => pattern.test(withoutTexts(code))).map(({ name }) => `${name} has ${pattern}`);
}

describe('the layers of src', () => {
  it('are all found: every relative import names a file', () => {
    expect(FILES.length).toBeGreaterThan(100);
    expect(offences(FILES, ({ file }) => file !== undefined && !existsSync(join(SOURCE, file)))).toEqual([]);
    // The reader of imports sees each of the three kinds.
    const seen = FILE_OF.get('commands/import_notes.ts')?.imports.map(({ specifier, kind }) => `${kind} ${specifier}`);
    const expected = ['value ../core/errors.ts', 'type ../core/ingest/notes.ts', 'dynamic ../core/store/notes.ts'];
    expect(seen).toEqual(expect.arrayContaining(expected));
  });

  it('point downwards: core imports neither commands nor cli nor io', () => {
    expect(offences(CORE, ({ file }) => file !== undefined && !file.startsWith('core/'))).toEqual([]);
  });

  it('keep algorithms from the store, types included', () => {
    const algorithms = CORE.filter(({ name }) => ALGORITHM_FOLDERS.some((folder) => name.startsWith(`core/${folder}/`)));
    expect(algorithms.length).toBeGreaterThan(50);
    expect(offences(algorithms, ({ file }) => file?.startsWith('core/store/') === true)).toEqual([]);
  });

  it('keep the store from algorithms', () => {
    const store = CORE.filter(({ name }) => name.startsWith('core/store/'));
    const isAlgorithm = (file: string): boolean => /^core\/[^/]+\//.test(file) && !file.startsWith('core/store/');
    expect(offences(store, ({ file }) => file !== undefined && isAlgorithm(file))).toEqual([]);
  });

  it('leave the command line and the terminal to what is above core', () => {
    expect(offences(CORE, ({ specifier }) => ['commander', 'ora', 'node:process', 'process'].includes(specifier))).toEqual([]);
  });

  it('leave SQL on the store to core/store', () => {
    const others = FILES.filter(({ name }) => !name.startsWith('core/store/'));
    expect(offences(others, ({ specifier, kind }) => specifier === 'better-sqlite3' && kind !== 'dynamic')).toEqual([]);
    expect(uses(others, /\bdb\.(prepare|exec|pragma)\(/)).toEqual([]);
  });
});

describe('core', () => {
  it.each([
    ['the process', /\bprocess\./],
    ['the console', /\bconsole\./],
    ['the clock', /\bDate\.now\(|\bnew Date\(\s*\)|\bperformance\.now\(/],
    ['unseeded randomness', /\bMath\.random\(/],
  ])('does not touch %s', (_, pattern) => {
    expect(uses(CORE, pattern)).toEqual([]);
  });
});

describe('every source file', () => {
  it(`has at most ${MAX_LINES} lines`, () => {
    expect(FILES.filter(({ lines }) => lines > MAX_LINES).map(({ name, lines }) => `${name}: ${lines}`)).toEqual([]);
  });

  it('has no any, no default export, no enum and no namespace', () => {
    expect(uses(FILES, /[:<]\s*any\b|\bas any\b|\bany\[\]|^export default\b|^(export )?(const )?(enum|namespace) /m)).toEqual([]);
  });

  it('loads heavy modules only when they are used: none is reached from cli.ts by static imports', () => {
    const reached = new Map<string, string>([['cli.ts', 'cli.ts']]);
    const found: string[] = [];
    for (const [name, path] of reached) {
      for (const { specifier, file, kind } of FILE_OF.get(name)?.imports ?? []) {
        if (kind !== 'value') continue;
        if (HEAVY_MODULES.test(specifier)) found.push(`${path} → ${specifier}`);
        if (file !== undefined && !reached.has(file)) reached.set(file, `${path} → ${file}`);
      }
    }
    expect(found).toEqual([]);
    expect(reached.size).toBeGreaterThan(10);
  });
});
