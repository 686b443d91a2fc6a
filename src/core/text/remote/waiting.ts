import type { Random } from '../../random.ts';

/** Time, as the caller has it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const FIRST_WAIT_MS = 500;

/**
 * How long to wait before the `retry`-th repetition (from 0): exponential back-off with equal jitter,
 * `min(longest, 500 · 2^retry) · (0.5 + 0.5 u)` ms, u uniform in [0, 1).
 */
export function backOffMs(retry: number, longestMs: number, random: Random): number {
  return Math.round(Math.min(longestMs, FIRST_WAIT_MS * 2 ** retry) * (0.5 + 0.5 * random.uniform()));
}

/** Milliseconds that a `Retry-After` header asks for: seconds, or an HTTP date (RFC 9110, 10.2.3); undefined for anything else. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Date.parse also takes bare numbers such as "-5" for years.
  const date = /^[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
