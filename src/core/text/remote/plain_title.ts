import { bareText } from '../controls.ts';
import { detectLanguage, type TextLanguage } from '../language.ts';
import { hasSteering } from './untrusted.ts';

/** Signs of a text that is no title: addresses, hashtags, mentions, Markdown, HTML, JSON, placeholders, rows of marks. */
const FOREIGN_SIGNS = [
  /https?:|www\.|\b[\w-]+\.(?:com|cn|net|org|io)\b/iu,
  /(?:^|\s)[#＃@][\p{L}\p{N}]|[#＃][^#＃\s]+[#＃]|\[话题\]/u,
  /\*\*|__|`|~~|\]\(|^>|^#{1,6}\s/u,
  /<\/?[a-z][^>]*>|<\||\|>|<<<|>>>/iu,
  /^[[{]["{]|["}]\s*[,\]}]$|\{\{|\}\}|\\[nu"]/u,
  /([!！?？。~～…])\s*\1|[!！]\s*[?？]|[?？]\s*[!！]|\s[!?]/u,
  /[★☆]{2}|→/u,
  // The same word again and again, and letters set apart.
  /(\p{L}{2,})[\s,，、]+\1[\s,，、]+\1/iu,
  /(\p{Script=Han}{2,})\1{2}/u,
  /(?:\p{Script=Han}\s){3}\p{Script=Han}/u,
];
const SHOUTED_LETTERS = 6;

/**
 * Whether a text is the kind of thing a title is: one line of visible characters in the note's language, with letters, without
 * addresses, hashtags, markup, rows of exclamation marks, and not shouted in capitals.
 */
export function isPlainTitle(text: string, language: TextLanguage): boolean {
  if (hasSteering(text) || FOREIGN_SIGNS.some((sign) => sign.test(text)) || bareText(text) === '') return false;
  return isInLanguage(text, language) && !isShouted(text);
}

/** A Chinese title may consist of a Latin name and two Han characters; a Latin one has next to none of them. */
function isInLanguage(text: string, language: TextLanguage): boolean {
  if (language === 'zh')
    return /\p{Script=Han}/u.test(text) && !/[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Cyrillic}]/u.test(text);
  return language !== 'en' || detectLanguage(text) === 'en';
}

function isShouted(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.length >= SHOUTED_LETTERS && /\p{Lu}\s+\p{Lu}/u.test(text) && letters.every((letter) => /\p{Lu}/u.test(letter));
}
