import { throwIfInterrupted } from '../../errors.ts';
import { sha256 } from '../../ids.ts';
import { createRandom } from '../../random.ts';
import { Connections } from './connections.ts';
import { AskFailed, AskingStopped, RequestFailure } from './failures.ts';
import { estimateTokens, type Reply } from './replies.ts';
import { type Budget, Spending, type Spent } from './spending.ts';
import { createTransport, type ModelAddress, type Question, type Transport } from './transport.ts';
import { backOffMs, type Clock } from './waiting.ts';

/** A model's address, and how much trouble it is worth. */
export interface ModelSettings extends ModelAddress {
  readonly budget: Budget;
  /** Requests under way at once, at most. */
  readonly connections: number;
  /** A request without an answer for so long has failed. */
  readonly timeoutMs: number;
  /** How often a failed request is repeated. */
  readonly retries: number;
  /** Longest wait before a repetition; a server that asks for a longer one is not asked again. */
  readonly longestWaitMs: number;
  /** How long a server that answers none of several questions is waited for. */
  readonly patienceMs: number;
}

/** What serves a night: an answer takes seconds, a server's restart a minute, and a budget by the hour is waited for. */
export const PATIENCE = { retries: 4, longestWaitMs: 3_600_000 } as const;

/** Where answers are kept, so that nothing is asked twice, in this run or a later one. */
export interface ReplyCache {
  get(key: string): Reply | undefined;
  set(key: string, reply: Reply): void;
}

/** What the client needs of the world. */
export interface Surroundings {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly cache: ReplyCache;
  readonly seed: number;
  /** Ends every request and every wait at once. */
  readonly signal: AbortSignal;
}

const LONGEST_BACK_OFF_MS = 8_000;
/** Questions under way, none of which is answered, that say that the server is in trouble and not a question. */
const OUTAGE = 3;
const MOST_FAILURES = 20; // questions in a row without an answer after which a server is held to be out of order

/**
 * Asks a model, with time-outs, repetitions (exponential back-off, `Retry-After` for all connections together), a budget, a
 * bound on connections that a crowded server lowers, and a memory of all answers. While a server answers nobody, it is waited
 * for; where it answers others, asking again after a `Retry-After` is no repetition. It stops asking for good, and says why at
 * once, when no question can work: a wrong token, an unknown model, an address where nothing is, a used-up budget, a long pause
 * the server demands, an outage longer than `patienceMs`, or 20 failed questions in a row.
 */
export class ModelClient {
  /** How the model is called on what it wrote: its name, else the endpoint's host. */
  readonly modelName: string;
  readonly form: ModelAddress['form'];
  readonly #settings: ModelSettings;
  readonly #world: Surroundings;
  readonly #transport: Transport;
  readonly #spending: Spending;
  readonly #underWay = new Map<string, Promise<Reply>>();
  /** One for each request and each wait, so that the caller's signal has one listener however many there are at once. */
  readonly #interruptible = new Set<AbortController>();
  readonly #connections: Connections;
  #stopped: string | undefined;
  #pausedUntil = 0;
  #failuresInARow = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** @throws UserError for an address or a token that cannot be one */
  constructor(settings: ModelSettings, surroundings: Surroundings) {
    this.#settings = settings;
    this.#world = surroundings;
    this.#transport = createTransport(settings, surroundings.fetch, surroundings.clock.now);
    this.#spending = new Spending(settings.budget);
    this.#connections = new Connections(settings.connections);
    this.form = settings.form;
    this.modelName = settings.model ?? new URL(settings.endpoint ?? '').host;
    const interrupt = (): void => {
      for (const controller of this.#interruptible) controller.abort();
    };
    surroundings.signal.addEventListener('abort', interrupt, { once: true });
  }

  get spent(): Spent {
    return this.#spending.spent;
  }

  /** Why nothing more is asked; undefined while questions are taken. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /**
   * The model's answer: from the cache where the same was asked before, else from the server.
   * @param isUseful whether an answer is worth keeping: a server in trouble says nothing, and half a thought is no answer
   * @throws AskFailed when this question got no answer; AskingStopped when none will; Interrupted when the signal was aborted
   */
  async ask(question: Question, isUseful: (reply: Reply) => boolean = ({ text }) => text.trim() !== ''): Promise<Reply> {
    throwIfInterrupted(this.#world.signal);
    const key = this.#keyOf(question);
    const known = this.#world.cache.get(key);
    if (known) {
      this.#spending.countCached();
      return known;
    }
    const same = this.#underWay.get(key);
    if (same) {
      const reply = await same;
      this.#spending.countCached();
      return reply;
    }
    const asked = this.#askServer(question, key).finally(() => {
      this.#underWay.delete(key);
    });
    this.#underWay.set(key, asked);
    const reply = await asked;
    if (isUseful(reply)) this.#world.cache.set(key, reply);
    return reply;
  }

  /** SHA-256 of everything an answer depends on. */
  #keyOf({ system, user, maxTokens, outputs, round }: Question): string {
    const { form, model, endpoint, temperature } = this.#settings;
    return sha256(JSON.stringify([form, endpoint, model, system, user, maxTokens, outputs, temperature, this.#world.seed, round]));
  }

  async #askServer(question: Question, key: string): Promise<Reply> {
    const { clock, seed } = this.#world;
    const { retries, longestWaitMs } = this.#settings;
    const random = createRandom(seed, Number.parseInt(key.slice(0, 8), 16));
    let firstFailedAt: number | undefined;
    let failedAt = clock.now();
    for (let request = 0, retry = 0; ; request += 1) {
      try {
        const reply = await this.#connections.use((slowDown) => this.#askOnce(question, request > 0, slowDown));
        this.#failuresInARow = 0;
        this.#answeredAt = clock.now();
        return reply;
      } catch (thrown) {
        if (!(thrown instanceof RequestFailure)) throw thrown;
        const { message, outcome, retryAfterMs } = thrown;
        if (outcome === 'stop') this.#stop(message);
        if (retryAfterMs !== undefined && retryAfterMs > longestWaitMs) {
          this.#stop(
            `the server asks to wait ${Math.round(retryAfterMs / 1000)} s, and the longest wait is ${Math.round(longestWaitMs / 1000)} s`,
          );
        }
        firstFailedAt ??= clock.now();
        if (outcome === 'refuse' || (retry >= retries && !this.#isOut(firstFailedAt, failedAt, message))) this.#fail(message, request);
        if (retryAfterMs !== undefined) this.#pausedUntil = Math.max(this.#pausedUntil, clock.now() + retryAfterMs);
        await this.#wait(backOffMs(retry, LONGEST_BACK_OFF_MS, random));
        // A server that asks to wait and answers others meanwhile is crowded: its queue is no failure.
        retry = retryAfterMs !== undefined && this.#answeredAt >= failedAt ? 0 : retry + 1;
        failedAt = clock.now();
      }
    }
  }

  /**
   * Whether the server answers nobody: several questions are under way, and none got an answer since this one failed before.
   * @throws AskingStopped after too long an outage
   */
  #isOut(firstFailedAt: number, failedBeforeAt: number, message: string): boolean {
    if (this.#underWay.size < OUTAGE || this.#answeredAt >= failedBeforeAt) return false;
    const since = this.#world.clock.now() - Math.max(firstFailedAt, this.#answeredAt);
    if (since >= this.#settings.patienceMs) {
      this.#stop(`the server has answered nothing for ${Math.round(since / 1000)} s, last because ${message}`);
    }
    return true;
  }

  /** One request, ended by its time-out or by the caller's signal. */
  async #askOnce(question: Question, isRetry: boolean, slowDown: () => void): Promise<Reply> {
    await this.#waitOutPause();
    throwIfInterrupted(this.#world.signal);
    if (this.#stopped !== undefined) throw new AskingStopped(this.#stopped);
    const tokens = estimateTokens(question.system + question.user) + question.maxTokens * question.outputs;
    for (let refusal = this.#spending.refusal(tokens); refusal !== undefined; refusal = this.#spending.refusal(tokens)) {
      if (!this.#spending.mayFitLater(tokens)) this.#stop(refusal);
      await this.#spending.nextEnd();
      throwIfInterrupted(this.#world.signal);
      if (this.#stopped !== undefined) throw new AskingStopped(this.#stopped);
    }

    const { clock, seed, signal } = this.#world;
    const { timeoutMs } = this.#settings;
    const request = new AbortController();
    const ended = new AbortController();
    let isLate = false;
    this.#interruptible.add(request);
    void clock.sleep(timeoutMs, ended.signal).then(() => {
      isLate = !ended.signal.aborted;
      if (isLate) request.abort();
    });
    this.#spending.begin(tokens, isRetry);
    let reply: Reply | undefined;
    try {
      reply = await this.#transport.send(question, seed, request.signal);
      return reply;
    } catch (thrown) {
      throwIfInterrupted(signal);
      if (isLate) throw new RequestFailure(`no answer within ${timeoutMs / 1000} s`, 'retry');
      if (thrown instanceof RequestFailure && thrown.isCrowded) slowDown();
      throw thrown;
    } finally {
      this.#spending.end(tokens, reply);
      // With a reason of its own, for which no error is built.
      ended.abort('ended');
      this.#interruptible.delete(request);
    }
  }

  /** Waits while the server has asked for a pause; all connections do. */
  async #waitOutPause(): Promise<void> {
    const { now } = this.#world.clock;
    for (let left = this.#pausedUntil - now(); left > 0; left = this.#pausedUntil - now()) await this.#wait(left);
  }

  async #wait(ms: number): Promise<void> {
    const { clock, signal } = this.#world;
    throwIfInterrupted(signal);
    const waiting = new AbortController();
    this.#interruptible.add(waiting);
    await clock.sleep(ms, waiting.signal);
    this.#interruptible.delete(waiting);
    throwIfInterrupted(signal);
  }

  #fail(message: string, retries: number): never {
    this.#failuresInARow += 1;
    const failure = retries === 0 ? message : `${message}, also after ${retries} ${retries === 1 ? 'retry' : 'retries'}`;
    if (this.#failuresInARow >= MOST_FAILURES) {
      this.#stop(`the last ${MOST_FAILURES} questions failed, the last of them because ${failure}`);
    }
    throw new AskFailed(failure);
  }

  #stop(reason: string): never {
    this.#stopped ??= reason;
    throw new AskingStopped(this.#stopped);
  }
}
