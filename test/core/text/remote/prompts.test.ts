import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { sha256 } from '../../../../src/core/ids.ts';
import { PLACEHOLDERS, type PromptValues, parseTemplate, renderTemplate } from '../../../../src/core/text/remote/prompt_template.ts';
import { loadPrompts } from '../../../../src/core/text/remote/prompts.ts';
import { REPLY_FORMS } from '../../../../src/core/text/remote/replies.ts';

const EMPTY = Object.fromEntries(PLACEHOLDERS.map((name) => [name, ''])) as PromptValues;
const FULL = Object.fromEntries(PLACEHOLDERS.map((name) => [name, `<${name}>`])) as PromptValues;

function render(source: string, values: Partial<PromptValues> = {}) {
  return renderTemplate(parseTemplate('own.txt', source), { ...EMPTY, note: 'N', ...values });
}

describe('a prompt', () => {
  it('has its placeholders filled in, and what to do above a line of ---', () => {
    expect(render('Write {{asked}}.\n---\n{{note}}\nNow.', { asked: '3' })).toEqual({ system: 'Write 3.', user: 'N\nNow.' });
    expect(render('{{note}}: {{length}}', { length: '8-20' })).toEqual({ system: '', user: 'N: 8-20' });
  });

  it('leaves out a section with nothing to say, with its line where it takes the whole line', () => {
    const source = 'a\n{{#brand}}brand: {{brand}}{{/brand}}\nb {{#style}}in {{style}} {{/style}}{{note}}';
    expect(render(source).user).toBe('a\nb N');
    expect(render(source, { brand: 'Acme', style: 'list' }).user).toBe('a\nbrand: Acme\nb in list N');
  });

  it('never reads a value for placeholders', () => {
    expect(render('{{note}} {{brand}}', { note: '{{brand}} {{#style}}', brand: 'Acme' }).user).toBe('{{brand}} {{#style}} Acme');
  });

  it.each([
    ['{{note}}\n{{titel}}', /"\{\{titel\}\}" in own.txt, line 2/],
    ['{{note}}\n\n{{#titel}}x{{/titel}}', /"\{\{#titel\}\}" in own.txt, line 3/],
    ['{{ note }}', /"\{\{ note \}\}"/],
    ['Write a title.', /\{\{note\}\} or \{\{original\}\} in own.txt/],
    ['{{note}} {{#brand}}x', /a section with a beginning and an end .*"\{\{#brand\}\}" in own.txt, line 1/],
    ['{{note}} x{{/brand}}', /"\{\{\/brand\}\}"/],
    ['{{note}} {{#brand}}{{#style}}x{{/style}}{{/brand}}', /"\{\{#brand\}\}"/],
  ])('is refused with file, line and hint: %s', (source, message) => {
    let thrown: unknown;
    try {
      parseTemplate('own.txt', source);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect((thrown as UserError).message).toMatch(message);
    expect((thrown as UserError).hint).toBeTruthy();
  });
});

describe('the prompts of the package', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-prompts-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('are there for every kind, paradigm and form, in both languages', async () => {
    const used = new Set<string>();
    for (const [kind, paradigm] of [
      ['title', 'write'],
      ['title', 'rewrite'],
      ['highlight', 'write'],
    ] as const) {
      for (const form of REPLY_FORMS) {
        const prompts = await loadPrompts(kind, paradigm, form, undefined);
        for (const language of ['zh', 'en'] as const) {
          const { version, template } = prompts[language];
          expect(version).toMatch(new RegExp(`^${kind}\\.${paradigm}${form === 'text2text' ? '\\.short' : ''}\\.${language}@[0-9a-f]{8}$`));
          used.add(`${version.split('@')[0]}.txt`);
          const { system, user } = renderTemplate(template, FULL);
          const controls = [
            'length',
            'emoji',
            'keywords',
            'brand',
            'style',
            ...(paradigm === 'rewrite' ? ['queries', 'original'] : ['note']),
          ];
          for (const control of controls) expect(user, version).toContain(`<${control}>`);
          if (form !== 'text2text') for (const told of ['asked', 'fence']) expect(system).toContain(`<${told}>`);
          if (form !== 'text2text') for (const told of ['refused', 'accepted', 'note']) expect(user).toContain(`<${told}>`);
          const bare = renderTemplate(template, EMPTY);
          expect(bare.user).not.toMatch(/keywords:|brand:|style:|queries:|\{\{/);
        }
      }
    }
    const files = await readdir(new URL('../../../../prompts/', import.meta.url));
    expect(files.sort()).toEqual([...used].sort());
  });

  it('give way to a file of the user’s own, named by its content', async () => {
    const file = join(folder, 'mine.txt');
    await writeFile(file, 'Title for {{note}}');
    const prompts = await loadPrompts('title', 'write', 'chat', file);
    expect(prompts.zh).toBe(prompts.en);
    expect(prompts.zh.version).toBe(`mine@${sha256(await readFile(file, 'utf8')).slice(0, 8)}`);
    await expect(loadPrompts('title', 'write', 'chat', join(folder, 'none.txt'))).rejects.toThrow(UserError);
  });
});
