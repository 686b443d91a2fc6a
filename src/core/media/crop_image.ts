import { type FoundText, type ImageFacts, imageFacts } from './analyse_medium.ts';
import { type Box, scaleBox } from './box.ts';
import { type Crop, chooseCrop, fullSizeCrop, salienceOf } from './crops.ts';
import { decodePicture, openPicture } from './decode_picture.ts';
import { createFaceFinder } from './faces/face_finder.ts';
import { croppedJpeg, pixelsOf, readPicture } from './picture.ts';
import type { RgbPicture } from './pixels.ts';
import type { Ratio } from './ratios.ts';

/** Longer side of the picture in which faces are looked for and crops are chosen. */
const CROPPING_SIZE = 416;

/** A line of which a crop shows this share is read there as it stands. */
const READABLE_SHARE = 0.9;

/** A picture cut to a ratio. */
export interface CroppedImage {
  /** As of a picture of its own. */
  readonly facts: ImageFacts;
  /** Null where the whole picture has the ratio: it stays as it is. */
  readonly jpeg: Uint8Array | null;
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
      const salience = once(() => salienceOf(small, { faces, texts }));
      const pixels = once(async () => decodePicture(await openPicture(path)));
      const cropped: CroppedImage[] = [];
      for (const ratio of ratios) {
        const chosen = await chooseCrop(small, ratio, { faces, texts }, salience);
        const crop = fullSizeCrop(chosen, ratio, facts.width, facts.height, inFull);
        cropped.push(await croppedImage(pixels, facts, ratio, crop, inFull.faces));
      }
      return cropped;
    },
  };
}

/** The picture in full size, decoded when it is first cut. */
type Pixels = () => Promise<RgbPicture>;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function croppedImage(pixels: Pixels, whole: ImageFacts, ratio: Ratio, crop: Crop, faces: readonly Box[]): Promise<CroppedImage> {
  const { box } = crop;
  const isWhole = box.width === whole.width && box.height === whole.height;
  return {
    ...(isWhole ? { jpeg: null, facts: whole } : await cut(pixels, whole, box)),
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

async function cut(pixels: Pixels, whole: ImageFacts, box: Box): Promise<{ readonly jpeg: Uint8Array; readonly facts: ImageFacts }> {
  const picture = await readPicture((await croppedJpeg(await pixels(), box)).bytes);
  const parts = (whole.lines ?? []).flatMap((line) => partInside(line, box));
  const facts = imageFacts(picture, whole.time_s, whole.lines === null ? null : parts.map(({ part }) => part));
  // Words that are cut away are not shown.
  const lines = facts.lines && parts.filter(({ share }) => share >= READABLE_SHARE).map(({ part }) => part);
  return { jpeg: picture.bytes, facts: { ...facts, lines } };
}

/** What a crop shows of a line, in its pixels, and how much of the line that is; nothing where it shows none. */
function partInside({ text, confidence, ...line }: FoundText, crop: Box): { readonly part: FoundText; readonly share: number }[] {
  const left = Math.max(0, line.left - crop.left);
  const top = Math.max(0, line.top - crop.top);
  const width = Math.min(crop.width, line.left + line.width - crop.left) - left;
  const height = Math.min(crop.height, line.top + line.height - crop.top) - top;
  if (width <= 0 || height <= 0) return [];
  return [{ part: { text, confidence, left, top, width, height }, share: (width * height) / (line.width * line.height) }];
}

function wholePixels({ left, top, width, height }: Box): Box {
  const [x, y] = [Math.floor(left), Math.floor(top)];
  return { left: x, top: y, width: Math.ceil(left + width) - x, height: Math.ceil(top + height) - y };
}
