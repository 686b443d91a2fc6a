import { InferenceClient, setLogger } from '@huggingface/inference';
import { UserError } from '../../errors.ts';
import { checkEndpoint } from './endpoint.ts';
import { networkFailure, RequestFailure, statusFailure } from './failures.ts';
import { type Reply, type ReplyForm, readReply } from './replies.ts';
import { retryAfterMs } from './waiting.ts';

/** Which model answers, where, and how it is asked. */
export interface ModelAddress {
  readonly form: ReplyForm;
  /** Name on the hub, or what the endpoint calls it; null where the endpoint has one model only. */
  readonly model: string | null;
  /** Base address of an OpenAI-compatible server, with or without /v1, or the address that takes `{inputs}`; null: the hub. */
  readonly endpoint: string | null;
  /** Sent as a bearer token, and nowhere else. */
  readonly token: string | null;
  /** 0: always the likeliest words. */
  readonly temperature: number;
}

/** One question to a model. */
export interface Question {
  /** What to do; empty in the text2text form. */
  readonly system: string;
  /** What to do it with. */
  readonly user: string;
  readonly maxTokens: number;
  /** Outputs wanted of a text2text model, which has no way to give a list. */
  readonly outputs: number;
  /** Number of times the model was asked about this note before, so a repeated question may get another answer. */
  readonly round: number;
}

/** Sends one question once. @throws RequestFailure that says what follows; whatever the signal was aborted with. */
type Send = (question: Question, seed: number, signal: AbortSignal) => Promise<Reply>;

export interface Transport {
  readonly send: Send;
  /** The text without the token. */
  readonly redact: (text: string) => string;
}

const SHORTEST_SECRET = 8;
const MOST_BYTES = 1_000_000; // of an answer: a list of titles has a few thousand

/**
 * Speaks to a model through `@huggingface/inference`, which knows addresses, providers and headers; answers, limits and failures
 * are read here, where their headers and every shape of them can be seen.
 * @param now for the dates of `Retry-After`, ms since 1970
 * @throws UserError for an address or a token that cannot be one
 */
export function createTransport(address: ModelAddress, fetch: typeof globalThis.fetch, now: () => number): Transport {
  checkAddress(address);
  // The library tells the console which provider it takes; stdout is data.
  const ignore = (): void => {};
  setLogger({ debug: ignore, info: ignore, warn: ignore, error: ignore, log: ignore });
  const { form, endpoint, token, temperature } = address;
  const redact = redactor(token);
  const model = address.model ?? 'default';
  const client = new InferenceClient(token ?? '', endpoint === null ? {} : { endpointUrl: endpoint });
  let wasReached = false;

  const send: Send = async (question, seed, signal) => {
    let answer: { readonly json: unknown } | undefined;
    const exchange: typeof fetch = async (url, init) => {
      const isQuestion = init?.method === 'POST';
      const address = withOneVersion(String(url));
      // A redirected question would take note and token to an address nobody gave.
      const response = await fetch(address, { ...init, signal, redirect: isQuestion ? 'manual' : 'follow' });
      wasReached = true;
      const text = await readText(response);
      if (!response.ok) {
        const wait = retryAfterMs(response.headers.get('retry-after'), now());
        throw statusFailure(response.status, redact(messageOf(text)), wait);
      }
      const json = parseAnswer(text, response.headers.get('content-type') ?? '');
      if (isQuestion) answer = { json };
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    };
    const { system, user, maxTokens, outputs, round } = question;
    const prompt = system === '' ? user : `${system}\n\n${user}`;
    const options = { fetch: exchange, retry_on_error: false, signal };
    const sampling = { temperature, seed: seed + round };
    try {
      if (form === 'chat') {
        const messages = [...(system === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content: user }];
        await client.chatCompletion({ model, messages, max_tokens: maxTokens, ...sampling }, options);
      } else if (form === 'completion') {
        await client.textGeneration({ model, inputs: prompt, parameters: { max_new_tokens: maxTokens, ...sampling } }, options);
      } else {
        const many = { num_return_sequences: outputs, ...(temperature > 0 ? { do_sample: true, temperature } : { num_beams: outputs }) };
        await client.summarization({ model, inputs: prompt, parameters: { max_new_tokens: maxTokens, ...many } }, options);
      }
    } catch (thrown) {
      if (thrown instanceof RequestFailure || signal.aborted) throw thrown;
      if (thrown instanceof TypeError && answer === undefined) throw redacted(networkFailure(thrown, wasReached), redact);
      // The library takes fewer shapes of answers than servers give; with an answer at hand its opinion is not needed.
      if (answer === undefined) throw new RequestFailure(`the question could not be put: ${redact((thrown as Error).message)}`, 'stop');
    }
    const reply = readReply(form, answer?.json, prompt);
    if (reply === undefined) {
      const said = redact(JSON.stringify(answer?.json) ?? '').slice(0, 120);
      throw new RequestFailure(`the server gave an answer of another form than "${form}": ${said}`, 'retry');
    }
    return { ...reply, text: redact(reply.text) };
  };
  return { send, redact };
}

/** The library adds /v1 to whatever it is given; an address that ends in another version ("…/api/v3") has its own. */
function withOneVersion(url: string): string {
  return url.replace(/(\/v\d+[a-z]*)\/v1(\/(?:chat\/)?completions)$/, '$1$2');
}

function checkAddress({ form, model, endpoint, token }: ModelAddress): void {
  if (endpoint === null && (model === null || token === null)) {
    throw new UserError(
      `Expected ${model === null ? 'a model or an endpoint' : 'a token for the hub'} but received none.`,
      'Name a model of the hub and set HF_TOKEN, or give the address of a server of your own.',
    );
  }
  // Not repeated: it is a secret even where it is broken.
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError('Expected a token of visible ASCII characters but received one with spaces, line breaks or others.');
  }
  if (endpoint !== null) checkEndpoint(endpoint);
  else if (form === 'chat' && token?.startsWith('hf_') === false) {
    throw new UserError('Expected a token of the hub, which begins with "hf_", but received another one.', 'Or give an endpoint.');
  }
}

function redactor(token: string | null): (text: string) => string {
  // Servers of one's own are given words such as "none", which are no secrets and stand in titles.
  if (token === null || token.length < SHORTEST_SECRET) return (text) => text;
  const forms = [...new Set([token, JSON.stringify(token).slice(1, -1), encodeURIComponent(token)])];
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, '[token]'), text);
}

function redacted(failure: RequestFailure, redact: (text: string) => string): RequestFailure {
  return new RequestFailure(redact(failure.message), failure.outcome, failure.retryAfterMs);
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new RequestFailure(`the server gave an answer of more than ${MOST_BYTES} bytes`, 'refuse');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseAnswer(text: string, contentType: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (/\bhtml\b/.test(contentType)) throw new RequestFailure('the address is that of a web page, not of a model', 'stop');
    throw new RequestFailure('the server gave half an answer', 'retry');
  }
}

/** A server's own words: `error`, `error.message`, `detail` or `message` of its JSON, else a text that is no web page. */
function messageOf(body: string): string {
  try {
    const json = JSON.parse(body) as Record<string, unknown>;
    const said = [(json.error as Record<string, unknown> | undefined)?.message, json.error, json.detail, json.message];
    return said.find((part) => typeof part === 'string') ?? '';
  } catch {
    return /^\s*</.test(body) ? '' : body;
  }
}
