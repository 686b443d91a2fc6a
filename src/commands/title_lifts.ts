import type { ShownText } from '../core/feedback/term_lifts.ts';
import { sha256 } from '../core/ids.ts';
import type { ElementContent } from '../core/models/features/content_fields.ts';
import type { Store } from '../core/store/open.ts';

/** With fewer clicks than this the logs say nothing about words. */
const LEAST_CLICKS = 100;

/** What the logs say about texts of one kind. */
export interface TextLifts {
  /** Mean log lift of a text's terms; above 0, texts like it were clicked more often than others of their ads. */
  readonly scoreOf: (text: string) => number;
  /** Hash of all that it was learnt from. */
  readonly key: string;
  /** Different texts that were shown, and the clicks on them. */
  readonly texts: number;
  readonly clicks: number;
}

/**
 * Learns from all logs which words, styles and lengths of a kind of text were clicked, within their ads and corrected for
 * position; undefined where too few clicks fell on texts that the store knows.
 * @param others further texts whose languages will be asked about
 */
export async function readTextLifts(
  store: Store,
  kind: string,
  others: readonly string[] = [],
  isWanted: (adId: string) => boolean = () => true,
): Promise<TextLifts | undefined> {
  const { computeEcoi } = await import('../core/feedback/ecoi.ts');
  const { learnTermLifts } = await import('../core/feedback/term_lifts.ts');
  const { namedTerms } = await import('../core/models/features/content_fields.ts');
  const { readUsedElements } = await import('../core/store/creative_content.ts');
  const { readCreatives } = await import('../core/store/creatives.ts');
  const { readClickData } = await import('./click_data.ts');
  const { loadReading } = await import('./content_reading.ts');

  const used = readUsedElements(store);
  const textOf = new Map(
    readCreatives(store).map(({ adId, creativeId, elements }) => [`${adId}\0${creativeId}`, used.get(elements[kind] ?? '')?.text]),
  );
  const { input, arms } = await readClickData(store, undefined);
  const { creatives, dispersion } = computeEcoi(input);
  const rows = arms.flatMap(({ adId, creativeId }, arm) => {
    const text = textOf.get(`${adId}\0${creativeId}`);
    const { clicks = 0, effectiveImpressions: exposure = 0 } = creatives[arm] ?? {};
    return typeof text === 'string' && isWanted(adId) ? [{ adId, text, clicks, exposure }] : [];
  });
  const clicks = rows.reduce((sum, row) => sum + row.clicks, 0);
  if (clicks < LEAST_CLICKS) return undefined;

  const rates = new Map<string, { clicks: number; exposure: number }>();
  for (const row of rows) {
    const sum = rates.get(row.adId) ?? { clicks: 0, exposure: 0 };
    rates.set(row.adId, { clicks: sum.clicks + row.clicks, exposure: sum.exposure + row.exposure });
  }
  const texts = [...new Set(rows.map(({ text }) => text))];
  const reading = await loadReading(
    store,
    [],
    [...texts, ...others].map((text) => ({ text })),
  );
  const termsOf = (text: string): string[] => [...new Set(namedTerms(textContent(kind, text), reading))];
  const shown = rows.map(({ adId, text, clicks, exposure }): ShownText => {
    const ad = rates.get(adId) ?? { clicks: 0, exposure: 0 };
    return { terms: termsOf(text), clicks, expected: ad.exposure > 0 ? (exposure * ad.clicks) / ad.exposure : 0 };
  });
  const lifts = learnTermLifts(shown, dispersion.phi);
  return {
    scoreOf: (text) => lifts.scoreOf(termsOf(text)),
    key: sha256(JSON.stringify([shown, dispersion.phi])),
    texts: texts.length,
    clicks,
  };
}

/** A text as an element, before it is one. */
export function textContent(kind: string, text: string): ElementContent {
  return { kind, elementId: '', text, width: null, height: null, details: {} };
}
