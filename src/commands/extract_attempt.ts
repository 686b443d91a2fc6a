import { reasonOf, throwIfInterrupted } from '../core/errors.ts';

/** The result of work on one medium within its time, or the reason why there is none. */
export async function attempt<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly value: T } | { readonly reason: string }> {
  const { mediumSeconds } = (await import('../core/media/limits.ts')).MEDIA_LIMITS;
  const limit = AbortSignal.timeout(mediumSeconds * 1000);
  try {
    return { value: await work(AbortSignal.any([signal, limit])) };
  } catch (error) {
    throwIfInterrupted(signal);
    if (limit.aborted) return { reason: `Expected to be done within ${mediumSeconds} s but it takes longer. Make it smaller.` };
    return { reason: reasonOf(error) };
  }
}

/** Something costly that is loaded on first use, once. */
export interface Lazy<T> {
  readonly get: () => Promise<T>;
  /** Closes it if it was ever loaded. */
  readonly close: () => Promise<void>;
}

export function lazily<T extends { close(): Promise<void> }>(load: () => Promise<T>): Lazy<T> {
  let loaded: Promise<T> | undefined;
  return {
    get: () => {
      loaded ??= load();
      return loaded;
    },
    close: async () => (await loaded)?.close(),
  };
}
