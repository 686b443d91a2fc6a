const graphemeSegmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Texts of these only have one grapheme cluster per code point, so they need no segmenter (which is 50 times slower). */
const SIMPLE_TEXT =
  /^(?:[\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e]|(?![\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}])\p{Emoji_Presentation}(?![\u{1f3fb}-\u{1f3ff}]))*$/u;

/** Wide and full-width characters of Unicode's East Asian Width table (UAX #11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2fb}\u{20000}-\u{3fffd}]/u;
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f/u;

/**
 * How a platform counts the length of a text.
 * - characters: grapheme clusters, so an emoji of several code points is one;
 * - width: display width, where wide characters and emoji are two (Google's double-width rule; TikTok's 100 Latin or 50 Asian);
 * - half-units: Xiaohongshu's `ceil(Σ over UTF-16 units (unit < 128 ? 1 : 2) / 2)`.
 */
export type LengthUnit = 'characters' | 'width' | 'half-units';

/** The grapheme clusters of a text: what a reader sees as its characters. */
export function graphemes(text: string): string[] {
  if (SIMPLE_TEXT.test(text)) return [...text];
  return Array.from(graphemeSegmenter.segment(text), (part) => part.segment);
}

/** Length of a text in a unit; 0 for the empty text. */
export function lengthOf(text: string, unit: LengthUnit): number {
  if (unit === 'half-units') return halfUnits(text);
  if (unit === 'characters') return graphemes(text).length;
  let width = 0;
  for (const cluster of graphemes(text)) width += WIDE.test(cluster) || EMOJI.test(cluster) ? 2 : 1;
  return width;
}

function halfUnits(text: string): number {
  let sum = 0;
  for (let index = 0; index < text.length; index += 1) sum += text.charCodeAt(index) < 128 ? 1 : 2;
  return Math.ceil(sum / 2);
}
