/** What a JPEG file consists of. */
export interface JpegStructure {
  /** The pieces of the file that make up the picture, in order: no EXIF, XMP, profiles, comments, previews, nothing behind its end. */
  readonly picture: readonly Uint8Array[];
  /** Whether its pixels are 8-bit YCbCr, as nearly all are, and all programs read them alike. */
  readonly isYcc: boolean;
  /** Mean quantisation step of the ten lowest frequencies of the first component: 13 at libjpeg's quality 50, 131 at 5. */
  readonly quantisationStep: number;
}

const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const QUANTISATION_TABLES = 0xdb;
const COMMENT = 0xfe;
const JFIF = 0xe0;
const ADOBE = 0xee;
/** Baseline, extended and progressive frames with Huffman codes; the others (lossless, arithmetic) are read by few programs. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
/** Huffman tables, quantisation tables, restart interval. */
const TABLES: ReadonlySet<number> = new Set([0xc4, QUANTISATION_TABLES, 0xdd]);
/** Of 64, in zigzag order: the first four diagonals. */
const LOWEST_FREQUENCIES = 10;
/** Lengths of a JFIF segment without a preview picture and of Adobe's segment; longer ones may hide something. */
const JFIF_LENGTH = 16;
const ADOBE_LENGTH = 14;

interface Segment {
  readonly marker: number;
  /** From its two bytes of length on. */
  readonly body: Uint8Array;
}

interface Frame {
  readonly precision: number;
  /** Of each component. */
  readonly ids: readonly number[];
  /** Which quantisation table the first component uses. */
  readonly table: number;
}

/**
 * Reads a JPEG file's segments without decoding its pixels; undefined when they are damaged or of a rare kind. Each step
 * goes forward and none outside the file, whatever its bytes say (ITU-T T.81, annex B).
 */
export function readJpegStructure(bytes: Uint8Array): JpegStructure | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== START_OF_IMAGE) return undefined;
  const picture = [bytes.subarray(0, 2)];
  const steps = new Map<number, number>();
  let frame: Frame | undefined;
  let hasJfif = false;
  let adobeTransform: number | undefined;
  let hasScan = false;
  for (let at = 2; ; ) {
    if (bytes[at] !== 0xff) return undefined;
    // A marker may be preceded by any number of fill bytes.
    while (bytes[at + 1] === 0xff) at++;
    if (bytes[at + 1] === END_OF_IMAGE) {
      picture.push(bytes.subarray(at, at + 2));
      break;
    }
    const segment = readSegment(bytes, at);
    if (segment === undefined) return undefined;
    const { marker, body } = segment;
    const start = at;
    at += 2 + body.length;
    if (marker === START_OF_SCAN) {
      at = endOfScan(bytes, at);
      hasScan = true;
    } else if (FRAMES.has(marker) && frame === undefined) {
      frame = readFrame(body);
    } else if (marker === QUANTISATION_TABLES) {
      readSteps(body, steps);
    } else if (isText(body, 'JFIF\0') && marker === JFIF && body.length === JFIF_LENGTH) {
      hasJfif = true;
    } else if (isText(body, 'Adobe') && marker === ADOBE && body.length === ADOBE_LENGTH) {
      adobeTransform = body[13];
    } else if (marker === COMMENT || (marker >= 0xe0 && marker <= 0xef)) {
      continue;
    } else if (!TABLES.has(marker)) {
      return undefined;
    }
    picture.push(bytes.subarray(start, at));
  }
  const quantisationStep = steps.get(frame?.table ?? -1);
  if (frame === undefined || quantisationStep === undefined || !hasScan) return undefined;
  const isYcc = adobeTransform === undefined ? hasJfif || frame.ids.join() === '1,2,3' : adobeTransform === 1;
  return { picture, isYcc: isYcc && frame.precision === 8 && frame.ids.length === 3, quantisationStep };
}

function readSegment(bytes: Uint8Array, at: number): Segment | undefined {
  const marker = bytes[at + 1];
  if (marker === undefined || at + 4 > bytes.length) return undefined;
  const length = uint16(bytes, at + 2);
  if (length < 2 || at + 2 + length > bytes.length) return undefined;
  return { marker, body: bytes.subarray(at + 2, at + 2 + length) };
}

/** Where the coded data behind a scan's header end: at a marker that is neither a stuffed zero nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

function readFrame(body: Uint8Array): Frame | undefined {
  const count = body[7] ?? 0;
  if (count === 0 || body.length !== 8 + 3 * count) return undefined;
  const ids = Array.from({ length: count }, (_, component) => body[8 + 3 * component] as number);
  return { precision: body[2] as number, ids, table: body[10] as number };
}

/** Adds the mean low step of each table of a segment; what is cut off is left out. */
function readSteps(body: Uint8Array, steps: Map<number, number>): void {
  for (let at = 2; at < body.length; ) {
    const head = body[at] as number;
    const width = head >> 4 === 0 ? 1 : 2;
    const end = at + 1 + 64 * width;
    if (end > body.length) return;
    let sum = 0;
    for (let index = 0; index < LOWEST_FREQUENCIES; index++) {
      const place = at + 1 + index * width;
      sum += width === 1 ? (body[place] as number) : uint16(body, place);
    }
    steps.set(head & 15, sum / LOWEST_FREQUENCIES);
    at = end;
  }
}

function isText(body: Uint8Array, text: string): boolean {
  return Buffer.from(body.subarray(2, 2 + text.length)).toString('latin1') === text;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
