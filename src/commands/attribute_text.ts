import type { PermutedControl } from '../core/models/multi_instance/permuted_labels.ts';
import type { CreativeCredits, CreditRow } from './attribute.ts';
import { LABELS, type Label } from './labels.ts';
import { count, table } from './shared.ts';

const ROWS_SHOWN = 30;
const CREATIVES_SHOWN = 10;
const CONTENT_WIDTH = 40;

interface Credits {
  readonly model: { readonly model_id: string; readonly estimator: string; readonly label: Label; readonly phi: number };
  readonly rows: readonly CreditRow[];
  readonly creatives: readonly CreativeCredits[];
  readonly control: PermutedControl | null;
  readonly isStale: boolean;
  readonly csv: string | undefined;
}

/** What elements add, for people: the surest first. */
export function tellCredits({ model, rows, creatives, control, isStale, csv }: Credits): string[] {
  const { model_id, estimator, label, phi } = model;
  const { word, family } = LABELS[label];
  const isAmount = family === 'poisson';
  return [
    `${model_id} (${estimator}, ${word}${isAmount ? '' : `, over-dispersion ${phi.toFixed(2)}`})`,
    ...(isStale ? ['the log has changed since this model was trained: train again for new elements and outcomes'] : []),
    '',
    ...(creatives.length > 0 ? tellCreatives(creatives) : tellRows(rows, word, isAmount ? 'amount ×' : 'odds ×')),
    ...(control ? ['', tellControl(control)] : []),
    ...(csv === undefined ? [] : ['', `written: ${csv}`]),
  ];
}

function tellRows(rows: readonly CreditRow[], word: string, times: string): string[] {
  const judged = rows.filter(({ evidence }) => evidence !== 'insufficient').sort((a, b) => b.credit - a.credit);
  const shown = judged.length > ROWS_SHOWN ? [...judged.slice(0, ROWS_SHOWN / 2), ...judged.slice(-ROWS_SHOWN / 2)] : judged;
  const isByAd = rows.some(({ ad_id }) => ad_id !== null);
  const lines = table(
    [...(isByAd ? ['ad'] : []), 'kind', 'element', times, '95 % interval', 'effective impressions', word, 'evidence'],
    shown.map((row) => [
      ...(isByAd ? [row.ad_id ?? ''] : []),
      row.kind,
      short(row.content ?? row.element_id),
      row.multiplier.toFixed(3),
      `[${Math.exp(row.ci_low).toFixed(3)}, ${Math.exp(row.ci_high).toFixed(3)}]`,
      count(row.impressions),
      count(row.clicks),
      row.evidence,
    ]),
    isByAd ? [3, 5, 6] : [2, 4, 5],
  );
  const insufficient = rows.length - judged.length;
  return [
    ...(shown.length > 0 ? lines : []),
    ...(judged.length > shown.length ? [`… and ${count(judged.length - shown.length)} between them: --csv or --json has them all`] : []),
    ...(insufficient > 0
      ? [`not judged: ${count(insufficient)} (too few ${word}, nothing of their kind to compare with, or never seen by the model)`]
      : []),
    ...(shown.length > 0 ? [`${times}: against the mean element of the kind, each weighed by how much it was shown`] : []),
  ];
}

function tellCreatives(creatives: readonly CreativeCredits[]): string[] {
  const shown = [...creatives].sort((a, b) => b.link - b.ad_effect - (a.link - a.ad_effect)).slice(0, CREATIVES_SHOWN);
  return [
    ...table(
      ['ad', 'creative', 'kind', 'element', 'credit', 'link'],
      shown.flatMap((creative) =>
        creative.elements.map(({ kind, element_id, content, credit }, i) => [
          i === 0 ? creative.ad_id : '',
          i === 0 ? (creative.creative_ids[0] ?? '') : '',
          kind,
          short(content ?? element_id),
          credit.toFixed(3),
          i === 0 ? creative.link.toFixed(3) : '',
        ]),
      ),
      [4, 5],
    ),
    ...(creatives.length > shown.length ? [`… and ${count(creatives.length - shown.length)} more: --csv or --json has them all`] : []),
    "link (logit; ln of revenue) = the ad's effect + the mean of what it showed + the credits",
  ];
}

function tellControl({ permutations, judged, called, share }: PermutedControl): string {
  if (share === undefined) return 'control: no element has enough clicks to be judged';
  return `control: with outcomes permuted inside ads, ${count(called)} of ${count(judged)} judgements (${(100 * share).toFixed(1)} %) were higher or lower, over ${permutations} permutations; the intervals allow 5 %`;
}

function short(text: string): string {
  const characters = [...text.replace(/\s+/gu, ' ')];
  return characters.length > CONTENT_WIDTH ? `${characters.slice(0, CONTENT_WIDTH - 1).join('')}…` : characters.join('');
}
