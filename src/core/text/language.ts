/** Languages with patterns of their own; notes in any other get titles from their sentences only. */
export type TextLanguage = 'zh' | 'en' | 'other';

const HAN_SHARE = 0.2; // Chinese notes are full of Latin units and brand names; Latin notes have a Han word at most
const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const LATIN = /\p{Script=Latin}/gu;
const LETTER = /\p{L}/gu;

/** Other ways to write the two: ISO 639-2 and 639-3, and their names. */
const WRITTEN_OTHERWISE: Readonly<Record<string, TextLanguage>> = {
  ...{ zho: 'zh', chi: 'zh', cmn: 'zh', yue: 'zh', chinese: 'zh', 中文: 'zh', 简体中文: 'zh', 繁体中文: 'zh', 汉语: 'zh' },
  ...{ eng: 'en', english: 'en', 英文: 'en', 英语: 'en' },
};

/** The note's own language tag ("zh-CN", "eng") when it has one, else the language its letters show. */
export function languageOf(tag: string, text: string): TextLanguage {
  const primary = tag.trim().toLowerCase().split(/[-_]/)[0] ?? '';
  if (primary === 'zh' || primary === 'en') return primary;
  const named = WRITTEN_OTHERWISE[primary];
  if (named !== undefined) return named;
  // Anything else that is no tag of a language says nothing.
  if (/^[a-z]{2,3}$/.test(primary)) return 'other';
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
