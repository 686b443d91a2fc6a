import { inflateSync } from 'node:zlib';

/** All lengths are in parts of an em, of which it has so many. */
export const EM = 1000;

/** A point of an outline, y upwards; a point off the curve is the control point of a parabola. */
interface OutlinePoint {
  readonly x: number;
  readonly y: number;
  readonly onCurve: boolean;
}

type Contour = readonly OutlinePoint[];

/** A letter's shape. */
export interface Letter {
  /** How far the pen moves. */
  readonly advance: number;
  readonly contours: readonly Contour[];
}

/** As much of a font as drawing single letters needs: undefined where it has no such letter. */
export type Font = (codePoint: number) => Letter | undefined;

const SIGNATURE = 0x774f4646;
const HEADER_BYTES = 44;
const ENTRY_BYTES = 20;
const POINT = { onCurve: 0x01, xShort: 0x02, yShort: 0x04, repeat: 0x08, xSame: 0x10, ySame: 0x20 } as const;

/**
 * Reads a TrueType font out of a WOFF 1.0 file (W3C 2012): its letters' outlines and widths, without kerning or hints.
 * @throws Error when it is no such file
 */
export function parseWoff(bytes: Uint8Array): Font {
  const table = tableReader(bytes);
  const head = table('head');
  const glyphs = readGlyphNumbers(table('cmap'));
  const advanceOf = readAdvances(table('hmtx'), table('hhea').getUint16(34));
  const contoursOf = readOutlines(table('glyf'), table('loca'), head.getInt16(50) !== 0);
  const scale = EM / head.getUint16(18);
  return (codePoint) => {
    const glyph = glyphs.get(codePoint);
    const contours = glyph === undefined ? undefined : contoursOf(glyph);
    if (glyph === undefined || contours === undefined) return undefined;
    const scaled = contours.map((contour) => contour.map(({ x, y, onCurve }) => ({ x: x * scale, y: y * scale, onCurve })));
    return { advance: advanceOf(glyph) * scale, contours: scaled };
  };
}

function tableReader(bytes: Uint8Array): (tag: string) => DataView {
  const file = viewOf(bytes);
  if (bytes.length < HEADER_BYTES || file.getUint32(0) !== SIGNATURE)
    throw new Error('Expected a WOFF font but the file is something else.');
  const entries = new Map<string, number>();
  for (let entry = 0; entry < file.getUint16(12); entry++) {
    const at = HEADER_BYTES + entry * ENTRY_BYTES;
    entries.set(String.fromCharCode(...bytes.subarray(at, at + 4)), at);
  }
  return (tag) => {
    const at = entries.get(tag);
    if (at === undefined) throw new Error(`Expected a font with a table ${tag} but it has none.`);
    const [offset, packed, length] = [file.getUint32(at + 4), file.getUint32(at + 8), file.getUint32(at + 12)];
    const content = bytes.subarray(offset, offset + packed);
    return viewOf(packed < length ? inflateSync(content) : content);
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Glyph of each code point: from the table of all planes where there is one, else from that of the first. */
function readGlyphNumbers(cmap: DataView): ReadonlyMap<number, number> {
  const glyphs = new Map<number, number>();
  const add = (codePoint: number, glyph: number): void => {
    if (glyph !== 0) glyphs.set(codePoint, glyph);
  };
  const offsets = Array.from({ length: cmap.getUint16(2) }, (_, index) => cmap.getUint32(8 + index * 8));
  const ofFormat = (format: number): DataView | undefined => {
    const offset = offsets.find((each) => cmap.getUint16(each) === format);
    return offset === undefined ? undefined : new DataView(cmap.buffer, cmap.byteOffset + offset, cmap.byteLength - offset);
  };
  const [all, first] = [ofFormat(12), ofFormat(4)];
  if (all) readGroups(all, add);
  else if (first) readSegments(first, add);
  return glyphs;
}

function readGroups(subtable: DataView, add: (codePoint: number, glyph: number) => void): void {
  for (let group = 0; group < subtable.getUint32(12); group++) {
    const at = 16 + group * 12;
    const [first, last, glyph] = [subtable.getUint32(at), subtable.getUint32(at + 4), subtable.getUint32(at + 8)];
    for (let codePoint = first; codePoint <= last; codePoint++) add(codePoint, glyph + codePoint - first);
  }
}

function readSegments(subtable: DataView, add: (codePoint: number, glyph: number) => void): void {
  const doubled = subtable.getUint16(6);
  for (let at = 14; at < 14 + doubled; at += 2) {
    const last = subtable.getUint16(at);
    const first = subtable.getUint16(at + doubled + 2);
    const delta = subtable.getUint16(at + 2 * doubled + 2);
    const rangeAt = at + 3 * doubled + 2;
    const range = subtable.getUint16(rangeAt);
    for (let codePoint = first; codePoint <= last && codePoint < 0xffff; codePoint++) {
      const glyph = range === 0 ? codePoint : subtable.getUint16(rangeAt + range + (codePoint - first) * 2);
      add(codePoint, range !== 0 && glyph === 0 ? 0 : (glyph + delta) & 0xffff);
    }
  }
}

/** The glyphs behind the last one listed are as wide as it. */
function readAdvances(hmtx: DataView, listed: number): (glyph: number) => number {
  return (glyph) => hmtx.getUint16(Math.min(glyph, listed - 1) * 4);
}

/** Undefined for a glyph made of others: no file of the font used has one. */
function readOutlines(glyf: DataView, loca: DataView, long: boolean): (glyph: number) => Contour[] | undefined {
  const start = (glyph: number): number => (long ? loca.getUint32(glyph * 4) : loca.getUint16(glyph * 2) * 2);
  return (glyph) => {
    const [from, to] = [start(glyph), start(glyph + 1)];
    if (from === to) return [];
    const data = new DataView(glyf.buffer, glyf.byteOffset + from, to - from);
    const contours = data.getInt16(0);
    return contours < 0 ? undefined : readContours(data, contours);
  };
}

function readContours(data: DataView, count: number): Contour[] {
  const ends = Array.from({ length: count }, (_, contour) => data.getUint16(10 + contour * 2) + 1);
  const points = ends.at(-1) ?? 0;
  let at = 10 + count * 2;
  at += 2 + data.getUint16(at); // hinting instructions
  const flags: number[] = [];
  while (flags.length < points) {
    const flag = data.getUint8(at++);
    const times = flag & POINT.repeat ? data.getUint8(at++) + 1 : 1;
    for (let time = 0; time < times; time++) flags.push(flag);
  }
  const coordinates = (short: number, same: number): number[] => {
    let value = 0;
    return flags.slice(0, points).map((flag) => {
      if (flag & short) value += flag & same ? data.getUint8(at++) : -data.getUint8(at++);
      else if (!(flag & same)) {
        value += data.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const xs = coordinates(POINT.xShort, POINT.xSame);
  const ys = coordinates(POINT.yShort, POINT.ySame);
  const all = xs.map((x, point) => ({ x, y: ys[point] as number, onCurve: ((flags[point] as number) & POINT.onCurve) !== 0 }));
  return ends.map((end, contour) => all.slice(ends[contour - 1] ?? 0, end));
}
