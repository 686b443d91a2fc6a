import type { TextLanguage } from './language.ts';
import { isContentWord } from './stop_words.ts';

/** Signs and units that say the same, in the writing that they are compared in. */
const UNITS: Readonly<Record<string, string>> = {
  ...{ g: '克', kg: '公', 千: '公', ml: '毫', mm: '毫', cm: '厘', min: '分', minute: '分', h: '小', hour: '小', day: '天', week: '周' },
  ...{ 元: '¥', 块: '¥', rmb: '¥', cny: '¥', yuan: '¥', dollar: '$', usd: '$', buck: '$', euro: '€', eur: '€', pound: '£', percent: '%' },
};
const ENGLISH_NUMBERS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');
/** "The one you want" counts nothing; "one week" does. */
const COUNTED = 'minutes?|hours?|days?|nights?|weeks?|months?|years?|times?|steps?|drops?|bottles?|dollars?';
const ENGLISH_NUMBER = new RegExp(`\\b(?:one(?=[ -](?:${COUNTED})\\b)|${ENGLISH_NUMBERS.slice(2).join('|')})\\b`, 'g');
const HAN_DIGITS = '零一二三四五六七八九';
/** Words that only look like a number: very, surely, in case. */
const NO_NUMBERS = /十分|千万|万一|百分|一一|万万|三三两两/g;
const HAN_NUMBER = /[零二两三四五六七八九十百千万半][零一二两三四五六七八九十百千万半]*|一[零一二两三四五六七八九十百千万半]+/g;
const NUMBER = /([¥$€£])?\s*(?<!\d|\d[.,])(\d+(?:[.,]\d+)*)\s*-?\s*(%|[a-z°]+|\p{Script=Han})?/gu;

const HAN_NEGATION = /(?:没有|不|没|无|未|非|零|免)/g;
/** Words that hold a sign of negation and deny nothing. */
const NO_NEGATION =
  /非常|不仅|不但|不过|不如|不止|不只|不妨|不管|无论|没想到|要不|不愧|了不起|忍不住|差不多|未来|未必|是不是|有没有|会不会|好不好|能不能|无花果|非洲|除非|免费|零食|零钱/g;
const ENGLISH_NEGATION = /\b(?:no|not|without|never|none|neither|nor|free of|zero|cannot|\w+n't)\b/;
/** Words after which a negation no longer holds. */
const REACH = 3;

/** The claims of a text that its source does not make: numbers of something else, denials, and what the source denies. */
export type ClaimCheck = (text: string) => string[];

/**
 * Reads what a source says in numbers and denials. A number of a text must stand in the source with the same unit or sign, unless
 * it was counted (`counts`, of steps); a denial ("无酒精", "no sugar") must stand there as it is, and what the source only denies
 * ("泛红没有减轻") must not be said without the denial.
 * @param source lower-case text of everything a title may take its words from
 */
export function createClaimCheck(source: string, language: TextLanguage, counts: readonly number[]): ClaimCheck {
  const said = new Set(numbersOf(source).flatMap(({ number, unit }) => [number, `${number} ${unit}`]));
  const counted = new Set(counts.map(String));
  const foreignNumbers = (text: string): string[] =>
    numbersOf(text).flatMap(({ number, unit, written }) => {
      if (counted.has(number) && (unit === '' || unit === '步' || unit === 'step')) return [];
      return said.has(unit === '' ? number : `${number} ${unit}`) ? [] : [written];
    });
  if (language === 'zh') {
    const bare = withoutSpaces(source);
    return (text) => [...foreignNumbers(text), ...foreignHanDenials(withoutSpaces(text), bare)];
  }
  if (language === 'en') {
    const words = denialsOf(source);
    const denied = new Set(words.flatMap(({ word, isDenied }) => (isDenied ? [word] : [])));
    const claimed = new Set(words.flatMap(({ word, isDenied }) => (isDenied ? [] : [word])));
    return (text) => [...foreignNumbers(text), ...foreignDenials(text, denied, claimed)];
  }
  return foreignNumbers;
}

interface Counted {
  readonly number: string;
  /** Its unit or sign in one writing; empty where nothing follows. */
  readonly unit: string;
  readonly written: string;
}

/** What no text without numbers holds. */
const MAY_COUNT = new RegExp(`[\\p{N}〇零二两三四五六七八九十半]|\\b(?:half|${ENGLISH_NUMBERS.join('|')})\\b`, 'iu');

function numbersOf(text: string): Counted[] {
  if (!MAY_COUNT.test(text)) return [];
  const plain = withDigits(text.normalize('NFKC').toLowerCase());
  return Array.from(plain.matchAll(NUMBER), ([written, sign, number = '', after = '']) => {
    const singular = after.length > 3 ? after.replace(/s$/, '') : after;
    // 299 元 and ¥299 are one price, and 8 折 is an eighth of nothing else.
    return { number: number.replaceAll(',', ''), unit: sign ?? UNITS[singular] ?? singular, written: written.trim() };
  });
}

/** Numbers in words as digits. */
function withDigits(text: string): string {
  return text
    .replace(/\bhalf\b/g, '0.5')
    .replace(ENGLISH_NUMBER, (word) => String(ENGLISH_NUMBERS.indexOf(word)))
    .replace(NO_NUMBERS, (word) => '·'.repeat(word.length))
    .replace(HAN_NUMBER, hanNumber);
}

/** "十五" → 15, "两" → 2, "半" → 0.5; larger numbers stay as they are written, with 两 as 二. */
function hanNumber(written: string): string {
  if (written === '半') return '0.5';
  const plain = written.replaceAll('两', '二');
  const tens = /^([一二三四五六七八九])?十([一二三四五六七八九])?$/.exec(plain);
  if (tens) return String(10 * digitOf(tens[1] ?? '一') + (tens[2] === undefined ? 0 : digitOf(tens[2])));
  return plain.length === 1 && digitOf(plain) >= 0 ? String(digitOf(plain)) : written;
}

function digitOf(character: string): number {
  return HAN_DIGITS.indexOf(character);
}

function withoutSpaces(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(NO_NEGATION, (word) => '·'.repeat(word.length));
}

/** Denials of a Han text that the source does not make, and what it says that the source only denies. */
function foreignHanDenials(text: string, source: string): string[] {
  const foreign: string[] = [];
  for (const { 0: sign, index } of text.matchAll(HAN_NEGATION)) {
    const denied = text.slice(index, index + sign.length + 1);
    if (!source.includes(denied)) foreign.push(denied);
  }
  for (const { index } of source.matchAll(/(?:没有|未曾|并不|并未)/g)) {
    const denied = source.slice(index + 2, index + 4);
    if (!/^\p{Script=Han}{2}$/u.test(denied) || !text.includes(denied)) continue;
    const isDenied = (whole: string, at: number): boolean =>
      /(?:没有|未曾|并不|并未|不|没|无|未)$/.test(whole.slice(Math.max(0, at - 2), at));
    const places = (whole: string): number[] => Array.from(whole.matchAll(new RegExp(denied, 'g')), (match) => match.index);
    if (places(source).every((at) => isDenied(source, at)) && places(text).some((at) => !isDenied(text, at))) foreign.push(denied);
  }
  return foreign;
}

/** The words of a Latin text, each with whether it stands within a few words after a denial. */
function denialsOf(text: string): { readonly word: string; readonly isDenied: boolean }[] {
  return text
    .toLowerCase()
    .replaceAll('’', "'")
    .split(/[.!?;:,|\n]/)
    .flatMap((clause) => {
      const words = clause.match(/[\p{L}\p{N}]+(?:['-][\p{L}\p{N}]+)*/gu) ?? [];
      return words.map((word, at) => {
        const before = words.slice(Math.max(0, at - REACH), at).join(' ');
        return { word: word.replace(/-free$/, ''), isDenied: ENGLISH_NEGATION.test(before) || /-free$/.test(word) };
      });
    });
}

/** Content words that a text denies and the source never does, or that the source only denies. */
function foreignDenials(text: string, denied: ReadonlySet<string>, claimed: ReadonlySet<string>): string[] {
  return denialsOf(text).flatMap(({ word, isDenied }) => {
    const isSaid = (isDenied ? denied : claimed).has(word);
    const isOtherwiseSaid = (isDenied ? claimed : denied).has(word);
    return !isSaid && isOtherwiseSaid && isContentWord(word, 'en') ? [word] : [];
  });
}
