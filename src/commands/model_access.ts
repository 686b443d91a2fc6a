import { UserError } from '../core/errors.ts';
import type { Store } from '../core/store/open.ts';
import type { TextKind } from '../core/text/controls.ts';
import type { ModelClient } from '../core/text/remote/model_client.ts';
import type { Prompts } from '../core/text/remote/prompts.ts';
import type { Reply, ReplyForm } from '../core/text/remote/replies.ts';
import type { Clock } from '../core/text/remote/waiting.ts';
import type { Paradigm } from '../core/text/writer.ts';
import type { StoreSession } from './shared.ts';

/** Defaults of the flags below. */
export const MODEL_DEFAULTS = { form: 'chat', connections: 8, timeout: 60, patience: 60, temperature: 0.7, rounds: 3 } as const;

/** Flags that say which model is asked, how, and how much it may cost. */
export interface ModelOptions {
  readonly endpoint?: string;
  readonly model?: string;
  readonly form?: ReplyForm;
  readonly prompt?: string;
  readonly connections?: number;
  readonly maxCalls?: number;
  readonly maxTokens?: number;
  /** Seconds. */
  readonly timeout?: number;
  /** Seconds. */
  readonly patience?: number;
  readonly temperature?: number;
  readonly rounds?: number;
}

/** Every key of {@link ModelOptions} with its flag. */
const MODEL_FLAGS: Readonly<Record<keyof ModelOptions, string>> = {
  endpoint: '--endpoint',
  model: '--model',
  form: '--form',
  prompt: '--prompt',
  connections: '--connections',
  maxCalls: '--max-calls',
  maxTokens: '--max-tokens',
  timeout: '--timeout',
  patience: '--patience',
  temperature: '--temperature',
  rounds: '--rounds',
};

/** A model that can be asked. */
export interface OpenedModel {
  readonly client: ModelClient;
  readonly prompts: Prompts;
  readonly connections: number;
  readonly temperature: number;
  readonly rounds: number;
}

/** Refuses flags of models where none is asked. @throws UserError that names them */
export function refuseModelFlags(options: ModelOptions): void {
  const given = (Object.keys(MODEL_FLAGS) as (keyof ModelOptions)[]).filter((name) => options[name] !== undefined);
  if (given.length === 0) return;
  const flags = given.map((name) => MODEL_FLAGS[name]).join(', ');
  throw new UserError(
    `Expected --generator hf with ${flags} but received another generator, which asks no model.`,
    `Add --generator hf, or leave ${flags} out.`,
  );
}

/**
 * Prepares to ask the model that the flags name, with the token of HF_TOKEN and the store as its memory; nothing is sent yet.
 * @throws UserError for a model, endpoint, token or prompt that cannot be one
 */
export async function openModel(
  session: StoreSession<ModelOptions & { readonly kind: TextKind; readonly paradigm: Paradigm }>,
): Promise<OpenedModel> {
  const { ModelClient, PATIENCE } = await import('../core/text/remote/model_client.ts');
  const { loadPrompts } = await import('../core/text/remote/prompts.ts');
  const { options, io, seed, signal } = session;
  const { form, connections, timeout, patience, temperature, rounds } = { ...MODEL_DEFAULTS, ...options };
  const prompts = await loadPrompts(options.kind, options.paradigm, form, options.prompt && session.path(options.prompt));
  const model = options.model ?? null;
  const client = new ModelClient(
    {
      ...PATIENCE,
      form,
      model,
      endpoint: options.endpoint ?? null,
      token: io.environment.HF_TOKEN || null,
      temperature,
      budget: { calls: options.maxCalls ?? null, tokens: options.maxTokens ?? null },
      connections,
      timeoutMs: timeout * 1000,
      patienceMs: patience * 1000,
    },
    { fetch: globalThis.fetch, clock: CLOCK, cache: await storeCache(session, model ?? options.endpoint ?? ''), seed, signal },
  );
  return { client, prompts, connections, temperature, rounds };
}

async function storeCache({ store, runId }: { readonly store: Store; readonly runId: number }, model: string) {
  const { readModelReply, saveModelReply } = await import('../core/store/model_replies.ts');
  return {
    get: (key: string) => readModelReply(store, key) as Reply | undefined,
    set: (key: string, reply: Reply) => saveModelReply(store, key, model, reply, runId),
  };
}

const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
    }),
};
