import { throwIfInterrupted } from '../errors.ts';
import { type Box, scaleBox } from './box.ts';
import { dominantColours } from './colours.ts';
import { chooseKeyFrames, type KeyFrame } from './key_frames.ts';
import type { MediaFile } from './media_file.ts';
import type { TextReader } from './ocr/text_reader.ts';
import { textShare } from './ocr/text_share.ts';
import { differenceHash } from './perceptual_hash.ts';
import { pixelsOf, readPicture, type StoredPicture, thumbnailJpeg } from './picture.ts';
import type { RgbPicture } from './pixels.ts';
import { measurePicture, type QualityParts } from './quality.ts';
import type { Boundary, Shot } from './shots.ts';
import { analyseVideo, readFrame, type VideoAnalysis, type VideoSource } from './video.ts';

/** A seek is mostly one process starting and decoding on one core. */
const SEEKS_AT_ONCE = 2;
/** Frames of a video that are read where text speaks against those read first: half a minute of reading. */
const MOST_READ = 48;
/** Passed-over shots that are kept to be looked at: a film has a thousand. */
const MOST_PASSED_OVER = 48;
const THUMBNAIL_SIDE = 320;
/** Longer side of the picture that text is read in: letters of 12 pixels are read in a photo of 12 megapixels. */
const TEXT_SIDE = 4096;

/** Part of every key of work: raise it when the same media would give other images. */
export const ANALYSIS_VERSION = 2;

/** What to look for in a picture or video. */
export interface AnalysisOptions {
  /** Most key frames of a video. */
  readonly frames: number;
  /** Share of a frame above which text speaks against it, in [0, 1]. */
  readonly maxText: number;
  /** Reads the text in pictures; undefined where nobody asked for it. */
  readonly textReader: TextReader | undefined;
  /** Path of the ffmpeg binary; needed for videos only. */
  readonly ffmpeg: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how much of a video was looked at, in [0, 1]. */
  readonly onShare?: (share: number) => void;
}

/** A line of text in a picture, as it is stored. */
export interface FoundText extends Box {
  readonly text: string;
  readonly confidence: number;
}

/** What is known about a picture that can become an image: plain data, stored as JSON. */
export interface ImageFacts {
  /** Seconds from the video's start; null for a photo. */
  readonly time_s: number | null;
  readonly width: number;
  readonly height: number;
  /** Quality in [0, 1], and what it is made of. */
  readonly score: number;
  readonly parts: QualityParts;
  /** Difference hash, 16 hexadecimal digits. */
  readonly hash: string;
  readonly colours: readonly string[];
  /** Lines of text with their boxes in pixels; null where nobody looked. */
  readonly lines: readonly FoundText[] | null;
  readonly text_share: number | null;
}

/** A picture worth keeping, as the JPEG to be stored. */
interface FoundImage {
  readonly facts: ImageFacts;
  readonly jpeg: Uint8Array;
}

/** A shot of a video that gives no image, and why. */
interface PassedOver {
  readonly facts: { readonly time_s: number; readonly reason: string };
  /** A small JPEG of it. */
  readonly thumbnail: Uint8Array;
}

/** What was found in a video: plain data, stored as JSON and written by `extract --shots`. */
export interface VideoFacts {
  readonly width: number;
  readonly height: number;
  readonly seconds: number;
  readonly frames: number;
  readonly boundaries: readonly {
    readonly kind: Boundary['kind'];
    readonly first_frame: number;
    readonly last_frame: number;
    readonly start_s: number;
    readonly end_s: number;
    readonly score: number;
  }[];
  readonly shots: readonly {
    readonly first_frame: number;
    readonly last_frame: number;
    readonly start_s: number;
    readonly end_s: number;
    /** The frame that shows it best, and how good it is among the frames of this video; null where no frame can. */
    readonly key_frame_s: number | null;
    readonly quality: number;
    /** Why it gives no image; null where it does. */
    readonly reason: string | null;
  }[];
}

/** What a picture or video offers. */
export interface MediumAnalysis {
  readonly images: readonly FoundImage[];
  readonly passedOver: readonly PassedOver[];
  /** Null for a photo. */
  readonly video: VideoFacts | null;
}

/**
 * Finds the pictures in one medium: a photo gives itself, a video the best frames of its best shots.
 * @throws Error when it cannot be decoded; Interrupted when the signal is aborted
 */
export async function analyseMedium(path: string, kind: MediaFile['kind'], options: AnalysisOptions): Promise<MediumAnalysis> {
  throwIfInterrupted(options.signal);
  if (kind === 'image') return { images: [await imageOf(path, null, options)], passedOver: [], video: null };
  if (options.ffmpeg === undefined) throw new Error('Expected an ffmpeg to read a video but none was named.');
  const { ffmpeg, signal, onShare } = options;
  return analyseFrames({ ffmpeg, path, signal, onShare }, options);
}

async function analyseFrames(source: VideoSource, options: AnalysisOptions): Promise<MediumAnalysis> {
  const analysis = await analyseVideo(source);
  const images = new Map<number, FoundImage>();
  let keyFrames: readonly KeyFrame[] = analysis.keyFrames;
  let choice = chooseKeyFrames(keyFrames, options.frames);
  for (;;) {
    const wanted = choice.filter(({ shot, rejected }) => rejected === null && !images.has(shot));
    if (wanted.length === 0 || images.size >= Math.max(MOST_READ, options.frames)) break;
    for (let at = 0; at < wanted.length; at += SEEKS_AT_ONCE) {
      const read = async ({ shot, frame, time }: KeyFrame): Promise<void> => {
        const picture = await readFrame(source, analysis, frame as number);
        images.set(shot, await imageOf(picture, time, options));
      };
      await Promise.all(wanted.slice(at, at + SEEKS_AT_ONCE).map(read));
    }
    // A frame full of text makes room for another shot's.
    const isWordy = ({ shot }: KeyFrame): boolean => (images.get(shot)?.facts.text_share ?? 0) > options.maxText;
    keyFrames = keyFrames.map((each) => (isWordy(each) ? { ...each, rejected: 'text covers too much of it' } : each));
    choice = chooseKeyFrames(keyFrames, options.frames);
  }
  const isUnread = ({ shot, rejected }: KeyFrame): boolean => rejected === null && !images.has(shot);
  choice = choice.map((each) => (isUnread(each) ? { ...each, rejected: 'not read: text covers all better shots' } : each));
  return {
    images: [...images].sort(([a], [b]) => a - b).map(([, image]) => image),
    passedOver: await passedOver(
      analysis,
      choice.filter(({ shot }) => !images.has(shot)),
    ),
    video: factsOf(analysis, choice),
  };
}

/** Small pictures of the best shots that gave no image, in the order of time. */
async function passedOver({ keyFrames }: VideoAnalysis, rejected: readonly KeyFrame[]): Promise<PassedOver[]> {
  const shown = rejected
    .toSorted((a, b) => b.quality - a.quality || a.shot - b.shot)
    .slice(0, MOST_PASSED_OVER)
    .sort((a, b) => a.shot - b.shot);
  const found: PassedOver[] = [];
  for (const { shot, time, rejected: reason } of shown) {
    const thumbnail = keyFrames.find((each) => each.shot === shot)?.thumbnail();
    if (thumbnail === undefined || reason === null) continue;
    found.push({ facts: { time_s: time, reason }, thumbnail: await thumbnailJpeg(thumbnail, THUMBNAIL_SIDE) });
  }
  return found;
}

function factsOf({ width, height, seconds, times, boundaries, shots }: VideoAnalysis, keyFrames: readonly KeyFrame[]): VideoFacts {
  const range = ({ first, last, startSeconds, endSeconds }: Shot) => ({
    first_frame: first,
    last_frame: last,
    start_s: rounded(startSeconds),
    end_s: rounded(endSeconds),
  });
  return {
    width,
    height,
    seconds: rounded(seconds),
    frames: times.length,
    boundaries: boundaries.map((boundary) => ({ kind: boundary.kind, ...range(boundary), score: rounded(boundary.score) })),
    shots: keyFrames.map(({ shot, frame, time, quality, rejected }) => ({
      ...range(shots[shot] as Shot),
      key_frame_s: frame === null ? null : rounded(time),
      quality: rounded(quality),
      reason: rejected,
    })),
  };
}

/** The picture as it would be stored, and what is known about it. */
async function imageOf(input: string | RgbPicture, time: number | null, { textReader }: AnalysisOptions): Promise<FoundImage> {
  const picture = await readPicture(input);
  const lines = textReader === undefined ? null : await findText(picture.bytes, picture.width, textReader);
  return { facts: imageFacts(picture, time === null ? null : rounded(time), lines), jpeg: picture.bytes };
}

/**
 * What is known about a picture as it is stored.
 * @param time seconds from the video's start; null for a photo
 * @param lines text in its pixels; null where nobody looked
 */
export function imageFacts(
  { width, height, working, compression }: StoredPicture,
  time: number | null,
  lines: readonly FoundText[] | null,
): ImageFacts {
  const share = lines === null ? null : rounded(textShare(lines, width, height));
  const { parts, score, luma } = measurePicture(working, width, height, { compression, textShare: share ?? undefined });
  return {
    time_s: time,
    width,
    height,
    score,
    parts,
    hash: differenceHash(luma, working.width, working.height).toString(16).padStart(16, '0'),
    colours: dominantColours(working),
    lines,
    text_share: share,
  };
}

/** Contrast and sharpness below which a picture is one colour; noise and coding leave a little of both. */
const PLAIN = { contrast: 0.02, sharpness: 0.01 } as const;
/** Shorter side of the smallest picture that can show something. */
const SMALLEST_SIDE = 32;

/** Why a picture cannot be an image, whatever else there is; null where it can. */
export function unusable({ width, height, parts }: ImageFacts): string | null {
  if (Math.min(width, height) < SMALLEST_SIDE) return `too small to show anything: ${width} × ${height} pixels`;
  return parts.contrast < PLAIN.contrast && parts.sharpness < PLAIN.sharpness ? 'plain: it shows nothing' : null;
}

/** Lines of text with boxes in whole pixels of the picture in full. */
async function findText(jpeg: Uint8Array, width: number, reader: TextReader): Promise<FoundText[]> {
  const picture = await pixelsOf(jpeg, TEXT_SIDE);
  const found = await reader.read(picture);
  return found.map(({ text, confidence, box }) => {
    const full = scaleBox(box, width / picture.width);
    const [left, top] = [Math.floor(full.left), Math.floor(full.top)];
    const [right, bottom] = [Math.ceil(full.left + full.width), Math.ceil(full.top + full.height)];
    return { text, confidence: rounded(confidence), left, top, width: right - left, height: bottom - top };
  });
}

/** To a microsecond, and six digits of a score. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
