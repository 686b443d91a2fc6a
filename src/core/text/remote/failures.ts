/** One question got no answer; the item it was for fails, the others go on. */
export class AskFailed extends Error {
  override readonly name = 'AskFailed';
}

/** Nothing more will be asked in this run, and why; every later question that is not in the cache ends with the same. */
export class AskingStopped extends Error {
  override readonly name = 'AskingStopped';
}

/**
 * What went wrong with one request, and what follows from it:
 * - retry: it may work in a moment (limits, server errors, time-outs, lost connections, half an answer);
 * - refuse: this request will never work, another may;
 * - stop: no request will work (wrong token, no such model, nothing there).
 */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly outcome: 'retry' | 'refuse' | 'stop';
  /** How long the server asks to wait; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;
  /** The server is asked too often. */
  readonly isCrowded: boolean;

  constructor(message: string, outcome: 'retry' | 'refuse' | 'stop', retryAfterMs?: number, isCrowded = false) {
    super(message);
    this.outcome = outcome;
    this.retryAfterMs = retryAfterMs;
    this.isCrowded = isCrowded;
  }
}

const SERVER_TEXT = 200; // characters of a server's own words that a message repeats

/**
 * What an HTTP status other than 2xx means.
 * @param said the server's own words, already without the token
 */
export function statusFailure(status: number, said: string, retryAfterMs: number | undefined): RequestFailure {
  const quoted = said === '' ? '' : `: ${said.replace(/\s+/g, ' ').slice(0, SERVER_TEXT)}`;
  const stop = (meaning: string): RequestFailure => new RequestFailure(`${meaning} (HTTP ${status})${quoted}`, 'stop');
  if (status === 401) return stop('the server does not accept the token');
  if (status === 402) return stop('the account may not spend more');
  if (status === 403) return stop('the token has no right to use this model');
  if (status === 404) return stop('the server does not know this model or address');
  if (status === 405) return stop('the address takes no questions of this form');
  if (status >= 300 && status < 400) return stop('the server sends elsewhere, and the token is not taken there: give the final address');
  if (status === 429) return new RequestFailure(`the server asks for fewer calls (HTTP 429)${quoted}`, 'retry', retryAfterMs, true);
  if (status === 408 || status === 425 || status >= 500) {
    return new RequestFailure(`the server failed (HTTP ${status})${quoted}`, 'retry', retryAfterMs);
  }
  return new RequestFailure(`the server refused the question (HTTP ${status})${quoted}`, 'refuse');
}

/** Codes of a connection that broke off, or of a server that was slow to take it; all others say that nothing is there. */
const PASSING = /^(?:ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED|UND_ERR_(?:SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT|CONNECT_TIMEOUT|CLOSED))$/;

/** What an error of the network means; `wasReached` tells a server that went away from an address where nothing ever answered. */
export function networkFailure(thrown: unknown, wasReached: boolean): RequestFailure {
  const cause = (thrown as { cause?: { code?: unknown; message?: unknown } }).cause;
  const code = typeof cause?.code === 'string' ? cause.code : '';
  const detail = code || (typeof cause?.message === 'string' && cause.message) || String((thrown as Error).message);
  // Node tells of a body that broke off as "terminated", and of a socket closed before the headers without a code.
  if (PASSING.test(code) || /terminated|other side closed|socket hang up/.test(`${String((thrown as Error).message)} ${detail}`)) {
    return new RequestFailure(`the connection broke off (${detail})`, 'retry');
  }
  if (wasReached) return new RequestFailure(`the server went away (${detail})`, 'retry');
  return new RequestFailure(`nothing answers at the address (${detail})`, 'stop');
}
