import { readFileSync } from 'node:fs';
import type { SelectionConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import type { Session } from './shared.ts';

/** The settings of `--config FILE`; all defaults without it. */
export async function readConfig(session: Session<{ readonly config?: string }>): Promise<SelectionConfig> {
  const { DEFAULT_CONFIG, parseConfig } = await import('../core/config.ts');
  const { config: file } = session.options;
  if (file === undefined) return DEFAULT_CONFIG;
  let text: string;
  try {
    text = readFileSync(session.path(file), 'utf8');
  } catch {
    throw new UserError(`Expected --config to name a YAML file of settings but ${file} cannot be read.`, 'docs/settings.md lists them.');
  }
  return parseConfig(text, file);
}
