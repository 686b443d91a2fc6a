// Writes docs/cli.md, docs/schema.md and docs/settings.md from the program itself: `make docs`. A test fails when they are stale.
import { writeFileSync } from 'node:fs';
import { cliReference, schemaReference, settingsReference } from './reference.mjs';

writeFileSync(new URL('cli.md', import.meta.url), await cliReference());
writeFileSync(new URL('schema.md', import.meta.url), await schemaReference());
writeFileSync(new URL('settings.md', import.meta.url), settingsReference());
