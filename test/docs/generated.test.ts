import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// @ts-expect-error the generator is plain JavaScript, run by node itself
import { cliReference, schemaReference, settingsReference } from '../../docs/reference.mjs';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('the generated pages', () => {
  it('docs/cli.md is what `make docs` writes', async () => {
    expect(page('cli.md')).toBe(await cliReference());
  });

  it('docs/schema.md is what `make docs` writes', async () => {
    expect(page('schema.md')).toBe(await schemaReference());
  });

  it('docs/settings.md is what `make docs` writes', () => {
    expect(page('settings.md')).toBe(settingsReference());
  });
});
