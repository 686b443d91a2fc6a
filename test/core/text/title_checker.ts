/**
 * Checks a title against its controls with nothing of the generator's code: other counters, other word lists.
 */
export interface Expected {
  readonly keywords: readonly string[];
  readonly length: { readonly min: number; readonly max: number };
  readonly emoji: 'none' | 'some' | 'many';
  readonly brand: string | null;
  readonly style: string | null;
  readonly platform: string;
}

const segmenter = new Intl.Segmenter();

function clusters(text: string): string[] {
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

function isWide(cluster: string): boolean {
  return /^[\u2e80-\u9fff\uff01-\uff60\uac00-\ud7a3]/.test(cluster) || /\p{Extended_Pictographic}/u.test(cluster);
}

function measured(text: string, platform: string): number {
  if (platform === 'xiaohongshu') return Math.ceil(text.split('').reduce((sum, unit) => sum + (unit.charCodeAt(0) < 128 ? 1 : 2), 0) / 2);
  if (platform === 'google' || platform === 'tiktok') return clusters(text).reduce((sum, cluster) => sum + (isWide(cluster) ? 2 : 1), 0);
  return clusters(text).length;
}

const LIMITS: Readonly<Record<string, number>> = { generic: 100, xiaohongshu: 20, google: 30, tiktok: 100 };

/** Everything that is wrong with a title; empty when nothing is. */
export function faultsOf(title: string, expected: Expected): string[] {
  const faults: string[] = [];
  const length = measured(title, expected.platform);
  if (length < expected.length.min || length > expected.length.max) faults.push(`length ${length}`);
  if (length > (LIMITS[expected.platform] ?? Number.POSITIVE_INFINITY)) faults.push(`platform limit ${length}`);
  if (expected.platform === 'tiktok' && /[{}#]|\p{Extended_Pictographic}/u.test(title)) faults.push('tiktok characters');
  for (const keyword of expected.keywords) if (!title.toUpperCase().includes(keyword.toUpperCase())) faults.push(`keyword ${keyword}`);
  const emoji = clusters(title).filter((cluster) => /\p{Extended_Pictographic}/u.test(cluster)).length;
  const range = { none: [0, 0], some: [1, 2], many: [3, 5] }[expected.emoji] as [number, number];
  if (emoji < range[0] || emoji > range[1]) faults.push(`emoji ${emoji}`);
  if (expected.brand !== null && title.indexOf(expected.brand) < 0) faults.push('brand');

  const words = title.replace(/\p{Extended_Pictographic}/gu, '').trim();
  const last = words.at(-1) ?? '';
  if (expected.style === 'question' && last !== '?' && last !== '？') faults.push('no question');
  if (expected.style === 'exclamation' && last !== '!' && last !== '！') faults.push('no exclamation');
  if (expected.style === 'list' && !/^[0-9]/.test(words) && (words.match(/·/g) ?? []).length < 2) faults.push('no list');
  if (expected.style === 'how-to' && !/怎么|如何|做法|how to/i.test(words)) faults.push('no how-to');
  if (expected.style === 'plain' && (/怎么|如何|做法|how to|^[0-9]/i.test(words) || '?？!！'.includes(last))) faults.push('not plain');

  if (/[，,。.、；;：:｜|·—-]$/u.test(words) || /^[，,。.、；;：:｜|·!！?？]/u.test(words)) faults.push('stray punctuation');
  if (/\*|`|\]\(|^#|__|\n/.test(words)) faults.push('markdown');
  if (words.split('（').length !== words.split('）').length || words.split('(').length !== words.split(')').length) faults.push('brackets');
  if ((words.split('"').length - 1) % 2 !== 0 || words.split('“').length !== words.split('”').length) faults.push('quotes');
  return faults;
}

/** Words titles may add to a note's own: those of the patterns and of grammar. */
const ADDED =
  /怎么做|怎么样|如何做|如何了解|做法|做好|教程|试试|想试试|想了解|想做|想用|关于|[做用有和吗步想]|\b(?:how to|how|to|make|made|making|cook|cooking|with|and|in|for|steps?|recipe|what|goes|into|got|love|craving|ready|ever|tried|anyone|let's|do|you|curious|about|get|use|the|an?|is|are|of)\b/giu;

/** The parts of a title that stand nowhere in the sources; Latin words one by one, Han text by its stretches. */
export function foreignParts(title: string, sources: readonly string[]): string[] {
  const source = sources.join('\n').toLowerCase().replace(/[*_`]/g, '');
  const parts = title
    .toLowerCase()
    .replace(/\p{Extended_Pictographic}/gu, ' ')
    .split(/[^\p{L}\p{N}\p{M}'’-]+/u)
    .flatMap((part) => (/\p{Script=Han}/u.test(part) && !source.includes(part) ? part.split(ADDED) : [part]));
  return parts.filter((part) => part && !source.includes(part) && part.replace(ADDED, '') !== '' && !isTwoParts(part, source));
}

/** Two stretches of the source that follow each other in the title without a sign between. */
function isTwoParts(part: string, source: string): boolean {
  for (let at = 1; at < part.length; at += 1) {
    if (source.includes(part.slice(0, at)) && source.includes(part.slice(at)) && part.length > 2) return true;
  }
  return false;
}

/** Overlap of character pairs, counted on the titles as they are. */
export function overlap(a: string, b: string): number {
  const pairs = (text: string): string[] =>
    [...text.toLowerCase()].slice(1).map((character, index) => `${[...text.toLowerCase()][index]}${character}`);
  const left = pairs(b);
  let common = 0;
  const all = pairs(a);
  for (const pair of all) {
    const at = left.indexOf(pair);
    if (at < 0) continue;
    common += 1;
    left.splice(at, 1);
  }
  return (2 * common) / (all.length + pairs(b).length);
}
