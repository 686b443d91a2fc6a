/** How much may be spent; null: as much as it takes. */
export interface Budget {
  /** Requests sent, repeated ones included. */
  readonly calls: number | null;
  readonly tokens: number | null;
}

/** What was spent so far. */
export interface Spent {
  /** Requests sent, repeated ones included. */
  readonly calls: number;
  /** Requests that repeated a failed one. */
  readonly retries: number;
  /** Questions answered without asking, because the same had been asked before. */
  readonly cached: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** How many of these tokens are estimates, because the server did not say. */
  readonly estimatedTokens: number;
}

/** Keeps count of what requests cost, those under way included, so that no budget is overrun by many at once. */
export class Spending {
  readonly #budget: Budget;
  #spent: Spent = { calls: 0, retries: 0, cached: 0, promptTokens: 0, completionTokens: 0, estimatedTokens: 0 };
  #reserved = 0;
  #waiting: (() => void)[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get spent(): Spent {
    return this.#spent;
  }

  countCached(): void {
    this.#spent = { ...this.#spent, cached: this.#spent.cached + 1 };
  }

  /** Why no request of up to `tokens` may be sent; undefined when one may. */
  refusal(tokens: number): string | undefined {
    const { calls, promptTokens, completionTokens } = this.#spent;
    const { calls: mostCalls, tokens: mostTokens } = this.#budget;
    if (mostCalls !== null && calls >= mostCalls) return `the budget of ${mostCalls} calls is used up`;
    const bound = promptTokens + completionTokens + this.#reserved;
    if (mostTokens !== null && tokens > mostTokens) return `one question may take ${tokens} tokens, and the budget is ${mostTokens}`;
    if (mostTokens !== null && bound + tokens > mostTokens) return `the budget of ${mostTokens} tokens is used up`;
    return undefined;
  }

  /** Whether a request of up to `tokens` may fit once those under way have ended, for they mostly take less than they may. */
  mayFitLater(tokens: number): boolean {
    const { calls, promptTokens, completionTokens } = this.#spent;
    if (this.#reserved === 0 || (this.#budget.calls !== null && calls >= this.#budget.calls)) return false;
    return promptTokens + completionTokens + tokens <= (this.#budget.tokens ?? Number.POSITIVE_INFINITY);
  }

  /** Resolves when the next request ends. */
  nextEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Counts a request that is sent now and may take up to `tokens`. */
  begin(tokens: number, isRetry: boolean): void {
    this.#spent = { ...this.#spent, calls: this.#spent.calls + 1, retries: this.#spent.retries + (isRetry ? 1 : 0) };
    this.#reserved += tokens;
  }

  /** The request of {@link begin} ended; `used` is what it took, undefined when it failed. */
  end(
    tokens: number,
    used: { readonly promptTokens: number; readonly completionTokens: number; readonly estimated: boolean } | undefined,
  ): void {
    this.#reserved -= tokens;
    if (used !== undefined) this.#count(used);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #count(used: { readonly promptTokens: number; readonly completionTokens: number; readonly estimated: boolean }): void {
    const { promptTokens, completionTokens, estimated } = used;
    this.#spent = {
      ...this.#spent,
      promptTokens: this.#spent.promptTokens + promptTokens,
      completionTokens: this.#spent.completionTokens + completionTokens,
      estimatedTokens: this.#spent.estimatedTokens + (estimated ? promptTokens + completionTokens : 0),
    };
  }
}
