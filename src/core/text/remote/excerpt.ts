import { type Block, parseBody, REMOVED_LINK } from '../markdown.ts';
import type { NoteText } from '../note_text.ts';
import { estimateTokens } from './replies.ts';

/** Of a note's body that a model is shown: more costs money and tells a title little. */
export const NOTE_TOKENS = 1200;
const OPENING_SHARE = 0.5; // of the budget that goes to the beginning, where notes say what they are about
const TELLING_WORDS = 60; // heaviest words of the note that are looked for

/**
 * A note's body as plain lines, within a budget of tokens: all of it, or its beginning and then the sentences that hold most of the
 * heaviest words the beginning lacks, in their order and each once, with "…" where something is left out. Cuts are at the ends of
 * sentences, but for a sentence that would take half the budget by itself.
 */
export function excerptOf(body: string, note: NoteText, budget: number): string {
  const lines = parseBody(body)
    .map((block) => lineOf(block).replaceAll(REMOVED_LINK, '').trim())
    .filter((line) => line !== '');
  const whole = lines.join('\n');
  if (estimateTokens(whole) <= budget) return whole;

  const sentences = lines.flatMap((line, index) =>
    sentencesOf(line).map((sentence) => {
      const text = cut(sentence.trim(), Math.floor(budget * OPENING_SHARE));
      return { text, line: index, tokens: estimateTokens(text) + 1 };
    }),
  );
  const kept = new Set<number>();
  const said = new Set<string>();
  let used = 0;
  const fits = (index: number): boolean => {
    const { text = '', tokens = 0 } = sentences[index] ?? {};
    return !said.has(text) && used + tokens <= budget;
  };
  const keep = (index: number): void => {
    const { text = '', tokens = 0 } = sentences[index] ?? {};
    kept.add(index);
    said.add(text);
    used += tokens;
  };
  for (let index = 0; index < sentences.length && used < budget * OPENING_SHARE; index += 1) if (fits(index)) keep(index);
  const opening = [...said].join('\n').toLowerCase();
  const words = [...note.weights]
    .filter(([word]) => !opening.includes(word))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, TELLING_WORDS);
  const telling = sentences
    .map(({ text, tokens }, index) => ({ index, worth: worthOf(text, words) / Math.sqrt(tokens) }))
    .filter(({ worth }) => worth > 0)
    .sort((a, b) => b.worth - a.worth || a.index - b.index);
  for (const { index } of telling) if (fits(index)) keep(index);
  return joined(sentences, kept);
}

function lineOf({ kind, text }: Block): string {
  return kind === 'item' || kind === 'step' ? `- ${text}` : text;
}

function sentencesOf(line: string): string[] {
  return line.split(/(?<=[。！？!?…；;][”’」』）)]*)|(?<=\.["'”’)]?)\s+(?=["'“(]?[\p{Lu}\p{N}])/u).filter((text) => text.trim() !== '');
}

/** No code point is counted as more than one token, so a text of so many is within them. */
function cut(sentence: string, tokens: number): string {
  if (estimateTokens(sentence) <= tokens) return sentence;
  return `${[...sentence.slice(0, tokens * 2)].slice(0, tokens).join('')}…`;
}

function worthOf(sentence: string, words: readonly (readonly [string, number])[]): number {
  const lower = sentence.toLowerCase();
  return words.reduce((sum, [word, weight]) => sum + (lower.includes(word) ? weight : 0), 0);
}

function joined(sentences: readonly { readonly text: string; readonly line: number }[], kept: ReadonlySet<number>): string {
  let text = '';
  let before = -1;
  for (const index of [...kept].sort((a, b) => a - b)) {
    const sentence = sentences[index];
    if (!sentence) continue;
    const isNext = index === before + 1;
    const sameLine = isNext && sentences[before]?.line === sentence.line;
    text += `${before < 0 ? '' : sameLine ? ' ' : isNext ? '\n' : '\n…\n'}${sentence.text}`;
    before = index;
  }
  return before === sentences.length - 1 ? text : `${text}\n…`;
}
