/** A step of a long task: `done` of `total` items, those under way counting in part (total undefined while unknown). */
export interface ProgressEvent {
  readonly task: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
  /** How it stands, in a few words. */
  readonly detail?: string;
}

/** Core functions report through this; how it looks is the command line's business. */
export type OnProgress = (event: ProgressEvent) => void;
