import type { Controls, Rejection } from '../controls.ts';
import { lengthOf } from '../length.ts';
import { PLATFORM_RULES } from '../platforms.ts';
import type { Refused } from '../titles.ts';
import type { PromptLanguage } from './controls_in_words.ts';
import { neutralised } from './untrusted.ts';

const REASONS: Readonly<Record<PromptLanguage, Readonly<Record<Rejection, string>>>> = {
  zh: {
    platform: '平台不接受：太长，或有平台不允许的字符',
    length: '长度不符',
    keywords: '缺少关键词',
    brand: '缺少品牌',
    emoji: '表情数量不符',
    style: '句式不符',
    banned: '含违禁词或绝对化用语',
    fragment: '不完整：像是从句子里截下来的一段，或首尾有多余的标点',
    'same-as-original': '与原标题相同',
    unfaithful: '含笔记里没有的词或数字',
    duplicate: '与另一条几乎相同',
    weak: '不如其他几条',
    'prompt-echo': '重复了要求本身',
    'not-a-title': '不是标题：语言不对，或含话题标签、网址、Markdown、连续的感叹号等',
  },
  en: {
    platform: 'the platform refuses it: too long, or with characters it does not take',
    length: 'wrong length',
    keywords: 'a keyword is missing',
    brand: 'the brand is missing',
    emoji: 'wrong number of emoji',
    style: 'wrong style',
    banned: 'it holds a banned term or an absolute claim',
    fragment: 'not whole: it reads like a piece torn from a sentence, or has stray punctuation at an end',
    'same-as-original': 'the same as the original',
    unfaithful: 'it holds words or numbers that are not in the note',
    duplicate: 'nearly the same as another one',
    weak: 'weaker than the others',
    'prompt-echo': 'it repeats the request',
    'not-a-title': 'not a title: wrong language, or with hashtags, addresses, Markdown, rows of exclamation marks',
  },
};

const MOST_TOLD = 8;
const LONGEST_TOLD = 120;

/**
 * The refused candidates with their reasons, one a line, for the next question. They are data like the note, so they belong
 * between fences.
 */
export function refusalsInWords(refused: readonly Refused[], controls: Controls, language: PromptLanguage): string {
  return refused
    .slice(0, MOST_TOLD)
    .map(({ text, reason, words }) => {
      const shown = neutralised(text).replace(/\s+/g, ' ').slice(0, LONGEST_TOLD);
      const detail = detailOf(text, reason, words, controls);
      const told = `${REASONS[language][reason]}${detail === '' ? '' : language === 'zh' ? `：${detail}` : `: ${detail}`}`;
      return language === 'zh' ? `- ${shown} → ${told}` : `- ${shown} -> ${told}`;
    })
    .join('\n');
}

function detailOf(text: string, reason: Rejection, words: readonly string[], { length, platform }: Controls): string {
  if (reason === 'length') return `${lengthOf(text, PLATFORM_RULES[platform].unit)} (${length.min}-${length.max})`;
  return words
    .map((word) => neutralised(word))
    .join(', ')
    .slice(0, LONGEST_TOLD);
}
