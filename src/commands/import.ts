import { Command } from 'commander';
import { importCreativesCommand } from './import_creatives.ts';
import { importLogsCommand } from './import_logs.ts';
import { importNotesCommand } from './import_notes.ts';
import { importBrandsCommand, importLexiconCommand, importQueriesCommand } from './import_terms.ts';
import type { CliContext } from './shared.ts';

export function importCommand(context: CliContext): Command {
  const parent = new Command('import')
    .description('read notes, creatives, click logs and word lists into the store')
    .addHelpText('after', '\nExample:\n  $ atelier import notes fixtures/notes');
  for (const create of [
    importNotesCommand,
    importCreativesCommand,
    importLogsCommand,
    importQueriesCommand,
    importBrandsCommand,
    importLexiconCommand,
  ]) {
    parent.addCommand(create(context));
  }
  return parent;
}
