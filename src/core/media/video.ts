import { runFfmpeg } from './ffmpeg.ts';
import { createTalkReader, type StoredSize } from './ffmpeg_talk.ts';
import type { FrameMeasures, FrameSize } from './frame_measures.ts';
import type { KeptFrames } from './kept_frames.ts';
import { findKeyFrames, type KeyFrame } from './key_frames.ts';
import { MEDIA_LIMITS } from './limits.ts';
import type { RgbPicture } from './pixels.ts';
import { type Boundary, findBoundaries, findShots, type Shot } from './shots.ts';
import { createSmallFrameReader, type SmallFrameReader } from './small_frames.ts';

/** Pixels of a frame in the analysis: 120 × 68 of a wide one, for which a frame takes 0.1 ms. */
const ANALYSIS_PIXELS = 8192;
const SIDE_MIN = 32;
const SIDE_MAX = 1024;
const GUARDS = ['-nostats', '-v', 'verbose', '-max_pixels', String(MEDIA_LIMITS.imagePixels)];
/** Each thread of a decoder holds frames of its own: 4 of them stay under 1 GB in 4K. */
const THREADS_OF_A_PASS = ['-threads', '4'];
/** For a few frames more threads only cost more: they begin frames that nobody wants. */
const THREADS_OF_A_SEEK = ['-threads', '1'];
/** A file that breaks off lacks more of its length than the ends of its streams differ. */
const MISSING_SECONDS = 0.5;
/** Pixels this nearly square come from rounding a size; to scale them would only soften the picture. */
const SQUARE_TOLERANCE = 0.01;
/** In an MPEG program stream a frame behind a seek may carry the time of the next one. */
const SHIFTED = 'mpeg';
/** Shorter side of the smallest HD video. */
const HD_LINES = 720;

export interface VideoSource {
  /** Path of the ffmpeg binary. */
  readonly ffmpeg: string;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the video was looked at, in [0, 1]. */
  readonly onShare?: ((share: number) => void) | undefined;
}

/** A key frame with its small picture, for people to look at. */
export interface ShownKeyFrame extends KeyFrame {
  readonly thumbnail: () => RgbPicture | undefined;
}

/** What one look at all frames of a video tells. */
export interface VideoAnalysis {
  /** Size of a frame in full, upright and with square pixels. */
  readonly width: number;
  readonly height: number;
  /** Whether a seek in the file lands where its times say. */
  readonly seeksWell: boolean;
  /** How the colours are coded, as ffmpeg's filters name it. */
  readonly colourMatrix: string;
  readonly seconds: number;
  /** Presentation time of every frame in seconds from the video's start. */
  readonly times: Float64Array;
  readonly boundaries: readonly Boundary[];
  readonly shots: readonly Shot[];
  /** One for every shot. */
  readonly keyFrames: readonly ShownKeyFrame[];
}

/**
 * Decodes a video once, small, and finds its shots and their best frames.
 * @throws Error when it cannot be decoded, has no frames, breaks off, or is too long or too large; Interrupted when the
 * signal is aborted
 */
export async function analyseVideo(source: VideoSource): Promise<VideoAnalysis> {
  const { size, seeksWell, colourMatrix, times, codedKeys, measures, kept } = await readSmallFrames(source);
  const seconds = endOf(times);
  const boundaries = findBoundaries(measures, times, seconds);
  const shots = findShots(boundaries, times, seconds);
  const keyFrames = findKeyFrames(measures, times, shots, codedKeys).map((keyFrame) => {
    const { first, last } = shots[keyFrame.shot] as Shot;
    return { ...keyFrame, thumbnail: () => kept.nearest(keyFrame.shown, first, last) };
  });
  return { ...size, seeksWell, colourMatrix, seconds, times, boundaries, shots, keyFrames };
}

/** One frame of a video in full size, upright and with square pixels. */
export async function readFrame(source: VideoSource, analysis: VideoAnalysis, frame: number): Promise<RgbPicture> {
  const { times } = analysis;
  const time = times[frame] as number;
  const toBefore = time - (times[frame - 1] ?? Number.NEGATIVE_INFINITY);
  const toNext = (times[frame + 1] ?? Number.POSITIVE_INFINITY) - time;
  // Half-way from the frame before: rounding of either time cannot reach a neighbour.
  const from = Number.isFinite(toBefore) ? time - toBefore / 2 : 0;
  const seek = from > 0 ? ['-ss', from.toFixed(6)] : [];
  const fast = analysis.seeksWell ? await frameAt(source, analysis, seek, []) : undefined;
  // After a seek in the input, times count from there. MPEG-TS lands late or nowhere: then all is decoded up to the frame.
  if (fast && Math.abs(fast.time - (time - from)) < Math.min(toBefore, toNext) / 2) return fast.picture;
  const exact = await frameAt(source, analysis, [], seek);
  if (!exact) throw new Error(`Expected a frame at ${time.toFixed(3)} s but there is none.`);
  return exact.picture;
}

async function frameAt(
  source: VideoSource,
  { width, height, colourMatrix }: VideoAnalysis,
  inputSeek: readonly string[],
  outputSeek: readonly string[],
): Promise<{ readonly time: number; readonly picture: RgbPicture } | undefined> {
  const data = new Uint8Array(width * height * 3);
  let filled = 0;
  let shown: number | undefined;
  await runFfmpeg({
    ffmpeg: source.ffmpeg,
    input: source.path,
    inputOptions: [...GUARDS, ...THREADS_OF_A_SEEK, ...inputSeek],
    outputOptions: [
      ...[...outputSeek, '-frames:v', '1', '-filter:v', `showinfo,scale=${width}:${height}:in_color_matrix=${colourMatrix}`],
      ...['-pix_fmt', 'rgb24', '-f', 'rawvideo'],
    ],
    signal: source.signal,
    onLine: createTalkReader({
      onFrame: (time) => {
        shown ??= time;
      },
    }),
    onData: (chunk) => {
      data.set(chunk.subarray(0, data.length - filled), filled);
      filled += chunk.length;
    },
  });
  return filled < data.length ? undefined : { time: shown ?? 0, picture: { data, width, height } };
}

interface SmallFrames {
  readonly size: FrameSize;
  readonly seeksWell: boolean;
  readonly colourMatrix: string;
  readonly times: Float64Array;
  readonly codedKeys: readonly number[];
  readonly measures: FrameMeasures;
  readonly kept: KeptFrames;
}

async function readSmallFrames(source: VideoSource): Promise<SmallFrames> {
  const times: number[] = [];
  const codedKeys: number[] = [];
  const talk: { size?: FrameSize; container?: string; colourMatrix?: string; duration: number; damaged: boolean } = {
    duration: 0,
    damaged: false,
  };
  let small: SmallFrameReader | undefined;
  // Frames come through one pipe and their size through another: what is first has to wait.
  const early: Uint8Array[] = [];
  await runFfmpeg({
    ffmpeg: source.ffmpeg,
    input: source.path,
    // One filter graph for the whole video: it scales frames of any size, and a new one would count from 0 again. The loop
    // filter smooths edges of coded blocks, which are not seen at this size, in a sixth of the time.
    inputOptions: [...GUARDS, ...THREADS_OF_A_PASS, '-reinit_filter', '0', '-skip_loop_filter', 'all'],
    // showinfo tells the true times. Behind it the frames are counted anew at a fixed rate, so ffmpeg of any version
    // neither drops nor repeats one of a variable rate.
    outputOptions: [
      '-filter:v',
      `scale=w=${analysisSide('dar')}:h=${analysisSide('1/dar')}:flags=area,showinfo,settb=1/25,setpts=N`,
      ...['-r', '25', '-pix_fmt', 'yuv420p', '-f', 'rawvideo'],
    ],
    signal: source.signal,
    onLine: createTalkReader({
      onContainer: (name) => {
        talk.container = name;
      },
      onDuration: (seconds) => {
        talk.duration = refuseLong(seconds);
      },
      onSize: (full, scaled) => {
        talk.size ??= squarePixels(full);
        small ??= createSmallFrameReader(scaled);
      },
      onColourSpace: (name) => {
        talk.colourMatrix = name;
      },
      onFrame: (time, codedKey) => {
        if (codedKey) codedKeys.push(times.length);
        if (times.length === MEDIA_LIMITS.videoFrames) {
          throw new Error(
            `Expected a video of at most ${MEDIA_LIMITS.videoFrames} frames but it has more. Cut it, or lower its frame rate.`,
          );
        }
        times.push(refuseLong(time));
        if (talk.duration > 0) source.onShare?.(Math.min(1, time / talk.duration));
      },
      onDamage: () => {
        talk.damaged = true;
      },
    }),
    onData: (chunk) => {
      if (small) for (const each of [...early.splice(0), chunk]) small.read(each);
      else early.push(chunk);
    },
  });
  for (const chunk of early) small?.read(chunk);
  const measures = small?.measures();
  if (!small || !measures || measures.count === 0 || !talk.size) throw new Error('Expected a video but it has no frames.');
  // ffmpeg announces a frame before it writes it, so the times are never fewer.
  const read = Float64Array.from(times.slice(0, measures.count));
  if (talk.damaged && talk.duration - endOf(read) > MISSING_SECONDS) {
    throw new Error(`Expected ${talk.duration} s of video but the file breaks off at ${endOf(read).toFixed(1)} s. Copy it again.`);
  }
  const colourMatrix = matrixOf(talk.size, talk.colourMatrix);
  const seeksWell = talk.container !== SHIFTED;
  return { size: talk.size, seeksWell, colourMatrix, times: read, codedKeys, measures, kept: small.kept };
}

/** An expression of ffmpeg's for a side whose square is `shape` times the pixels of the analysis; even. */
function analysisSide(shape: string): string {
  return `'clip(2*round(sqrt(${ANALYSIS_PIXELS}*${shape})/2),${SIDE_MIN},${SIDE_MAX})'`;
}

function squarePixels({ width, height, pixelAspect }: StoredSize): FrameSize {
  const isSquare = Math.abs(pixelAspect - 1) < SQUARE_TOLERANCE;
  const size = { width: isSquare ? width : Math.max(1, Math.round(width * pixelAspect)), height };
  if (size.width * size.height <= MEDIA_LIMITS.imagePixels) return size;
  throw new Error(
    `Expected frames of at most ${MEDIA_LIMITS.imagePixels / 1e6} megapixels but they have ${size.width} × ${height}. Scale the video down.`,
  );
}

/** Where a video does not say it, large frames have the colours of HD and small ones those of SD, as players take it. */
function matrixOf({ width, height }: FrameSize, name: string | undefined): string {
  return (name ?? 'unknown') === 'unknown' && Math.min(width, height) >= HD_LINES ? 'bt709' : 'auto';
}

function refuseLong(seconds: number): number {
  if (seconds <= MEDIA_LIMITS.videoSeconds) return seconds;
  throw new Error(`Expected a video of at most ${MEDIA_LIMITS.videoSeconds} s but it lasts ${Math.round(seconds)} s. Cut it.`);
}

/** When the last frame ends, if it lasts as long as the others do on average. */
function endOf(times: Float64Array): number {
  const [first, last] = [times[0] as number, times.at(-1) as number];
  return last + (last - first) / Math.max(1, times.length - 1);
}
