/** Everything a command may use of the world outside; tests pass their own. */
export interface Io {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether stderr is a terminal, so progress may redraw its line. */
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** Threads that heavy work may use; 1 when not given. */
  readonly threads?: number;
}
