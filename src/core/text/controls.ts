import type { BannedMatcher } from './banned.ts';
import type { ClaimCheck } from './claims.ts';
import { countEmoji, EMOJI_COUNTS, type EmojiLevel, spoken } from './emoji.ts';
import { isBalanced, isFragment } from './fragments.ts';
import type { TextLanguage } from './language.ts';
import { lengthOf } from './length.ts';
import { PLATFORM_RULES, type TitlePlatform } from './platforms.ts';
import type { Segmenter } from './segment.ts';
import { isContentWord } from './stop_words.ts';

/**
 * Styles and how each is recognised; emoji at either end are not looked at.
 * - question: ends with ？ or ?
 * - exclamation: ends with ！ or !
 * - list: begins with a number, or sets at least three parts apart with "·"
 * - how-to: holds 怎么, 如何, 做法 or "how to"
 * - plain: none of these, and nothing is asked on the way
 */
export const STYLES = ['question', 'list', 'how-to', 'exclamation', 'plain'] as const;
export type Style = (typeof STYLES)[number];

/** The kinds of text elements that are written for a note. */
export const TEXT_KINDS = ['title', 'highlight'] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

/** What every text must satisfy. */
export interface Controls {
  /** All of them are in the text; Latin letters match in either case. */
  readonly keywords: readonly string[];
  /** In the platform's units, both ends included. */
  readonly length: { readonly min: number; readonly max: number };
  readonly emoji: EmojiLevel;
  readonly brand: string | null;
  readonly style: Style | null;
  readonly platform: TitlePlatform;
}

/**
 * Why a candidate is refused, in the order of the checks; `weak` ones kept every control but read too badly beside the rest.
 * The last two are of models' answers: they repeat the request, or are no title at all.
 */
export const REJECTIONS = [
  'platform',
  'length',
  'keywords',
  'brand',
  'emoji',
  'style',
  'banned',
  'fragment',
  'same-as-original',
  'unfaithful',
  'duplicate',
  'weak',
  'prompt-echo',
  'not-a-title',
] as const;
export type Rejection = (typeof REJECTIONS)[number];

/** What a candidate is checked against besides the controls. */
export interface CheckContext {
  readonly kind: TextKind;
  readonly language: TextLanguage;
  readonly segment: Segmenter;
  /** Lower-case text and words of everything a title may take its words from: note, queries, keywords, brand. */
  readonly source: string;
  readonly sourceWords: ReadonlySet<string>;
  /** {@link bareText} of the note's own title; a candidate that says the same is no new title. */
  readonly original: string;
  /** The parts of the note's own title, which its author holds to be whole. */
  readonly ownParts: ReadonlySet<string>;
  readonly isBanned: BannedMatcher;
  /** What a text says in numbers and denials that the sources do not. */
  readonly claims: ClaimCheck;
  /** Numbers that were counted in the note (its steps) and so may be said. */
  readonly counts: readonly number[];
}

/** The first control a candidate breaks, cheapest checks first; undefined when it satisfies all. */
export function findRejection(text: string, controls: Controls, context: CheckContext): Rejection | undefined {
  const rules = PLATFORM_RULES[controls.platform];
  const length = lengthOf(text, rules.unit);
  const limit = rules.limits[context.kind];
  if (limit !== null && length > limit) return 'platform';
  const emoji = countEmoji(text);
  if (rules.forbidden?.test(text) || (emoji > 0 && !rules.allowsEmoji)) return 'platform';
  if (length < controls.length.min || length > controls.length.max) return 'length';
  if (!controls.keywords.every((keyword) => includesTerm(text, keyword))) return 'keywords';
  if (controls.brand !== null && !text.includes(controls.brand)) return 'brand';
  if (emoji < EMOJI_COUNTS[controls.emoji].min || emoji > EMOJI_COUNTS[controls.emoji].max) return 'emoji';
  const plain = spoken(text);
  if (controls.style !== null && !hasStyle(plain, controls.style)) return 'style';
  if (context.isBanned(text)) return 'banned';
  if (!isBalanced(plain) || isFragment(plain, context.language, context.ownParts) || endsInsideWord(plain, context)) return 'fragment';
  if (bareText(plain) === context.original) return 'same-as-original';
  if (!isFaithful(plain, context) || context.claims(plain).length > 0) return 'unfaithful';
  return undefined;
}

/** Whether a text (without emoji) has a style, by the rules of {@link STYLES}. */
export function hasStyle(text: string, style: Style): boolean {
  if (style === 'question') return /[？?]$/.test(text);
  if (style === 'exclamation') return /[！!]$/.test(text);
  if (style === 'list') return /^\d/.test(text) || text.split('·').length >= 3;
  if (style === 'how-to') return /怎么|如何|做法|\bhow to\b/i.test(text);
  // "Got beans? Make soup" asks as well.
  if (/[？?]/.test(text)) return false;
  return (['question', 'exclamation', 'list', 'how-to'] as const).every((other) => !hasStyle(text, other));
}

/** Whether a text holds a keyword: in Latin letters as a word of its own, in either case; in Han anywhere. */
export function includesTerm(text: string, term: string): boolean {
  const [whole, wanted] = [text.toLowerCase(), term.toLowerCase()];
  const isEdge = (at: number, inside: number): boolean =>
    !isLatin(wanted.charCodeAt(inside)) || at < 0 || at >= whole.length || !isLatin(whole.charCodeAt(at));
  for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, at + 1)) {
    if (isEdge(at - 1, 0) && isEdge(at + wanted.length, wanted.length - 1)) return true;
  }
  return false;
}

/** Of ASCII and Latin-1 to Latin Extended-B, and digits. */
function isLatin(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 0xc0 && code <= 0x24f);
}

/** Letters and digits only, lower case: what two titles say, whatever their punctuation. */
export function bareText(text: string): string {
  // A candidate is asked about twice in a row.
  if (text !== lastBare.text) lastBare = { text, bare: text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}]/gu, '') };
  return lastBare.bare;
}

let lastBare = { text: '', bare: '' };

/** "妆前也不搓" (of 搓泥): a Chinese text whose last word is only the beginning of one of the note's. */
function endsInsideWord(text: string, { language, segment, sourceWords }: CheckContext): boolean {
  if (language !== 'zh' || !/\p{Script=Han}$/u.test(text)) return false;
  const last = segment(text).at(-1)?.toLowerCase() ?? '';
  if (sourceWords.has(last) || !isContentWord(last, language)) return false;
  for (const word of sourceWords) if (word.length > last.length && word.startsWith(last)) return true;
  return false;
}

/** Whether every content word is one of the sources' words, and every number is in them or was counted. */
function isFaithful(text: string, context: CheckContext): boolean {
  const foreign = foreignWords(text, context);
  if (foreign.length === 0) return true;
  // The segmenter may glue a word across the seam of two parts ("做糖醋汁"): then the parts decide.
  return (
    foreign.every((word) => /^\p{Script=Han}+$/u.test(word)) &&
    (text.match(/\p{Script=Han}+/gu) ?? []).every((run) => isCovered(run, context))
  );
}

/** The content words and numbers of a text (without emoji) that are not in the sources, as the segmenter cuts them. */
export function foreignWords(text: string, context: CheckContext): string[] {
  return context.segment(text).filter((raw) => {
    const word = raw.toLowerCase();
    if (context.sourceWords.has(word) || !isContentWord(word, context.language)) return false;
    if (/^\d+$/.test(word) && context.counts.includes(Number(word))) return false;
    // Chinese words depend on their neighbours' segmentation, so they are looked up in the text itself.
    return !(/^\p{Script=Han}+$/u.test(word) && context.source.includes(word));
  });
}

/** Whether Han text can be cut into function words and stretches of at least two characters of the source. */
function isCovered(run: string, context: CheckContext): boolean {
  const reachable = new Array<boolean>(run.length + 1).fill(false);
  reachable[0] = true;
  for (let start = 0; start < run.length; start += 1) {
    if (!reachable[start]) continue;
    for (let end = start + 1; end <= run.length; end += 1) {
      const piece = run.slice(start, end);
      const fromSource = piece.length >= 2 && context.source.includes(piece);
      if (fromSource || !isContentWord(piece, context.language)) reachable[end] = true;
      else if (piece.length >= 3) break;
    }
  }
  return reachable[run.length] === true;
}
