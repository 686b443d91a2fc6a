// Writes docs/cli.md, docs/schema.md, docs/settings.md and the examples of docs/titles.md from the program itself: `make docs`. A
// test fails when the references are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { cliReference, schemaReference, settingsReference } from './reference.mjs';
import { withTitleExamples } from './title_examples.mjs';

const titles = new URL('titles.md', import.meta.url);

writeFileSync(new URL('cli.md', import.meta.url), await cliReference());
writeFileSync(new URL('schema.md', import.meta.url), await schemaReference());
writeFileSync(new URL('settings.md', import.meta.url), settingsReference());
writeFileSync(titles, await withTitleExamples(readFileSync(titles, 'utf8')));
