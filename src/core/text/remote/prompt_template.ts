import { UserError } from '../../errors.ts';

/** What a prompt may name; each stands for a text that is empty where there is nothing to say. */
export const PLACEHOLDERS = [
  'note',
  'original',
  'fence',
  'asked',
  'keywords',
  'length',
  'emoji',
  'brand',
  'style',
  'queries',
  'platform',
  'accepted',
  'refused',
  'continued',
] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];
export type PromptValues = Readonly<Record<Placeholder, string>>;

/** A text, a placeholder, or parts that are shown only where the section's placeholder is not empty. */
type Part =
  | { readonly text: string }
  | { readonly placeholder: Placeholder }
  | { readonly section: Placeholder; readonly parts: readonly Part[] };

/** A prompt as it stands in a file: what to do, above a line of `---`, and what to do it with, below; without that line, only the latter. */
export interface PromptTemplate {
  readonly system: readonly Part[];
  readonly user: readonly Part[];
  /** The prompt's own texts, to be looked for in an answer that repeats them. */
  readonly lines: readonly string[];
}

/**
 * Reads a prompt: plain text with `{{name}}`, and `{{#name}}…{{/name}}` around what is left out where `name` is empty
 * (with its line where it takes the whole line). Sections do not nest.
 * @param file name of the file in messages
 * @throws UserError with the line for an unknown name, a section without an end, or a prompt that shows no note
 */
export function parseTemplate(file: string, source: string): PromptTemplate {
  const text = source
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
    .trim();
  for (const match of text.matchAll(/\{\{([\s\S]*?)\}\}/g)) {
    if (!isPlaceholder((match[1] ?? '').replace(/^[#/]/, ''))) {
      throw new UserError(
        `Expected a known placeholder but received "${match[0]}" in ${file}, line ${lineAt(text, match.index)}.`,
        `Known ones: ${PLACEHOLDERS.join(', ')}; sections are {{#name}}…{{/name}}.`,
      );
    }
  }
  if (!/\{\{(?:note|original)\}\}/.test(text)) {
    throw new UserError(
      `Expected {{note}} or {{original}} in ${file} but received a prompt that shows neither.`,
      'Put the one that is to be worked on in.',
    );
  }
  const border = /^---$/m.exec(text);
  const above = border ? text.slice(0, border.index).trim() : '';
  const below = border ? text.slice(border.index + border[0].length).trim() : text;
  const own = text.replace(/\{\{.*?\}\}/g, '\n').split('\n');
  return {
    system: parseParts(file, text, above),
    user: parseParts(file, text, below),
    lines: own.map((line) => line.trim()).filter(Boolean),
  };
}

/** The prompt with its values put in; a value is never read for placeholders itself. */
export function renderTemplate(template: PromptTemplate, values: PromptValues): { readonly system: string; readonly user: string } {
  const render = (parts: readonly Part[]): string =>
    parts
      .map((part) => {
        if ('text' in part) return part.text;
        if ('placeholder' in part) return values[part.placeholder];
        return values[part.section] === '' ? '' : render(part.parts);
      })
      .join('');
  return { system: render(template.system).trim(), user: render(template.user).trim() };
}

/** A section that takes whole lines takes its line break along. */
const SECTION = /(?<=^|\n)\{\{#(\w+)\}\}((?:(?!\{\{[#/])[\s\S])*)\{\{\/\1\}\}\n|\{\{#(\w+)\}\}((?:(?!\{\{[#/])[\s\S])*)\{\{\/\3\}\}/g;

function parseParts(file: string, whole: string, text: string): Part[] {
  const parts: Part[] = [];
  let start = 0;
  for (const match of text.matchAll(SECTION)) {
    parts.push(...plainParts(file, whole, text.slice(start, match.index)));
    const [, lineSection, lineBody, section = lineSection, body = `${lineBody}\n`] = match;
    parts.push({ section: section as Placeholder, parts: plainParts(file, whole, body) });
    start = match.index + match[0].length;
  }
  parts.push(...plainParts(file, whole, text.slice(start)));
  return parts;
}

function plainParts(file: string, whole: string, text: string): Part[] {
  const stray = /\{\{[#/]\w+\}\}/.exec(text)?.[0];
  if (stray !== undefined) {
    throw new UserError(
      `Expected a section with a beginning and an end but received only "${stray}" in ${file}, line ${lineAt(whole, whole.indexOf(stray))}.`,
      'Sections are {{#name}}…{{/name}}, and none stands in another.',
    );
  }
  // Every second piece is a placeholder's name.
  return text
    .split(/\{\{(\w+)\}\}/)
    .map((piece, index): Part => (index % 2 === 0 ? { text: piece } : { placeholder: piece as Placeholder }))
    .filter((part) => !('text' in part) || part.text !== '');
}

function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
