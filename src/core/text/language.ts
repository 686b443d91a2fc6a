/** Languages with patterns of their own; notes in any other get titles from their sentences only. */
export type TextLanguage = 'zh' | 'en' | 'other';

const HAN_SHARE = 0.2; // Chinese notes are full of Latin units and brand names; Latin notes have a Han word at most
const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const LATIN = /\p{Script=Latin}/gu;
const LETTER = /\p{L}/gu;

/** The note's own language tag ("zh-CN", "en") when it has one, else the language its letters show. */
export function languageOf(tag: string, text: string): TextLanguage {
  const primary = tag.trim().toLowerCase().split(/[-_]/)[0] ?? '';
  if (primary === 'zh' || primary === 'en') return primary;
  if (primary !== '') return 'other';
  return detectLanguage(text);
}

/** Chinese where at least a fifth of the letters are Han (and few are kana), English where most are Latin, else other. */
export function detectLanguage(text: string): TextLanguage {
  const letters = countOf(text, LETTER);
  if (letters === 0) return 'other';
  const han = countOf(text, HAN);
  if (han / letters >= HAN_SHARE) return countOf(text, KANA) > han / 4 ? 'other' : 'zh';
  return countOf(text, LATIN) / letters > 0.5 ? 'en' : 'other';
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
