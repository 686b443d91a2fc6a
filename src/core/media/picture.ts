import sharp, { type Sharp } from 'sharp';
import type { Box } from './box.ts';
import { compressionOfGrid, compressionOfStep, GRID_ROWS } from './compression.ts';
import { decodePicture, decoderOf, openPicture, type PictureFile, pixelsFrom } from './decode_picture.ts';
import { isSrgbProfile } from './icc_profile.ts';
import { readJpegStructure } from './jpeg_metadata.ts';
import type { RgbPicture } from './pixels.ts';

/** Longer side, in pixels, of the picture that quality is measured on: small enough to be cheap, large enough to show a blur. */
const WORKING_SIZE = 384;
const JPEG_QUALITY = 90;
const THUMBNAIL_QUALITY = 80;
/** Mean low quantisation step below which a file cannot have made a visible grid itself: libjpeg's quality 80. */
const FINE_STEP = 5.5;

/** A picture as it is stored: a plain JPEG in full size, upright, in sRGB, transparency on white, without metadata. */
interface JpegPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A picture as it is stored, and what is needed to measure it. */
export interface StoredPicture extends JpegPicture {
  /** The stored picture at the working size: its longer side has 384 pixels. */
  readonly working: RgbPicture;
  /** Compression that shows, in [0, 1]: of the file itself, and of a JPEG that it was before. */
  readonly compression: number;
}

/**
 * Reads a picture (a path, a file's bytes, or pixels) as it is stored and measured. A file that is an upright sRGB JPEG
 * keeps its bytes but for the metadata; any other is decoded once and encoded.
 * @throws Error when it is no picture, is damaged, needs a decoder that is not there, or has more pixels than allowed
 */
export async function readPicture(input: string | Uint8Array | RgbPicture): Promise<StoredPicture> {
  if (isPixels(input)) return encoded(input, 0);
  const file = await openPicture(input);
  const structure = file.header.format === 'jpeg' ? readJpegStructure(file.bytes) : undefined;
  const ofFile = structure === undefined ? 0 : compressionOfStep(structure.quantisationStep);
  if (!structure?.isYcc || !isUprightSrgb(file)) return encoded(await decodePicture(file), ofFile);
  const { width, height, isProgressive = false } = file.header;
  // A coarse file shows a grid of its own, and of a progressive one no part can be decoded alone.
  const mayShowPast = structure.quantisationStep < FINE_STEP && !isProgressive;
  const ofPast = mayShowPast ? compressionOfGrid(await firstRows(file)) : 0;
  const working = await pixelsFrom(atWorkingSize(decoderOf(file)), file);
  return { bytes: Buffer.concat(structure.picture), width, height, working, compression: Math.max(ofFile, ofPast) };
}

/**
 * The part of a picture (a path, a file's bytes, or pixels) inside a box, as JPEG. The box is in pixels of the upright
 * picture; what lies outside is left out.
 * @throws Error when the picture cannot be decoded, or the box lies outside
 */
export async function croppedJpeg(input: string | Uint8Array | RgbPicture, box: Box): Promise<JpegPicture> {
  const picture = isPixels(input) ? input : await decodePicture(await openPicture(input));
  const left = Math.max(0, Math.round(box.left));
  const top = Math.max(0, Math.round(box.top));
  const width = Math.min(picture.width, Math.round(box.left + box.width)) - left;
  const height = Math.min(picture.height, Math.round(box.top + box.height)) - top;
  if (!(width > 0 && height > 0)) {
    const { left: x, top: y, width: w, height: h } = box;
    throw new Error(`Expected a box inside ${picture.width} × ${picture.height} pixels but received ${w} × ${h} at ${x}, ${y}.`);
  }
  return jpegOf(pipelineOf(picture).extract({ left, top, width, height }), JPEG_QUALITY);
}

/**
 * The pixels of a stored picture (a path or its bytes), its longer side at most `longestSide`.
 * @throws Error when it cannot be decoded
 */
export async function pixelsOf(input: string | Uint8Array, longestSide: number): Promise<RgbPicture> {
  const file = await openPicture(input);
  return pixelsFrom(fitting(decoderOf(file), longestSide), file);
}

/**
 * A small JPEG of a stored picture (a path or its bytes) or of pixels, its longer side at most `longestSide`.
 * @throws Error when it cannot be decoded
 */
export async function thumbnailJpeg(input: string | Uint8Array | RgbPicture, longestSide: number): Promise<Uint8Array> {
  const pixels = isPixels(input) ? input : await pixelsOf(input, longestSide);
  return (await jpegOf(fitting(pipelineOf(pixels), longestSide), THUMBNAIL_QUALITY)).bytes;
}

/**
 * Scaled down from the JPEG like a kept file, not from the pixels at hand: a JPEG scaled while it is decoded comes out a
 * little softer, and a blurred PNG would pass for sharper than its original.
 */
async function encoded(pixels: RgbPicture, ofFile: number): Promise<StoredPicture> {
  const jpeg = await jpegOf(pipelineOf(pixels), JPEG_QUALITY);
  const working = await pixelsFrom(atWorkingSize(sharp(jpeg.bytes)));
  return { ...jpeg, working, compression: Math.max(ofFile, compressionOfGrid(pixels)) };
}

function atWorkingSize(pipeline: Sharp): Sharp {
  return pipeline.resize(WORKING_SIZE, WORKING_SIZE, { fit: 'inside' });
}

function isUprightSrgb({ header }: PictureFile): boolean {
  return (header.orientation ?? 1) === 1 && (header.icc === undefined || isSrgbProfile(header.icc));
}

/** The upper rows show the grid of an older compression as well as any, and the rest need not be decoded. */
function firstRows(file: PictureFile): Promise<RgbPicture> {
  const { width, height } = file.header;
  return pixelsFrom(decoderOf(file).extract({ left: 0, top: 0, width, height: Math.min(height, GRID_ROWS) }), file);
}

function isPixels(input: string | Uint8Array | RgbPicture): input is RgbPicture {
  return typeof input === 'object' && 'data' in input;
}

function pipelineOf({ data, width, height }: RgbPicture): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function fitting(pipeline: Sharp, longestSide: number): Sharp {
  return pipeline.resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true });
}

async function jpegOf(pipeline: Sharp, quality: number): Promise<JpegPicture> {
  // Optimised Huffman tables make the file smaller by a tenth and its making twice as slow.
  const { data, info } = await pipeline.jpeg({ quality, optimiseCoding: false }).toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height };
}
