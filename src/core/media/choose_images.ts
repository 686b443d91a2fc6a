import { areNearDuplicates } from './perceptual_hash.ts';

/** What decides whether a picture becomes an image of its note. */
export interface Candidate {
  /** For people: "a.jpg", "v.mp4 at 3.20 s". */
  readonly name: string;
  /** Quality in [0, 1]. */
  readonly score: number;
  readonly hash: bigint;
  /** Share of the picture that text covers; null where nobody looked. */
  readonly textShare: number | null;
}

interface Choice {
  /** Places in the given list, best first. */
  readonly chosen: readonly number[];
  /** Why each of the others was passed over. */
  readonly reasons: ReadonlyMap<number, string>;
}

/**
 * The best pictures of a note: highest scores first, without near-duplicates of a better one and without those that text
 * covers by more than `maxText`. Between equal scores the order given decides.
 */
export function chooseImages(
  candidates: readonly Candidate[],
  { limit, maxText, isCropped = false }: { readonly limit: number; readonly maxText: number; readonly isCropped?: boolean },
): Choice {
  const chosen: number[] = [];
  const reasons = new Map<number, string>();
  const ranked = candidates.map((candidate, place) => ({ ...candidate, place })).sort((a, b) => b.score - a.score || a.place - b.place);
  // The images themselves have the scores of their crops.
  const as = isCropped ? ' as whole pictures' : '';
  for (const { place, hash, textShare } of ranked) {
    const twin = chosen.find((other) => areNearDuplicates(hash, (candidates[other] as Candidate).hash));
    if ((textShare ?? 0) > maxText) reasons.set(place, `text covers ${percent(textShare ?? 0)}, at most ${percent(maxText)} is wanted`);
    else if (twin !== undefined) reasons.set(place, `near-duplicate of ${(candidates[twin] as Candidate).name}`);
    else if (limit === 0) reasons.set(place, 'the note keeps its images of files that cannot be read now');
    else if (chosen.length === limit) reasons.set(place, `${limit === 1 ? 'another scores' : `${limit} others score`} higher${as}`);
    else chosen.push(place);
  }
  return { chosen, reasons };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
