/**
 * An error the user can mend: wrong flag, missing file, foreign store.
 * The command line prints `message` and `hint` and exits with 2; anything else that is thrown is a bug (exit 3).
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Work stopped because the caller's signal was aborted (exit 130). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('interrupted');
  }
}

/** Throws {@link Interrupted} once the signal is aborted; call it between items. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Interrupted();
}

/** One item that could not be processed; it is listed, and the rest of the batch goes on. */
export interface ItemFailure {
  readonly item: string;
  readonly reason: string;
}

/** The message of anything thrown, for a failure list. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
