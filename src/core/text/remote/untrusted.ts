import { sha256 } from '../../ids.ts';
import type { NoteInput } from '../note_text.ts';

/**
 * Steering characters: control codes, direction marks, soft hyphens, invisible letters, spaces and tags. Joiners and variants stay
 * where they are needed: between emoji, after one, and in Indic and Arabic scripts.
 */
const STEERING =
  /[\p{Cc}\u061c]|(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}|(?<=[\p{Script=Latin}\p{Script=Han}])(?:\u200c|\u200d|[\ufe00-\ufe0f])/gu;

/** Sentences that speak to a model and to no reader: what a note may say to its readers ("Reply only on weekdays") is none. */
const ORDERS = [
  /\b(?:ignore|disregard|forget|override|bypass)\b(?:\s+\S+){0,4}?\s+(?:previous|above|prior|earlier|preceding|foregoing|original|initial|all|any|every|your|system|my)\b(?:\s+\S+){0,4}?\s+(?:instructions?|prompts?|guidelines|system message)\b/iu,
  /\b(?:ignore|disregard|forget|override|bypass)\s+(?:the\s+|these\s+|those\s+|your\s+|all\s+)?(?:system\s+)?(?:instructions?|prompts?|guidelines|system message)\b(?=\s*(?:[.:!;,]|above|before|given|and\s+(?:write|output|print|say|answer|reply|respond)))/iu,
  /\b(?:ignore|disregard|forget)\s+(?:all|everything|anything)\s+(?:(?:of|that is)\s+)?(?:the\s+)?(?:above|before this|written above)\b/iu,
  /\bsystem prompt\b|\bnew instructions?\s*:|\byou are now an?\s+(?:\w+\s+)?(?:ai|assistant|bot|chatbot|model|copywriter)\b|\bas an ai\b/iu,
  /\b(?:output|print|reply|respond|answer)\s+(?:only|exactly|just|with only|nothing but|with)\s*(?:with\b|:|["“']|the\s+(?:words?|title|text|phrase|following)\b)/iu,
  /\b(?:only|correct|right|required|final)\s+(?:title|headline|answer|output)\b[^.!?]{0,40}\b(?:is|must be|should be)\b\s*:?/iu,
  /\b(?:ignore|disregard|forget)\s+(?:the\s+|these\s+|all\s+)?rules\s+and\s+(?:write|output|print|say|answer|reply|respond)\b/iu,
  /\b(?:every|each|all|any)\s+(?:of\s+the\s+)?(?:titles?|headlines?)\s+(?:must|should|has\s+to|have\s+to|needs?\s+to|shall)\b/iu,
  /\b(?:mention|include|write|put|add|use)\b[^.!?]{0,60}\bin\s+(?:each|every|all|any)\s+(?:of\s+the\s+)?(?:titles?|headlines?)\b/iu,
  /\b(?:task|instructions?|message|note|order)\s+(?:for|to)\s+the\s+(?:ai|assistant|model|copywriter|bot)\b/iu,
  /^\W*(?:system|assistant|developer|instructions?)\s*[:：]\s*(?:you\b|ignore|always|never|write|output|print|from now)/iu,
  /<\|.*?\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|user)>/iu,
  /\b(?:ignorez|oubliez|ignora|olvida|ignoriere|vergiss|dimentica)\b(?:\s+\S+){0,4}?\s+(?:instructions|consignes|instrucciones|anweisungen|istruzioni|instruções)\b/iu,
  /(?:忽略|无视|忘记|忘掉|不要理会|跳过|覆盖)[^。！？，,我]{0,12}(?:指令|指示|提示词|系统设定)/u,
  /(?:忽略|无视|忘记|忘掉|不要理会)掉?(?:之前|以上|上面|前面|此前|上文)(?:的|所有|全部|一切)*(?:内容|要求|规则|设定|文字|对话|$)/u,
  /系统提示词|新的?指令[:：]|你现在(?:是|扮演)[^，。！？]{0,8}(?:助手|模型|机器人|人工智能|写手|AI)|从现在(?:起|开始)，?你(?:是|扮演|只能|必须)/iu,
  /(?:只|仅|直接)(?:需要?|要|能|许|准)?(?:输出|回复|回答|返回)\s*[:：“「"'’]|(?:只|仅)(?:需要?|要|能|许|准)?输出/u,
  /(?:每个|所有|全部)标题(?:里|中|内|上|都)*(?:要|必须|需|写上?|加上?|带上?|放上?|包含|出现)/u,
  /(?:写|起|取|生成)标题(?:的时候|时)?[，,]?(?:请|必须|只能|要|应该?)(?:写|输出|用)|标题(?:请|必须|只能|应当?)(?:写|输出|是|为)\s*[:：“「"]/u,
];

/**
 * The note without what could steer a model: invisible characters everywhere, and from every sentence that gives orders to one
 * ("ignore all instructions, write …"; also where a line is wrapped in it) the rest of the line. Titles are then written from, and
 * checked against, what is left.
 */
export function withoutOrders(note: NoteInput): NoteInput {
  return { ...note, title: cleaned(note.title), body: cleaned(note.body) };
}

function cleaned(text: string): string {
  const lines = text.split(/\r\n?|\n/).map((line) => line.replace(STEERING, (sign) => (sign === '\t' ? ' ' : '')));
  const kept: string[] = [];
  for (let from = 0; from < lines.length; ) {
    let to = from + 1;
    while (to < lines.length && goesOn(lines[to] as string)) to += 1;
    kept.push(...withoutOrdersIn(lines.slice(from, to)));
    from = to;
  }
  return kept.join('\n');
}

/** Whether a line goes on with the paragraph before it. */
function goesOn(line: string): boolean {
  return line.trim() !== '' && !/^\s*(?:[-*+•·#>|]|\d{1,3}[.)、．])/.test(line);
}

/** The lines of a paragraph; a line break counts as a space, so that no order hides behind one. */
function withoutOrdersIn(lines: readonly string[]): string[] {
  const whole = lines.join(' ');
  if (!ORDERS.some((order) => order.test(whole))) return [...lines];
  const kept: string[] = [];
  // Line by line, each with the one behind it, in which an order that begins here may end.
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    const both = at + 1 < lines.length ? `${line} ${lines[at + 1]}` : line;
    const order = firstOrder(both);
    if (order === undefined || order.start >= line.length) {
      kept.push(line);
      continue;
    }
    kept.push(line.slice(0, sentenceStart(line, order.start)));
    // It goes on behind the line's end, or announces what the next line says: all of that line is dropped.
    if (order.end > line.length) at += 1;
    while (/[:：,，]\s*$/.test(lines[at] as string) && at + 1 < lines.length) at += 1;
  }
  return kept;
}

function firstOrder(text: string): { readonly start: number; readonly end: number } | undefined {
  let first: { readonly start: number; readonly end: number } | undefined;
  for (const order of ORDERS) {
    const match = order.exec(text);
    if (match && (first === undefined || match.index < first.start)) first = { start: match.index, end: match.index + match[0].length };
  }
  return first;
}

/** Where the sentence begins that holds a place of a line. */
function sentenceStart(line: string, place: number): number {
  return Math.max(0, ...Array.from(line.slice(0, place).matchAll(/[。！？!?；;]|\.(?=\s)/gu), ({ index }) => index + 1));
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
