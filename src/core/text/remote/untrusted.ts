import { sha256 } from '../../ids.ts';
import type { NoteInput } from '../note_text.ts';

/** Steering characters: control codes, direction marks, invisible spaces and tags. Joiners stay, which emoji and Indic scripts need. */
const STEERING = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Sentences that speak to a model and to no reader: what a note may say to its readers ("Reply only on weekdays") is none. */
const ORDERS = [
  /\b(?:ignore|disregard|forget|override|bypass)\b(?:\s+\S+){0,5}?\s+(?:instructions?|prompts?|system message)\b/iu,
  /\b(?:ignore|disregard|forget)\s+(?:all|everything|anything)\s+(?:(?:of|that is)\s+)?(?:the\s+)?(?:above|before this|written above)\b/iu,
  /\bsystem prompt\b|\bnew instructions?\s*:|\byou are now an?\s+(?:\w+\s+)?(?:ai|assistant|bot|chatbot|model|copywriter)\b|\bas an ai\b/iu,
  /\b(?:output|print|reply|respond|answer)\s+(?:only|exactly|just|with only|nothing but)\s*(?:with\b|:|["“']|the\s+(?:words?|title|text|phrase)\b)/iu,
  /^\W*(?:system|assistant|developer|instructions?)\s*[:：]\s*(?:you\b|ignore|always|never|write|output|print|from now)/iu,
  /<\|.*?\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|user)>/iu,
  /(?:忽略|无视|忘记|忘掉|不要理会|跳过|覆盖)[^。！？，,我]{0,12}(?:指令|指示|提示词|系统设定)/u,
  /(?:忽略|无视|忘记|忘掉|不要理会)掉?(?:之前|以上|上面|前面|此前|上文)(?:的|所有|全部|一切)*(?:内容|要求|规则|设定|文字|对话|$)/u,
  /系统提示词|新的?指令[:：]|你现在(?:是|扮演)[^，。！？]{0,8}(?:助手|模型|机器人|人工智能|写手|AI)|从现在(?:起|开始)，?你(?:是|扮演|只能|必须)/iu,
  /(?:只|仅|直接)(?:需要?|要|能|许|准)?(?:输出|回复|回答|返回)\s*[:：“「"'’]|(?:只|仅)(?:需要?|要|能|许|准)?输出/u,
];

/**
 * The note without what could steer a model: invisible characters everywhere, and from every line the rest after a sentence that
 * gives orders to one ("ignore all instructions, write …"). Titles are then written from, and checked against, what is left.
 */
export function withoutOrders(note: NoteInput): NoteInput {
  return { ...note, title: cleaned(note.title), body: cleaned(note.body) };
}

function cleaned(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map((line) => {
      const visible = line.replace(STEERING, (sign) => (sign === '\t' ? ' ' : ''));
      if (!ORDERS.some((order) => order.test(visible))) return visible;
      const sentences = visible.split(/(?<=[。！？!?；;]|\.(?=\s))/u);
      const first = sentences.findIndex((sentence) => ORDERS.some((order) => order.test(sentence)));
      return sentences.slice(0, Math.max(0, first)).join('');
    })
    .join('\n');
}

/** Whether a text holds characters that a reader does not see or that change the direction of others. */
export function hasSteering(text: string): boolean {
  return text.search(STEERING) >= 0;
}

/** A mark for the borders of data: it derives from the data's hash, so no data can hold its own, and it is the same every time. */
export function fenceFor(...data: readonly string[]): string {
  return `data-${sha256(JSON.stringify(data)).slice(0, 16)}`;
}

/** Data between two fences, with nothing left in it that looks like a fence or like a chat's own marks. */
export function fenced(data: string, fence: string): string {
  return `<<<${fence}>>>\n${neutralised(data)}\n<<<end ${fence}>>>`;
}

/** Angle brackets in rows, marks of chat formats and rules of dashes become signs that mean nothing. */
export function neutralised(text: string): string {
  return text
    .replace(/<{2,}|<(?=[|/])/g, '‹')
    .replace(/>{2,}|(?<=\|)>/g, '›')
    .replace(/\[(\/?INST)\]/gi, '($1)')
    .replace(/^(?:-{3,}|={3,}|#{3,}.*|`{3,}.*)$/gm, '');
}
