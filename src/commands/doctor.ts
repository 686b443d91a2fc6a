import { existsSync } from 'node:fs';
import { versions } from 'node:process';
import type { Command } from 'commander';
import type { Check, CheckResult } from '../core/doctor/check.ts';
import { action, type CliContext, count, createCommand, type Outcome, type Session } from './shared.ts';

const MISSING_SHOWN = 3;

/** `atelier doctor`: whether this machine and this store are in order. */
export function doctorCommand(context: CliContext): Command {
  return createCommand('doctor', 'check this machine and the store', 'atelier doctor --store atelier.db').action(
    action<object>(context, doctor),
  );
}

async function doctor(session: Session<object>): Promise<Outcome> {
  const { runChecks } = await import('../core/doctor/check.ts');
  const { MODULE_CHECKS, nodeCheck, sqliteCheck } = await import('../core/doctor/modules.ts');
  const { diskCheck, ffmpegCheck, fontsCheck, ocrCheck } = await import('../core/doctor/machine.ts');
  const { environment } = session.io;
  const storePath = session.path(session.options.store);
  const checks = await runChecks([
    nodeCheck(versions.node),
    sqliteCheck(async () => (await import('../core/store/integrity.ts')).sqliteVersion()),
    ...MODULE_CHECKS,
    ffmpegCheck(environment),
    ocrCheck(),
    fontsCheck(environment),
    diskCheck(storePath),
    storeCheck(storePath, session.now),
    filesCheck(storePath, session.now),
  ]);
  return {
    json: { checks },
    text: describe(checks),
    failures: checks.filter(({ ok, required }) => required && !ok).map(({ name, detail }) => ({ item: name, reason: detail })),
  };
}

function storeCheck(path: string, now: Date): Check {
  return {
    name: 'store',
    required: true,
    hint: 'Restore it from a copy, or name another one with --store.',
    find: async () => {
      if (!existsSync(path)) return { ok: true, detail: `no store yet at ${path}` };
      const { openStore } = await import('../core/store/open.ts');
      const { quickCheck } = await import('../core/store/integrity.ts');
      const store = openStore(path, { create: false, now });
      try {
        const problems = quickCheck(store);
        return problems.length > 0
          ? { ok: false, detail: `${path} is damaged: ${problems.join('; ')}` }
          : { ok: true, detail: `${path} is sound` };
      } finally {
        store.db.close();
      }
    },
  };
}

function filesCheck(path: string, now: Date): Check {
  return {
    name: 'store files',
    required: true,
    hint: 'Put the folder beside the store back from a copy, or extract and import again.',
    find: async () => {
      if (!existsSync(path)) return { ok: true, detail: 'no store yet' };
      const { openStore } = await import('../core/store/open.ts');
      const { findMissingFiles } = await import('../core/store/integrity.ts');
      const store = openStore(path, { create: false, now });
      try {
        const { files, missing } = findMissingFiles(store);
        if (missing.length === 0) return { ok: true, detail: `${count(files)} files in ${store.filesDirectory}` };
        return {
          ok: false,
          detail: `${count(missing.length)} of ${count(files)} files are gone: ${missing.slice(0, MISSING_SHOWN).join(', ')}`,
        };
      } finally {
        store.db.close();
      }
    },
  };
}

/** ✓ fine, ✗ needed and not fine, – not fine but not needed. */
function describe(checks: readonly CheckResult[]): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ name, ok, required, detail, hint }) => {
    const line = `${ok ? '✓' : required ? '✗' : '–'} ${name.padEnd(width)}  ${detail}`;
    return hint === '' ? [line] : [line, `  ${' '.repeat(width)}  ${hint}`];
  });
}
