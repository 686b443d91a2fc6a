import { type Controls, includesTerm } from './controls.ts';
import { chooseEmoji, EMOJI_COUNTS, type Picture } from './emoji.ts';
import type { TextLanguage } from './language.ts';
import { capitalised } from './patterns.ts';

/** A text after the controls were put in, and how many terms had to be set beside it because it did not hold them. */
export interface Decorated {
  readonly text: string;
  readonly added: number;
}

/**
 * Puts in what the controls ask for and a text does not hold yet: keywords and brand as parts of their own
 * ("keyword｜title", "Title | Brand"), then emoji. Nothing goes before a list's number or after a question's mark.
 */
export function decorate(text: string, controls: Controls, language: TextLanguage, pictures: readonly Picture[]): Decorated {
  const keywords = controls.keywords.filter((keyword) => !includesTerm(text, keyword));
  const brand = controls.brand !== null && !text.includes(controls.brand) ? controls.brand : undefined;
  const endsWithMark = /[？?！!]$/.test(text);
  const isList = /^\d/.test(text) || text.includes('·');
  // A brand is written as it is written.
  const leading = keywords.map((keyword, index) => (index === 0 && language !== 'zh' ? capitalised(keyword) : keyword));
  const before = isList ? [] : leading;
  const after = isList ? keywords : [];
  if (brand !== undefined) (endsWithMark ? before : after).push(brand);
  const whole = joined(before, text, after, language);
  return { text: withEmoji(whole, controls, language, pictures), added: before.length + after.length };
}

function joined(before: readonly string[], text: string, after: readonly string[], language: TextLanguage): string {
  if (language === 'zh') return [before.join('、'), text, after.join('、')].filter((part) => part !== '').join('｜');
  const head = before.length === 0 ? '' : `${before.join(', ')}${/:\s| \| /.test(text) ? ' | ' : ': '}`;
  return `${head}${text}${after.length === 0 ? '' : ` | ${after.join(', ')}`}`;
}

function withEmoji(text: string, controls: Controls, language: TextLanguage, pictures: readonly Picture[]): string {
  const count = EMOJI_COUNTS[controls.emoji].min;
  if (count === 0) return text;
  const emoji = chooseEmoji(text, pictures, count).join('');
  if (/[？?！!]$/.test(text)) return `${emoji} ${text}`;
  return language === 'zh' ? `${text}${emoji}` : `${text} ${emoji}`;
}
