import { Interrupted, reasonOf, throwIfInterrupted } from '../errors.ts';
import { chooseKeyFrames } from './key_frames.ts';
import { type MediaFile, resolveMediaFile } from './media_file.ts';
import { areNearDuplicates, differenceHash } from './perceptual_hash.ts';
import { encodeJpeg, workingPixels } from './picture.ts';
import { measurePicture, type QualityParts } from './quality.ts';
import { readFrame, readVideoFrames, type VideoFrame } from './video.ts';

/** A seek is mostly one process starting and decoding on one core. */
const SEEKS_AT_ONCE = 2;

/** Part of every work key: raise it when the same media would give other images. */
export const EXTRACTION_VERSION = 1;

/** A picture worth keeping, as the JPEG to be stored. */
interface ExtractedImage {
  /** Path of the medium it comes from. */
  readonly source: string;
  /** Seconds from the video's start; null for a photo. */
  readonly time: number | null;
  readonly score: number;
  readonly parts: QualityParts;
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
}

interface Extraction {
  /** Best first. */
  readonly images: readonly ExtractedImage[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

interface ExtractOptions {
  /** Most images to keep. */
  readonly limit: number;
  /** Path of the ffmpeg binary; needed for videos only. */
  readonly ffmpeg: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Candidate extends ExtractedImage {
  readonly hash: bigint;
}

/**
 * The best pictures of one note's media, near-duplicates left out. A medium that cannot be read is listed in `failed`
 * and the others go on.
 * @throws Interrupted when the signal is aborted
 */
export async function extractImages(media: readonly MediaFile[], options: ExtractOptions): Promise<Extraction> {
  const failed: { path: string; reason: string }[] = [];
  const candidates: Candidate[] = [];
  for (const medium of media) {
    throwIfInterrupted(options.signal);
    try {
      const path = await resolveMediaFile(medium);
      if (medium.kind === 'image') candidates.push(await candidate(medium, null, path));
      else candidates.push(...(await keyFrameCandidates(medium, path, options)));
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      failed.push({ path: medium.path, reason: reasonOf(error) });
    }
  }
  return { images: bestDistinct(candidates, options.limit).map(({ hash: _, ...image }) => image), failed };
}

/** Best first; the order of the media decides between equals. */
function bestDistinct(candidates: readonly Candidate[], limit: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const next of candidates.toSorted((a, b) => b.score - a.score)) {
    if (kept.length === limit) break;
    if (!kept.some((other) => areNearDuplicates(next.hash, other.hash))) kept.push(next);
  }
  return kept;
}

async function keyFrameCandidates(medium: MediaFile, path: string, options: ExtractOptions): Promise<Candidate[]> {
  if (options.ffmpeg === undefined) throw new Error('Expected an ffmpeg to read a video but none was named.');
  const source = { ffmpeg: options.ffmpeg, path, signal: options.signal };
  const frames = await readVideoFrames(source);
  const chosen = chooseKeyFrames(frames, options.limit);
  const candidates: Candidate[] = [];
  for (let at = 0; at < chosen.length; at += SEEKS_AT_ONCE) {
    const read = async (index: number): Promise<Candidate> =>
      candidate(medium, (frames[index] as VideoFrame).time, await readFrame(source, frames, index));
    candidates.push(...(await Promise.all(chosen.slice(at, at + SEEKS_AT_ONCE).map(read))));
  }
  return candidates;
}

/** What is scored is the picture as it will be stored. */
async function candidate(medium: MediaFile, time: number | null, content: string | Uint8Array): Promise<Candidate> {
  const jpeg = await encodeJpeg(content);
  const pixels = await workingPixels(jpeg);
  const { parts, score, luma } = measurePicture(pixels, jpeg.width, jpeg.height);
  const hash = differenceHash(luma, pixels.width, pixels.height);
  return { source: medium.path, time, score, parts, jpeg: jpeg.bytes, width: jpeg.width, height: jpeg.height, hash };
}
