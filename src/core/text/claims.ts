import type { TextLanguage } from './language.ts';
import { numbersOf } from './numbers.ts';
import { isContentWord } from './stop_words.ts';

const HAN_SIGN = '(?:没有|不|没|无|未|非|零|免)';
/** Verbs of having and doing, and helpers, that say nothing yet: what is denied comes behind them. */
const HAN_HELPER = '(?:含有|添加|使用|需要|含|添|加|用|放|带|需|要|会|能|是|太|伤|沾|经|再|很)';
/** What a text denies: "不含酒精", "无需揉搓", "不油腻". */
const HAN_DENIAL = new RegExp(`${HAN_SIGN}${HAN_HELPER}?\\p{Script=Han}{0,2}`, 'gu');
const HAN_DENIED = new RegExp(`${HAN_SIGN}${HAN_HELPER}?(\\p{Script=Han}{1,2})`, 'gu');
const BEHIND_DENIAL = new RegExp(`${HAN_SIGN}${HAN_HELPER}?$`, 'u');
/** Words that hold a sign of negation and deny nothing. */
const NO_NEGATION =
  /非常|不仅|不但|不过|不如|不止|不只|不妨|不管|无论|没想到|要不|不愧|了不起|忍不住|差不多|未来|未必|是不是|有没有|会不会|好不好|能不能|无花果|非洲|除非|免费|零食|零钱/g;
const ENGLISH_NEGATION =
  /\b(?:no|not|without|never|none|neither|nor|nothing|nobody|hardly|barely|minus|far from|lacks?|lacking|free (?:of|from)|zero|cannot|\w+n't)\b/;
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
      if (counted.has(number) && (unit === '' || unit === 'step')) return [];
      return said.has(unit === '' ? number : `${number} ${unit}`) ? [] : [written];
    });
  if (language === 'zh') {
    const bare = withoutSpaces(source);
    const denied = onlyDenied(bare);
    return (text) => [...foreignNumbers(text), ...foreignHanDenials(withoutSpaces(text), bare, denied)];
  }
  if (language === 'en') {
    const words = denialsOf(source);
    const denied = new Set(words.flatMap(({ word, isDenied }) => (isDenied ? [word] : [])));
    const claimed = new Set(words.flatMap(({ word, isDenied }) => (isDenied ? [] : [word])));
    return (text) => [...foreignNumbers(text), ...foreignDenials(text, denied, claimed)];
  }
  return foreignNumbers;
}

function withoutSpaces(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(NO_NEGATION, (word) => '·'.repeat(word.length));
}

/** Denials of a Han text that the source does not make, and what it says that the source only denies. */
function foreignHanDenials(text: string, source: string, denied: readonly string[]): string[] {
  const foreign = Array.from(text.matchAll(HAN_DENIAL), ([said]) => said).filter((said) => !source.includes(said));
  return [...foreign, ...denied.filter((word) => text.includes(word) && placesOf(text, word).some((at) => !isDenied(text, at)))];
}

/** What a Han text denies and nowhere says: of "不适合孕妇" that is "适合". */
function onlyDenied(source: string): string[] {
  const words = new Set(Array.from(source.matchAll(HAN_DENIED), ([, word]) => word as string));
  return [...words].filter((word) => placesOf(source, word).every((at) => isDenied(source, at)));
}

function isDenied(text: string, at: number): boolean {
  return BEHIND_DENIAL.test(text.slice(Math.max(0, at - 4), at));
}

function placesOf(text: string, word: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) places.push(at);
  return places;
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
