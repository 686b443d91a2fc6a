import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import type { Io } from '../../src/io.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The commands of the tour, each with the lines that it is said to print. */
function readTour(): { readonly argv: readonly string[]; readonly lines: readonly string[] }[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const block = /## A tour in ten lines[\s\S]*?```\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  return block
    .split(/^\$ atelier /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...lines] = step.trim().split('\n');
      return { argv: command.split(' '), lines };
    });
}

/** A line without the remark in brackets at its end, spaces being one; "…" parts what has to stand there in this order. */
function partsOf(line: string): string[] {
  return line
    .replace(/\s\([^()]*\)$/, '')
    .split('…')
    .map(oneSpaced)
    .filter((part) => part !== '');
}

function oneSpaced(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

describe('the tour of the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-tour-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('prints what it says', async () => {
    const tour = readTour();
    expect(tour).toHaveLength(10);
    for (const { argv, lines } of tour) {
      let out = '';
      let err = '';
      const io: Io = {
        stdout: (text: string) => {
          out += text;
        },
        stderr: (text: string) => {
          err += text;
        },
        isTerminal: false,
        environment: {},
        workingDirectory: directory,
        now: () => new Date('2026-01-01T00:00:00Z'),
        signal: new AbortController().signal,
      };
      const inRepository = argv.map((part) => (part.startsWith('fixtures/') ? join(ROOT, part) : part));
      expect(await run([...inRepository, '--quiet'], io), `${argv.join(' ')}: ${err}`).toBe(0);
      const printed = out.split('\n').map(oneSpaced);
      for (const line of lines) {
        const parts = partsOf(line);
        const holds = printed.some((found) => {
          let from = 0;
          return parts.every((part) => {
            const at = found.indexOf(part, from);
            from = at + part.length;
            return at >= 0;
          });
        });
        expect(holds, `${argv.join(' ')}: ${line}\n${out.slice(0, 4000)}`).toBe(true);
      }
    }
  });
});
