import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { reasonOf } from '../errors.ts';
import { fileKind, HEAD_BYTES } from './file_kind.ts';
import { isSrgbProfile } from './icc_profile.ts';
import { MEDIA_LIMITS } from './limits.ts';
import type { RgbPicture } from './pixels.ts';

/** Formats decoded; SVG and PDF are programs rather than pictures, and may name other files. */
const FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);
/** Formats whose pages are the frames of an animation; a TIFF's pages are pictures of their own. */
const ANIMATIONS = new Set(['gif', 'webp']);
const PICTURE = 'a JPEG, PNG, WebP, GIF, TIFF or AVIF picture';
const WHITE = '#ffffff';
/** Frames looked through for the first that shows something; a fade from black is over by then. */
const MOST_BLANK_FRAMES = 60;
/** A frame is blank when no channel's standard deviation is above this, in levels of 255. */
const BLANK_DEVIATION = 2;

/** A picture's file, opened but not decoded. */
export interface PictureFile {
  readonly bytes: Uint8Array;
  readonly header: Metadata;
}

/**
 * Reads what a picture's file (a path, or its bytes) says about itself, before any pixel is decoded.
 * @throws Error when it is no picture, needs a decoder that is not there, or has more pixels than allowed
 */
export async function openPicture(input: string | Uint8Array): Promise<PictureFile> {
  const bytes = typeof input === 'string' ? await readFile(input) : input;
  if (bytes.length === 0) throw new Error(`Expected ${PICTURE} but the file is empty. Copy it again from where it came.`);
  const kind = fileKind(bytes.subarray(0, HEAD_BYTES));
  if (kind !== undefined && !kind.readAs.includes('image')) {
    throw new Error(`Expected ${PICTURE} but the file holds ${kind.name}. ${kind.remedy}`);
  }
  const header = await explained(sharp(bytes, { limitInputPixels: false }).metadata(), bytes);
  const { format, width, height } = header;
  if (!FORMATS.has(format)) throw new Error(`Expected ${PICTURE} but received ${format}. Save it as JPEG.`);
  if (width * height > MEDIA_LIMITS.imagePixels) {
    throw new Error(`Expected at most ${MEDIA_LIMITS.imagePixels / 1e6} megapixels but received ${width} × ${height}. Scale it down.`);
  }
  return { bytes, header };
}

/**
 * All pixels of a picture: upright, in sRGB with 8 bits whatever its profile and depth, transparency on white; of an
 * animation the first frame that shows something.
 * @throws Error when it is damaged or cut off
 */
export async function decodePicture(picture: PictureFile): Promise<RgbPicture> {
  const decoder = decoderOf(picture, await firstFrameWithContent(picture)).autoOrient();
  return pixelsFrom(picture.header.hasAlpha ? decoder.flatten({ background: WHITE }) : decoder, picture);
}

async function firstFrameWithContent(picture: PictureFile): Promise<number> {
  const { bytes, header } = picture;
  const frames = ANIMATIONS.has(header.format) ? (header.pages ?? 1) : 1;
  if (frames === 1) return 0;
  for (let frame = 0; frame < Math.min(frames, MOST_BLANK_FRAMES); frame++) {
    const { channels } = await explained(decoderOf(picture, frame).stats(), bytes);
    if (channels.some(({ stdev }) => stdev > BLANK_DEVIATION)) return frame;
  }
  return 0;
}

/** The decoder of a picture: it holds to the limits, refuses a file that is cut off, and does not convert sRGB to sRGB. */
export function decoderOf({ bytes, header }: PictureFile, page = 0): Sharp {
  const ignoreIcc = header.icc !== undefined && isSrgbProfile(header.icc);
  const options = { limitInputPixels: MEDIA_LIMITS.imagePixels, failOn: 'error', ignoreIcc, page } as const;
  return sharp(bytes, options).timeout({ seconds: MEDIA_LIMITS.imageDecodeSeconds });
}

/** The pixels that come out of a pipeline; `file` is what goes into it, unless that is pixels. */
export async function pixelsFrom(pipeline: Sharp, file?: PictureFile): Promise<RgbPicture> {
  const result = pipeline.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const { data, info } = await (file === undefined ? result : explained(result, file.bytes));
  return { data, width: info.width, height: info.height };
}

/**
 * Says of a decoder's refusal what it means and what to do. Its own words are left out: it collects those of all pictures
 * that are decoded at the same time.
 */
async function explained<T>(result: Promise<T>, bytes: Uint8Array): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (/^timeout\b/.test(reasonOf(error))) {
      throw new Error(`Expected a picture that is decoded within ${MEDIA_LIMITS.imageDecodeSeconds} s but it takes longer. Scale it down.`);
    }
    const kind = fileKind(bytes.subarray(0, HEAD_BYTES));
    if (kind?.name === 'a HEIC picture') {
      throw new Error(`Expected ${PICTURE} but HEIC needs an HEVC decoder, which is not part of this program. Save it as JPEG.`);
    }
    if (kind === undefined) throw new Error(`Expected ${PICTURE} but it cannot be decoded. Save it as JPEG.`);
    throw new Error(`Expected ${kind.name} but it cannot be decoded, so it is damaged or cut off. Copy it again from where it came.`);
  }
}
