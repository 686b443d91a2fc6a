import { type FoundText, type ImageFacts, imageFacts } from './analyse_medium.ts';
import { type Box, scaleBox } from './box.ts';
import { type Crop, chooseCrop, fullSizeCrop } from './crops.ts';
import { createFaceFinder } from './faces/face_finder.ts';
import { croppedJpeg, pixelsOf, readPicture } from './picture.ts';
import type { Ratio } from './ratios.ts';

/** Longer side of the picture in which faces are looked for and crops are chosen. */
const CROPPING_SIZE = 416;

/** A picture cut to a ratio. */
export interface CroppedImage {
  /** As of a picture of its own. */
  readonly facts: ImageFacts;
  readonly jpeg: Uint8Array;
  /** What is stored beside the facts: the ratio, the box in pixels of the whole picture, and what it cuts. */
  readonly crop: {
    readonly ratio: string;
    readonly crop: Box;
    readonly crop_score: number;
    readonly faces: readonly Box[];
    readonly cuts_text: boolean;
    readonly cuts_face: boolean;
  };
}

/** Cuts pictures to ratios; keeps its face detector loaded until closed. */
export interface Cropper {
  /** One crop a ratio of a stored picture (a path), which has these facts. */
  readonly crop: (path: string, facts: ImageFacts, ratios: readonly Ratio[]) => Promise<CroppedImage[]>;
  readonly close: () => Promise<void>;
}

/** @throws UserError when the weights of the face detector cannot be read */
export async function createCropper(): Promise<Cropper> {
  const finder = await createFaceFinder();
  return {
    close: () => finder.close(),
    crop: async (path, facts, ratios) => {
      const small = await pixelsOf(path, CROPPING_SIZE);
      const factor = facts.width / small.width;
      const faces = (await finder.find(small)).map(({ box }) => box);
      const texts = (facts.lines ?? []).map((line) => scaleBox(line, 1 / factor));
      const inFull = { faces: faces.map((face) => wholePixels(scaleBox(face, factor))), texts: facts.lines ?? [] };
      const cropped: CroppedImage[] = [];
      for (const ratio of ratios) {
        const crop = fullSizeCrop(await chooseCrop(small, ratio, { faces, texts }), ratio, facts.width, facts.height, inFull);
        cropped.push(await croppedImage(path, facts, ratio, crop, inFull.faces));
      }
      return cropped;
    },
  };
}

async function croppedImage(path: string, whole: ImageFacts, ratio: Ratio, crop: Crop, faces: readonly Box[]): Promise<CroppedImage> {
  const { box } = crop;
  const picture = await readPicture((await croppedJpeg(path, box)).bytes);
  const lines = whole.lines === null ? null : linesInside(whole.lines, box);
  return {
    jpeg: picture.bytes,
    facts: imageFacts(picture, whole.time_s, lines),
    crop: {
      ratio: ratio.name,
      crop: box,
      crop_score: crop.score,
      faces,
      cuts_text: crop.cutsText,
      cuts_face: crop.cutsFace,
    },
  };
}

/** The lines a crop shows, in its pixels. */
function linesInside(lines: readonly FoundText[], crop: Box): FoundText[] {
  return lines.flatMap(({ text, confidence, ...box }) => {
    const left = Math.max(0, box.left - crop.left);
    const top = Math.max(0, box.top - crop.top);
    const width = Math.min(crop.width, box.left + box.width - crop.left) - left;
    const height = Math.min(crop.height, box.top + box.height - crop.top) - top;
    return width > 0 && height > 0 ? [{ text, confidence, left, top, width, height }] : [];
  });
}

function wholePixels({ left, top, width, height }: Box): Box {
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { left: x, top: y, width: Math.ceil(left + width) - x, height: Math.ceil(top + height) - y };
}
