import type { TextLanguage } from './language.ts';
import { numbersOf } from './numbers.ts';
import { isContentWord } from './stop_words.ts';

/** A sign of negation, a verb of having or doing that says nothing yet, and what is denied: "不含酒精", "无需揉搓", "不油腻". */
const HAN_DENIAL = /(?:没有|不|没|无|未|非|零|免)(?:含有|添加|使用|含|添|加|用|放|带|需要|需|要|会|能|是|太|伤|沾)?\p{Script=Han}{0,2}/gu;
/** Words that hold a sign of negation and deny nothing. */
const NO_NEGATION =
  /非常|不仅|不但|不过|不如|不止|不只|不妨|不管|无论|没想到|要不|不愧|了不起|忍不住|差不多|未来|未必|是不是|有没有|会不会|好不好|能不能|无花果|非洲|除非|免费|零食|零钱/g;
const ENGLISH_NEGATION =
  /\b(?:no|not|without|never|none|neither|nor|nothing|hardly|barely|minus|lacks?|lacking|free (?:of|from)|zero|cannot|\w+n't)\b/;
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

function withoutSpaces(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(NO_NEGATION, (word) => '·'.repeat(word.length));
}

/** Denials of a Han text that the source does not make, and what it says that the source only denies. */
function foreignHanDenials(text: string, source: string): string[] {
  const foreign: string[] = [];
  for (const [denied] of text.matchAll(HAN_DENIAL)) if (!source.includes(denied)) foreign.push(denied);
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
