import type { Controls, Style, TextKind } from '../controls.ts';
import { EMOJI_COUNTS } from '../emoji.ts';
import { PLATFORM_RULES } from '../platforms.ts';

/** Languages prompts are written in. */
export type PromptLanguage = 'zh' | 'en';

const STYLE_WORDS: Readonly<Record<PromptLanguage, Readonly<Record<Style, string>>>> = {
  zh: {
    question: '疑问句，以“？”结尾',
    exclamation: '感叹句，以一个“！”结尾',
    list: '清单式：以数字开头，或用“·”并列至少三项',
    'how-to': '教程式：含“怎么”“如何”或“做法”',
    plain: '陈述式：不以问号、感叹号结尾，不以数字开头，不含“怎么”“如何”“做法”',
  },
  en: {
    question: 'a question that ends with "?"',
    exclamation: 'an exclamation that ends with one "!"',
    list: 'a list: it begins with a number, or sets at least three parts apart with "·"',
    'how-to': 'a how-to: it holds the words "how to"',
    plain: 'a plain statement: no "?" or "!" at the end, no number at the beginning, no "how to"',
  },
};

/** A style by the rule it is checked with; empty for none. */
export function styleInWords(style: Style | null, language: PromptLanguage): string {
  if (style === null) return '';
  return language === 'zh' ? `${style}（${STYLE_WORDS.zh[style]}）` : `${style} (${STYLE_WORDS.en[style]})`;
}

/** The amount of emoji with its bounds. */
export function emojiInWords({ emoji }: Controls, language: PromptLanguage): string {
  const { min, max } = EMOJI_COUNTS[emoji];
  if (max === 0) return language === 'zh' ? 'none（不用表情）' : 'none';
  return language === 'zh' ? `${emoji}（${min} 到 ${max} 个）` : `${emoji} (${min} to ${max})`;
}

/** The length in the platform's unit, what counts how much in it, and about how many characters or words that is. */
export function lengthInWords({ length, platform }: Controls, kind: TextKind, language: PromptLanguage): string {
  const { unit, limits } = PLATFORM_RULES[platform];
  const min = length.min;
  const max = Math.max(min, Math.min(length.max, limits[kind] ?? length.max));
  if (language === 'zh') {
    if (unit === 'characters') return `${min} 到 ${max} 个字（标点、字母、空格、表情各算一个）`;
    if (unit === 'half-units') return `${min} 到 ${max} 个字（汉字和中文标点算一个，字母、数字、空格算半个，表情算两个）`;
    return `宽度 ${min} 到 ${max}（汉字、中文标点和表情算 2，字母、数字、空格算 1），约 ${Math.ceil(min / 2)} 到 ${Math.floor(max / 2)} 个汉字`;
  }
  if (unit === 'half-units') {
    return `${min} to ${max} units (a letter, digit or space is half a unit, an emoji two), so ${Math.max(1, 2 * min - 1)} to ${2 * max} characters, ${words(2 * min, 2 * max)}`;
  }
  const counted = unit === 'width' ? 'spaces included, an emoji counts as two' : 'spaces included';
  return `${min} to ${max} characters (${counted}), ${words(min, max)}`;
}

const WORD_LENGTH = 6; // characters of an English word with its space

function words(min: number, max: number): string {
  const least = Math.max(1, Math.ceil(min / WORD_LENGTH));
  const most = Math.max(1, Math.floor(max / WORD_LENGTH));
  return least >= most ? `about ${most} ${most === 1 ? 'word' : 'words'}` : `about ${least} to ${most} words`;
}
