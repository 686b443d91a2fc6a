import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reasonOf, UserError } from '../errors.ts';
import { EM, type Font, type Letter, parseWoff } from './woff_font.ts';

const FILE_PREFIX = 'noto-sans-sc';
const ELLIPSIS = '…';
/** Direction marks, joiners and half characters. */
const INVISIBLE = /[\p{Cf}\p{Cs}]/u;
const EMOJI = /[\p{Extended_Pictographic}\p{Emoji_Presentation}]/u;

/** How text looks. */
export interface TextStyle {
  /** Pixels of an em. */
  readonly size: number;
  readonly weight: 400 | 700;
}

/** Draws text as outlines, so that it looks the same on every machine, with fonts installed or without. */
export interface Lettering {
  /** Pixels the text is wide. */
  readonly widthOf: (text: string, style: TextStyle) => number;
  /** The text in at most `width` pixels, an ellipsis for what is left out at its end or in its middle. */
  readonly shorten: (text: string, style: TextStyle, width: number, where?: 'end' | 'middle') => string;
  /** The text in at most `lines` lines of at most `width` pixels. */
  readonly wrap: (text: string, style: TextStyle, width: number, lines: number) => string[];
  /** SVG path data of the text in thousandths of an em, from the pen's start on the baseline, and the factor from them to pixels. */
  readonly outline: (text: string, style: TextStyle) => { readonly data: string; readonly scale: number };
}

interface Subset {
  readonly name: string;
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

/**
 * Opens the font package; a file of it is read when the first of its characters is drawn.
 * @throws UserError when the package is damaged or not installed
 */
export function createLettering(): Lettering {
  const letters = createLetters();
  const has = (sign: string): boolean => letters(sign, 400) !== undefined;
  const signsOf = (text: string): readonly string[] => readableSigns(text, has);
  const width = (signs: readonly string[], { size, weight }: TextStyle): number =>
    signs.reduce((sum, sign) => sum + (letters(sign, weight)?.advance ?? 0), 0) * (size / EM);

  const shorten: Lettering['shorten'] = (text, style, limit, where = 'end') => {
    const signs = signsOf(text);
    if (width(signs, style) <= limit) return signs.join('');
    const kept = (count: number): readonly [string[], string[]] => {
      const tail = where === 'end' ? 0 : Math.floor(count / 2);
      return [signs.slice(0, count - tail), signs.slice(signs.length - tail)];
    };
    const fits = ([start, end]: readonly [string[], string[]]): boolean => width([...start, ELLIPSIS, ...end], style) <= limit;
    let count = 0;
    while (fits(kept(count + 1))) count++;
    const [start, end] = kept(count);
    return start.join('').trimEnd() + ELLIPSIS + end.join('').trimStart();
  };
  const wrap: Lettering['wrap'] = (text, style, limit, lines) => {
    const found: string[] = [];
    let rest = signsOf(text).join('');
    while (rest !== '' && found.length < lines - 1) {
      const line = firstLine(rest, (part) => width([...part], style) <= limit);
      found.push(line.trim());
      rest = rest.slice(line.length).trim();
    }
    if (rest !== '') found.push(shorten(rest, style, limit));
    return found;
  };
  const outline: Lettering['outline'] = (text, { size, weight }) => {
    let data = '';
    let pen = 0;
    for (const sign of signsOf(text)) {
      const letter = letters(sign, weight);
      if (!letter) continue;
      data += pathOf(letter, pen);
      pen += letter.advance;
    }
    return { data, scale: size / EM };
  };
  return { widthOf: (text, style) => width(signsOf(text), style), shorten, wrap, outline };
}

/**
 * The characters of a text that can be drawn: one space for line breaks and control characters, nothing for emoji and
 * direction marks, the plain letter where the one with its mark is missing, one ellipsis for anything else.
 */
function readableSigns(text: string, has: (sign: string) => boolean): string[] {
  const plain = text.normalize('NFC').replace(/[\p{Cc}\p{Z}]+/gu, ' ');
  const signs = [...plain].flatMap((sign) => {
    if (INVISIBLE.test(sign)) return [];
    if (has(sign)) return [sign];
    const parts = [...sign.normalize('NFKD')].filter((part) => !/\p{M}/u.test(part));
    if (parts.every(has)) return parts;
    return EMOJI.test(sign) ? [] : [ELLIPSIS];
  });
  const joined = signs.join('').replace(/…[… ]*…/g, ELLIPSIS);
  return [...joined.replace(/ +/g, ' ').trim()];
}

function createLetters(): (sign: string, weight: 400 | 700) => Letter | undefined {
  const { folder, subsets } = openPackage();
  const fonts = new Map<string, Font>();
  const known = new Map<string, Letter | undefined>();
  const fontOf = (subset: string, weight: number): Font => {
    const file = `${FILE_PREFIX}-${subset}-${weight}-normal.woff`;
    const font = fonts.get(file) ?? parseWoff(readFileSync(join(folder, 'files', file)));
    fonts.set(file, font);
    return font;
  };
  const find = (codePoint: number, weight: number): Letter | undefined => {
    for (const { name, ranges } of subsets) {
      if (!ranges.some(([first, last]) => first <= codePoint && codePoint <= last)) continue;
      const letter = fontOf(name, weight)(codePoint);
      if (letter) return letter;
    }
    return undefined;
  };
  return (sign, weight) => {
    const key = `${weight}${sign}`;
    if (!known.has(key)) known.set(key, find(sign.codePointAt(0) as number, weight));
    return known.get(key);
  };
}

/** Noto Sans SC: Latin, Cyrillic, Vietnamese, Chinese and Japanese, cut into about a hundred files by characters. */
function openPackage(): { readonly folder: string; readonly subsets: readonly Subset[] } {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('@fontsource/noto-sans-sc/package.json'));
    const ranges = JSON.parse(readFileSync(join(folder, 'unicode.json'), 'utf8')) as Readonly<Record<string, string>>;
    // A name such as "[118]" stands for the file 118. The scripts come last, and have what the numbered files have twice.
    const subsets = Object.entries(ranges).map(([name, list]) => ({ name: name.replace(/[[\]]/g, ''), ranges: parseRanges(list) }));
    return { folder, subsets: subsets.reverse() };
  } catch (error) {
    throw new UserError(
      `Expected the font of contact sheets but received none: ${reasonOf(error)}.`,
      'Install the packages again: npm ci.',
    );
  }
}

function parseRanges(list: string): [number, number][] {
  return list.split(',').map((range) => {
    const [first = '', last = first] = range.trim().slice('U+'.length).split('-');
    return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  });
}

/** The longest beginning that fits, broken between words or beside a Chinese character; at least one character. */
function firstLine(text: string, fits: (part: string) => boolean): string {
  let line = '';
  for (const [word] of text.matchAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{P}]|[^\s\p{Script=Han}\p{P}]+\p{P}*|\s+/gu)) {
    if (!fits((line + word).trimEnd())) break;
    line += word;
  }
  if (line.trim() !== '') return line;
  const signs = [...text];
  let count = 1;
  while (count < signs.length && fits(signs.slice(0, count + 1).join(''))) count++;
  return signs.slice(0, count).join('');
}

/** Between two control points lies a point of the curve half-way, which TrueType leaves out. */
function pathOf(letter: Letter, left: number): string {
  return letter.contours
    .map((contour) => {
      const points = contour.flatMap((point, index) => {
        const next = contour[(index + 1) % contour.length] ?? point;
        const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2, onCurve: true };
        return point.onCurve || next.onCurve ? [point] : [point, middle];
      });
      const start = points.findIndex((point) => point.onCurve);
      if (start < 0) return '';
      const at = (index: number): string => {
        const { x, y } = points[(start + index) % points.length] ?? { x: 0, y: 0 };
        return `${Math.round(x) + left} ${-Math.round(y)}`;
      };
      let path = `M${at(0)}`;
      for (let index = 1; index <= points.length; index++) {
        if (points[(start + index) % points.length]?.onCurve) path += `L${at(index)}`;
        else path += `Q${at(index)} ${at(++index)}`;
      }
      return `${path}Z`;
    })
    .join('');
}
