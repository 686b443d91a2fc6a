import type { Controls, TextKind } from './controls.ts';
import type { NoteText } from './note_text.ts';
import type { QueryMatch } from './queries.ts';

/** The writers there are: without a model, or one that is asked over the network. */
export const GENERATORS = ['extractive', 'hf'] as const;
export type Generator = (typeof GENERATORS)[number];

/** Write a new title from the whole note, or rework the note's own title. */
export const PARADIGMS = ['write', 'rewrite'] as const;
export type Paradigm = (typeof PARADIGMS)[number];

/** What a writer is asked for. */
export interface TitleRequest {
  readonly kind: TextKind;
  readonly paradigm: Paradigm;
  readonly controls: Controls;
  /** Search queries that fit the note, best first; only for rewriting. */
  readonly queries: readonly QueryMatch[];
}

/** A text a writer proposes, and how good it holds it to be in [0, 1] for reasons that the text does not show. */
export interface Candidate {
  readonly text: string;
  readonly prior: number;
}

/** Anything that can propose titles; every proposal is checked against the controls afterwards. */
export interface TitleWriter {
  readonly name: Generator;
  propose(note: NoteText, request: TitleRequest): readonly Candidate[];
}
