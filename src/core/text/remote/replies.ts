/** How a model is asked: as a chat, as a text to go on with, or as the input of a sequence-to-sequence model. */
export const REPLY_FORMS = ['chat', 'completion', 'text2text'] as const;
export type ReplyForm = (typeof REPLY_FORMS)[number];

/** What a model said, and what it cost. */
export interface Reply {
  /** Empty where the model said nothing. Several outputs of one call stand on lines of their own. */
  readonly text: string;
  /** The model was stopped at its limit of tokens, so the last line may not be whole. */
  readonly cut: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The server did not say how many tokens it used, so both numbers are {@link estimateTokens}. */
  readonly estimated: boolean;
}

/**
 * Reads the JSON of a server's answer in a form.
 * - chat: `{choices: [{message: {content}, finish_reason}], usage}`;
 * - completion: `{choices: [{text, finish_reason}], usage}`;
 * - text2text: `[{generated_text | summary_text | translation_text}, …]`, or one such object, or nested lists of them.
 *
 * @returns undefined where it has another shape; an empty choice is a reply with an empty text.
 */
export function readReply(form: ReplyForm, json: unknown, prompt: string): Reply | undefined {
  const said = form === 'text2text' ? textOfOutputs(json) : textOfChoices(json, form);
  if (said === undefined) return undefined;
  const usage = fieldOf(json, 'usage');
  const promptTokens = countOf(fieldOf(usage, 'prompt_tokens'));
  const completionTokens = countOf(fieldOf(usage, 'completion_tokens'));
  const estimated = promptTokens === undefined || completionTokens === undefined;
  return {
    ...said,
    promptTokens: promptTokens ?? estimateTokens(prompt),
    completionTokens: completionTokens ?? estimateTokens(said.text),
    estimated,
  };
}

/** About how many tokens a text is: one per Han character or kana, one per four other characters, as tokenizers of large models have it. */
export function estimateTokens(text: string): number {
  const wide = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  return wide + Math.ceil((text.length - wide) / 4);
}

function textOfChoices(json: unknown, form: 'chat' | 'completion'): Pick<Reply, 'text' | 'cut'> | undefined {
  const choices = fieldOf(json, 'choices');
  if (!Array.isArray(choices)) return undefined;
  const choice: unknown = choices[0];
  const text = form === 'chat' ? fieldOf(fieldOf(choice, 'message'), 'content') : fieldOf(choice, 'text');
  return { text: typeof text === 'string' ? text : '', cut: fieldOf(choice, 'finish_reason') === 'length' };
}

function textOfOutputs(json: unknown): Pick<Reply, 'text' | 'cut'> | undefined {
  const outputs = (Array.isArray(json) ? json.flat(2) : [json]).map((output) =>
    ['generated_text', 'summary_text', 'translation_text'].map((key) => fieldOf(output, key)).find((text) => typeof text === 'string'),
  );
  if (outputs.some((text) => text === undefined)) return undefined;
  return { text: outputs.join('\n'), cut: false };
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}
