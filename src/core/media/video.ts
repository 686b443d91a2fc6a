import { runFfmpeg } from './ffmpeg.ts';
import { MEDIA_LIMITS } from './limits.ts';
import { differenceHash } from './perceptual_hash.ts';
import { measurePicture } from './quality.ts';
import { createSceneScorer } from './shots.ts';

/** Every frame is looked at in this one size, whatever its shape: frames are only compared with each other. */
const WIDTH = 128;
const HEIGHT = 96;
const FRAME_BYTES = WIDTH * HEIGHT * 3;
const GUARDS = ['-nostats', '-max_pixels', String(MEDIA_LIMITS.imagePixels)];

/** What is known about one frame of a video. */
export interface VideoFrame {
  /** Presentation time in seconds from the video's start, to a microsecond. */
  readonly time: number;
  /** Difference to the frame before in [0, 1], see `createSceneScorer`. */
  readonly sceneScore: number;
  /** Mean and standard deviation of luma, 0 to 255. */
  readonly luma: number;
  readonly deviation: number;
  readonly quality: number;
  readonly hash: bigint;
}

export interface VideoSource {
  readonly ffmpeg: string;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes a video once, small, and measures every frame.
 * @throws Error when it cannot be decoded, has no frames, or is too long or too large
 */
export async function readVideoFrames(source: VideoSource): Promise<VideoFrame[]> {
  const times: number[] = [];
  const measures: Omit<VideoFrame, 'time'>[] = [];
  const measure = createFrameMeter();
  const pending = new Uint8Array(FRAME_BYTES);
  let filled = 0;
  await runFfmpeg({
    ffmpeg: source.ffmpeg,
    input: source.path,
    // One filter graph for the whole video: it scales frames of any size, and a new one would count from 0 again.
    inputOptions: [...GUARDS, '-reinit_filter', '0'],
    // showinfo tells the true times. Behind it the frames are counted anew at a fixed rate, so ffmpeg of any version
    // neither drops nor repeats one of a variable rate.
    outputOptions: [
      '-filter:v',
      `scale=${WIDTH}:${HEIGHT}:flags=area,showinfo,settb=1/25,setpts=N`,
      ...['-r', '25', '-pix_fmt', 'rgb24', '-f', 'rawvideo'],
    ],
    signal: source.signal,
    onLine: createTimeReader(times),
    onData: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + FRAME_BYTES - filled);
        pending.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === FRAME_BYTES) {
          measures.push(measure(pending));
          filled = 0;
        }
      }
    },
  });
  if (measures.length === 0) throw new Error('Expected a video but it has no frames.');
  // ffmpeg announces a frame before it writes it, so the times are never fewer.
  return measures.map((frame, index) => ({ time: times[index] as number, ...frame }));
}

/**
 * One frame of a video in full size: upright, with square pixels, as PNG.
 * @param frames the frames as {@link readVideoFrames} gave them
 */
export async function readFrame(source: VideoSource, frames: readonly VideoFrame[], index: number): Promise<Uint8Array> {
  const time = (frames[index] as VideoFrame).time;
  const before = frames[index - 1]?.time;
  // Half-way from the frame before: rounding of either time cannot reach a neighbour.
  const from = before === undefined ? 0 : (before + time) / 2;
  const seek = from > 0 ? ['-ss', from.toFixed(6)] : [];
  // After a seek in the input, times count from there. MPEG-TS lands late or nowhere: then all is decoded up to the frame.
  const fast = await frameAt(source, seek, []);
  if (fast && (before === undefined || fast.time < time - before)) return fast.picture;
  const exact = await frameAt(source, [], seek);
  if (!exact) throw new Error(`Expected a frame at ${time.toFixed(3)} s but there is none.`);
  return exact.picture;
}

async function frameAt(
  source: VideoSource,
  inputSeek: readonly string[],
  outputSeek: readonly string[],
): Promise<{ readonly time: number; readonly picture: Uint8Array } | undefined> {
  const times: number[] = [];
  const chunks: Uint8Array[] = [];
  await runFfmpeg({
    ffmpeg: source.ffmpeg,
    input: source.path,
    inputOptions: [...GUARDS, ...inputSeek],
    outputOptions: [
      ...[...outputSeek, '-frames:v', '1', '-filter:v', 'showinfo,scale=trunc(iw*sar/2+0.5)*2:ih,setsar=1', '-pix_fmt', 'rgb24'],
      ...['-c:v', 'png', '-compression_level', '1', '-f', 'image2pipe'],
    ],
    signal: source.signal,
    onLine: createTimeReader(times),
    onData: (chunk) => chunks.push(chunk),
  });
  return chunks.length > 0 ? { time: times[0] ?? 0, picture: Buffer.concat(chunks) } : undefined;
}

/** Reads the frames' times from ffmpeg's talk, and stops on a video that is too long. */
function createTimeReader(times: number[]): (line: string) => void {
  let timeBase = Number.NaN;
  const refuseLong = (seconds: number): void => {
    if (seconds <= MEDIA_LIMITS.videoSeconds) return;
    throw new Error(`Expected a video of at most ${MEDIA_LIMITS.videoSeconds} s but it lasts ${Math.round(seconds)} s. Cut it.`);
  };
  return (line) => {
    const base = /config in time_base: (\d+)\/(\d+)/.exec(line);
    if (base) timeBase = Number(base[1]) / Number(base[2]);
    const duration = /^\s*Duration: (\d+):(\d+):([\d.]+)/.exec(line);
    if (duration) refuseLong(Number(duration[1]) * 3600 + Number(duration[2]) * 60 + Number(duration[3]));
    // pts_time itself is printed with six digits only: too few after some minutes.
    const frame = /\] n: *\d+ pts: *(-?\d+|NOPTS) /.exec(line);
    if (!frame) return;
    const time = Math.round(Number(frame[1]) * timeBase * 1e6) / 1e6;
    times.push(Number.isFinite(time) ? time : (times.at(-1) ?? 0));
    refuseLong(times.at(-1) as number);
  };
}

function createFrameMeter(): (frame: Uint8Array) => Omit<VideoFrame, 'time'> {
  const scoreScene = createSceneScorer();
  return (data) => {
    const { score, luma, mean, deviation } = measurePicture({ data, width: WIDTH, height: HEIGHT }, WIDTH, HEIGHT);
    return { sceneScore: scoreScene(data), luma: mean, deviation, quality: score, hash: differenceHash(luma, WIDTH, HEIGHT) };
  };
}
