import type { BannedMatcher } from '../banned.ts';
import type { NoteText } from '../note_text.ts';
import type { Segmenters } from '../segment.ts';
import { type ClickScores, type Refused, TitleSieve, type WrittenTitles } from '../titles.ts';
import type { Candidate, TitleRequest } from '../writer.ts';
import { AskFailed, AskingStopped } from './failures.ts';

/** What a writer is told before it proposes again. */
export interface Round {
  /** From 0. */
  readonly number: number;
  /** How many texts are wanted in the end. */
  readonly count: number;
  /** The good ones so far. */
  readonly accepted: readonly string[];
  /** Those of the last round that were refused. */
  readonly refused: readonly Refused[];
}

/** What a writer proposes in one round, best first, and what it threw away itself. */
export interface Proposal {
  readonly candidates: readonly Candidate[];
  readonly refused: readonly Refused[];
}

/** A writer that takes its time, and can be told what was wrong with its last proposal. */
export interface RoundWriter {
  propose(note: NoteText, request: TitleRequest, round: Round): Promise<Proposal>;
}

/** Texts of one note, how often the writer was asked, and why it was not asked again although texts are missing. */
export interface RoundTitles extends WrittenTitles {
  readonly rounds: number;
  readonly stopped: string | undefined;
}

/**
 * Asks a writer, checks what it proposes, and asks again with the reasons of what was refused, until `count` distinct texts keep every
 * control or it was asked `rounds` times.
 * @throws what the writer throws, unless an earlier round left good texts: then they are returned with the reason in `stopped`
 */
export async function writeTitlesInRounds(
  note: NoteText,
  writer: RoundWriter,
  request: TitleRequest,
  segmenters: Segmenters,
  isBanned: BannedMatcher,
  count: number,
  rounds: number,
  clickScores?: ClickScores,
): Promise<RoundTitles> {
  const sieve = new TitleSieve(note, request, segmenters, isBanned);
  let refused: readonly Refused[] = [];
  let accepted: readonly string[] = [];
  let number = 0;
  let stopped: string | undefined;
  while (number < rounds && accepted.length < count) {
    let proposal: Proposal;
    try {
      proposal = await writer.propose(note, request, { number, count, accepted, refused });
    } catch (thrown) {
      if (accepted.length === 0 || !(thrown instanceof AskFailed || thrown instanceof AskingStopped)) throw thrown;
      stopped = thrown.message;
      break;
    }
    number += 1;
    for (const { reason } of proposal.refused) sieve.refuse(reason);
    refused = [...proposal.refused, ...proposal.candidates.flatMap((candidate) => refusalOf(candidate, sieve))];
    accepted = sieve.choose(count).map(({ text }) => text);
  }
  return { ...(await sieve.result(count, clickScores)), rounds: number, stopped };
}

function refusalOf(candidate: Candidate, sieve: TitleSieve): Refused[] {
  const reason = sieve.take(candidate);
  if (reason === undefined) return [];
  return [{ text: candidate.text, reason, words: reason === 'unfaithful' ? sieve.foreignWords(candidate.text) : [] }];
}
