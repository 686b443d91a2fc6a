import { EMOJI_COUNTS } from '../emoji.ts';
import type { NoteInput, NoteText } from '../note_text.ts';
import { PLATFORM_RULES } from '../platforms.ts';
import type { Refused } from '../titles.ts';
import type { TitleRequest } from '../writer.ts';
import { readCandidates, repeatsPrompt } from './answers.ts';
import { emojiInWords, lengthInWords, type PromptLanguage, styleInWords } from './controls_in_words.ts';
import { excerptOf, NOTE_TOKENS } from './excerpt.ts';
import { AskFailed } from './failures.ts';
import type { ModelClient } from './model_client.ts';
import { isPlainTitle } from './plain_title.ts';
import { type PromptValues, renderTemplate } from './prompt_template.ts';
import { type Prompt, type Prompts, promptFor } from './prompts.ts';
import { refusalsInWords } from './reasons_in_words.ts';
import type { Reply, ReplyForm } from './replies.ts';
import type { Proposal, Round, RoundWriter } from './rounds.ts';
import { fenced, fenceFor, neutralised } from './untrusted.ts';

const SPARE = 2; // candidates asked for per text wanted, because checks refuse some
const MOST_ASKED = 20;
const FIRST_PRIOR = 0.9;
const PRIOR_STEP = 0.05; // models put what they hold to be best first
const LEAST_PRIOR = 0.5;
const SHORT_NOTE_TOKENS = 350; // sequence-to-sequence models read 512 tokens
const ANSWER_OVERHEAD = 12; // tokens of quotes, commas and emoji around one title
const LEAST_TOKENS = 256;
const THINKING_TOKENS = 8192; // for a model that thinks aloud before it answers

/** Whether the model was found to think aloud, so that its answers need more room; one for a run. */
export interface AnswerRoom {
  thinks: boolean;
}

/**
 * A writer that asks a model about one note: a prompt with the controls as plain tags and the note between fences; then the answer's
 * texts, without those that repeat the prompt (`prompt-echo`) or are no titles (`not-a-title`). A note without a letter, and the
 * rewriting of a title that is empty, is not asked about. A model that reaches its limit before it says a title is asked once more
 * with room to think, and the others after it with that room at once.
 * @param note the one that the `NoteText` of each round was read from, after {@link withoutOrders}
 */
export function remoteWriter(client: ModelClient, prompts: Prompts, note: NoteInput, room: AnswerRoom = { thinks: false }): RoundWriter {
  return {
    async propose(read, request, round) {
      const subject = request.paradigm === 'rewrite' ? read.title : read.source;
      if (!/\p{L}/u.test(subject)) return { candidates: [], refused: [] };
      const prompt = promptFor(prompts, read.language);
      const fence = fenceFor(note.title, note.body);
      const values = valuesOf(client.form, fence, note, read, request, round);
      const isShort = client.form === 'text2text';
      const enough = isShort ? tokensOf(request) : Math.max(LEAST_TOKENS, askedFor(round) * tokensOf(request));
      const ask = async (maxTokens: number): Promise<readonly string[] | undefined> => {
        const question = {
          ...renderTemplate(prompt.template, values),
          maxTokens,
          outputs: isShort ? askedFor(round) : 1,
          round: round.number,
        };
        const reply = await client.ask(question, (answer) => answer.text.trim() !== '' && textsOf(answer) !== undefined);
        return textsOf(reply);
      };
      let texts = room.thinks ? undefined : await ask(enough);
      if (texts === undefined && !isShort) {
        room.thinks = true;
        texts = await ask(Math.max(enough, THINKING_TOKENS));
        if (texts === undefined) {
          throw new AskFailed(
            `the answer was cut off at ${THINKING_TOKENS} tokens, before any ${request.kind}: take a model that thinks less`,
          );
        }
      }
      return proposalOf(texts ?? [], fence, prompt, read);
    },
  };
}

/** The texts of an answer; undefined where it ends at its limit before the first of them. */
function textsOf({ text, cut }: Reply): readonly string[] | undefined {
  const texts = readCandidates(text, cut);
  return cut && texts.length === 0 ? undefined : texts;
}

function proposalOf(texts: readonly string[], fence: string, prompt: Prompt, note: NoteText): Proposal {
  const refused: Refused[] = [];
  const good: string[] = [];
  for (const text of texts) {
    if (repeatsPrompt(text, fence, prompt.telling)) refused.push({ text, reason: 'prompt-echo', words: [] });
    else if (!isPlainTitle(text, note.language)) refused.push({ text, reason: 'not-a-title', words: [] });
    else good.push(text);
  }
  return { candidates: good.map((text, rank) => ({ text, prior: Math.max(LEAST_PRIOR, FIRST_PRIOR - PRIOR_STEP * rank) })), refused };
}

/** A few more than wanted. */
function askedFor({ count }: Round): number {
  return Math.min(MOST_ASKED, count * SPARE);
}

/** Tokens of one text, at most: a Han character may take two. */
function tokensOf({ controls, kind }: TitleRequest): number {
  const longest = Math.min(controls.length.max, PLATFORM_RULES[controls.platform].limits[kind] ?? controls.length.max);
  return 2 * longest + EMOJI_COUNTS[controls.emoji].max * 2 + ANSWER_OVERHEAD;
}

function valuesOf(form: ReplyForm, fence: string, note: NoteInput, read: NoteText, request: TitleRequest, round: Round): PromptValues {
  const language: PromptLanguage = read.language === 'zh' ? 'zh' : 'en';
  const separator = language === 'zh' ? '、' : ', ';
  const { controls, kind, queries } = request;
  const isShort = form === 'text2text';
  const body = excerptOf(note.body, read, isShort ? SHORT_NOTE_TOKENS : NOTE_TOKENS);
  // A sequence-to-sequence model knows no fences: it is trained to rework all of its input, and follows no orders in it.
  const data = (text: string): string => (isShort ? neutralised(text).replace(/\s+/g, ' ') : fenced(text, fence));
  return {
    note: data([read.title, body].filter((part) => part !== '').join('\n')),
    original: data(read.title),
    fence,
    asked: String(askedFor(round)),
    keywords: controls.keywords.join(separator),
    length: lengthInWords(controls, kind, language),
    emoji: emojiInWords(controls, language),
    brand: controls.brand ?? '',
    style: styleInWords(controls.style, language),
    queries: queries.map(({ query }) => query).join(separator),
    platform: controls.platform,
    accepted: round.accepted.length === 0 ? '' : data(round.accepted.map((text) => `- ${text}`).join('\n')),
    refused: round.refused.length === 0 ? '' : data(refusalsInWords(round.refused, controls, language)),
    continued: form === 'completion' ? 'yes' : '',
  };
}
