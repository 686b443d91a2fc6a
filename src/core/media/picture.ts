import sharp from 'sharp';
import { reasonOf } from '../errors.ts';
import { MEDIA_LIMITS } from './limits.ts';
import type { RgbPicture } from './quality.ts';

/** Longer side, in pixels, of the picture that quality is measured on: small enough to be cheap, large enough to show a blur. */
const WORKING_SIZE = 384;
/** Formats decoded; SVG and PDF are programs rather than pictures, and may name other files. */
const FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);
const PICTURE = 'a JPEG, PNG, WebP, GIF, TIFF or AVIF picture';
const JPEG_QUALITY = 90;
const WHITE = '#ffffff';

/** A picture as it is stored: a plain JPEG in full size, upright, in sRGB, transparency on white, without metadata. */
interface JpegPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a picture (a path, or a file's bytes) and encodes it as it is stored.
 * @throws Error when it is no picture, is damaged, or has more pixels than allowed
 */
export async function encodeJpeg(input: string | Uint8Array): Promise<JpegPicture> {
  const { format, width, height } = await decoded(sharp(input, { limitInputPixels: false }).metadata());
  if (!FORMATS.has(format)) throw new Error(`Expected ${PICTURE} but received ${format}.`);
  if (width * height > MEDIA_LIMITS.imagePixels) {
    throw new Error(`Expected at most ${MEDIA_LIMITS.imagePixels / 1e6} megapixels but received ${width} × ${height}. Scale it down.`);
  }
  const encoder = sharp(input, { limitInputPixels: MEDIA_LIMITS.imagePixels, failOn: 'error' })
    .timeout({ seconds: MEDIA_LIMITS.imageDecodeSeconds })
    .autoOrient()
    .flatten({ background: WHITE })
    .toColourspace('srgb')
    // Optimised Huffman tables make the file smaller by a tenth and its making twice as slow.
    .jpeg({ quality: JPEG_QUALITY, optimiseCoding: false });
  const { data, info } = await decoded(encoder.toBuffer({ resolveWithObject: true }));
  return { bytes: data, width: info.width, height: info.height };
}

/** The pixels of a stored picture at the working size; a JPEG is scaled while it is decoded, which makes this cheap. */
export async function workingPixels(picture: JpegPicture): Promise<RgbPicture> {
  const scaled = sharp(picture.bytes).resize(WORKING_SIZE, WORKING_SIZE, { fit: 'inside' }).toColourspace('srgb').raw();
  const { data, info } = await scaled.toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

async function decoded<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw new Error(`Expected ${PICTURE} but it cannot be decoded: ${reasonOf(error)}.`);
  }
}
