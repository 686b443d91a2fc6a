import { LINE_HEIGHT, type LinePixels } from './line_pixels.ts';

/** The recogniser was trained on lines of at least this width: shorter ones are padded. */
const LEAST_WIDTH = 320;
const LINES_AT_ONCE = 6;
/** Class 0 of the recogniser's output: no character here, or the same one going on. */
const BLANK = 0;
/**
 * Probability of a space, summed from one character to the next, from which on there is one. The network spreads it over
 * several steps: where only likeliest classes count, a fifth of the spaces of English lines is lost.
 */
const SPACE_PROBABILITY = 0.08;

/** What a line says, and the mean probability of its characters; 0 for none. */
export interface ReadLine {
  readonly text: string;
  readonly confidence: number;
}

/** Runs the network on a batch: [lines, 3, 48, width] of values in [−1, 1] to [lines, steps, characters] of probabilities. */
export type RunRecogniser = (
  pixels: Float32Array,
  dims: readonly [number, number, number, number],
) => Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;

/** Reads lines, several of like width at once, in the order given. */
export async function readLines(lines: readonly LinePixels[], run: RunRecogniser, characters: readonly string[]): Promise<ReadLine[]> {
  const read = new Array<ReadLine>(lines.length);
  const byWidth = [...lines.keys()].sort((a, b) => (lines[a] as LinePixels).width - (lines[b] as LinePixels).width);
  for (let start = 0; start < byWidth.length; start += LINES_AT_ONCE) {
    const batch = byWidth.slice(start, start + LINES_AT_ONCE);
    const width = Math.max(LEAST_WIDTH, ...batch.map((line) => (lines[line] as LinePixels).width));
    const pixels = new Float32Array(batch.length * 3 * LINE_HEIGHT * width);
    for (const [place, line] of batch.entries()) layOut(lines[line] as LinePixels, pixels, place, width);
    const { data, dims } = await run(pixels, [batch.length, 3, LINE_HEIGHT, width]);
    const [, steps = 0, classes = 0] = dims;
    for (const [place, line] of batch.entries()) {
      read[line] = decodeLine(data.subarray(place * steps * classes, (place + 1) * steps * classes), classes, characters);
    }
  }
  return read;
}

/** Channels apart, blue first, as the network was trained; the rest of the width stays grey. */
function layOut({ data, width }: LinePixels, pixels: Float32Array, place: number, batchWidth: number): void {
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < LINE_HEIGHT; row++) {
      let to = ((place * 3 + channel) * LINE_HEIGHT + row) * batchWidth;
      for (let from = row * width * 3 + 2 - channel, end = (row + 1) * width * 3; from < end; from += 3, to++) {
        pixels[to] = (data[from] as number) / 127.5 - 1;
      }
    }
  }
}

/**
 * The text of one line by greedy decoding of connectionist temporal classification (Graves et al. 2006): the likeliest
 * class of each step, repetitions taken once, blanks left out. Spaces, which stand between characters only, count from a
 * smaller probability on and not in the confidence.
 * @param probabilities [steps × classes]; class 0 is the blank, class i is `characters[i − 1]`, the last one the space
 */
export function decodeLine(probabilities: Float32Array, classes: number, characters: readonly string[]): ReadLine {
  let text = '';
  let sum = 0;
  let read = 0;
  let before = BLANK;
  let space = 0;
  const spaceClass = classes - 1;
  for (let step = 0; step < probabilities.length; step += classes) {
    let best = 0;
    for (let each = 1; each < classes; each++) {
      if ((probabilities[step + each] as number) > (probabilities[step + best] as number)) best = each;
    }
    if (best === BLANK || best === spaceClass) space += probabilities[step + spaceClass] as number;
    else if (best !== before) {
      if (read > 0 && space >= SPACE_PROBABILITY) text += ' ';
      space = 0;
      text += characters[best - 1] ?? '';
      sum += probabilities[step + best] as number;
      read++;
    }
    before = best;
  }
  return { text, confidence: read === 0 ? 0 : sum / read };
}
