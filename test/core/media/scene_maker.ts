import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packagedFfmpeg, remux } from './made_media.ts';

const FPS = 25;
const FRAME: Size = { width: 320, height: 180 };

/** First and last frame, both inside. */
export type FrameRange = readonly [first: number, last: number];

/** A video and what is true of it. Frames count from 0. */
export interface SceneVideo {
  readonly name: string;
  readonly file: string;
  /** Presentation time of every frame in seconds. */
  readonly times: readonly number[];
  /** First frame of the new shot after each hard cut. */
  readonly cuts: readonly number[];
  /** Frames that mix both shots, or are dark or white between them. */
  readonly gradual: readonly FrameRange[];
  /** Frames in which the video comes from black or goes there at its own ends: a boundary there is as right as none. */
  readonly ends: readonly FrameRange[];
  /** Frames that belong to a shot but are no pictures of it: flashes, frozen and black frames. */
  readonly unusable: readonly FrameRange[];
  /** Size when shown upright. */
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** One camera shot: a filter chain without its size, which the case gives. */
interface Scene {
  readonly frames: number;
  /** The picture that is filmed; the chain is a source itself without it. */
  readonly picture?: string;
  readonly chain: (size: Size) => string;
  /** How it comes after the shot before. */
  readonly joint?: Joint;
}

type Joint =
  | { readonly kind: 'dissolve'; readonly frames: number }
  | { readonly kind: 'fade'; readonly colour: 'black' | 'white'; readonly out: number; readonly hold: number; readonly in: number };

/** A video as it is put together; its truth follows from it. */
export interface SceneScript {
  readonly name: string;
  readonly shots: readonly Scene[];
  /** Filters over the whole video. */
  readonly filters?: readonly string[];
  readonly unusable?: readonly FrameRange[];
  readonly ends?: readonly FrameRange[];
  readonly size?: Size;
  readonly encoding?: readonly string[];
  /** Presentation time in seconds of frame N, as a formula that ffmpeg and JavaScript read alike. */
  readonly time?: { readonly formula: string; readonly at: (frame: number) => number };
  readonly rotate?: 90 | 180 | 270;
  readonly overlay?: Overlay;
  /** A frame that is shown again `frames` times. */
  readonly frozen?: { readonly at: number; readonly frames: number };
}

/** A picture laid over the video from one frame to another; its place is a formula of the frame number n. */
interface Overlay extends Size {
  readonly picture: string;
  readonly x: string;
  readonly y: string;
  readonly from?: number;
  readonly to?: number;
}

/** The last frames of the shot before and the first of this one are mixed. */
export const dissolved = (frames: number, scene: Scene): Scene => ({ ...scene, joint: { kind: 'dissolve', frames } });

/** The shot before goes into a colour in `out` frames, stays so for `hold` frames, and this one comes out of it in `into`. */
export const faded = (colour: 'black' | 'white', out: number, hold: number, into: number, scene: Scene): Scene => ({
  ...scene,
  joint: { kind: 'fade', colour, out, hold, in: into },
});

/** The camera stands on a part of a photo larger than the frame; nothing moves, not even noise. */
export const still = (picture: string, frames: number): Scene => window(picture, frames, '40', '20', 1.6, '');

/** The camera moves over a photo: place of the frame in pixels by frame number n. It has a sensor, so it has noise. */
export function film(picture: string, frames: number, x = '20+n/2', y = '10+n/4', enlarged = 1.6): Scene {
  return window(picture, frames, x, y, enlarged, ',format=yuv420p,noise=c0s=8:c0f=t');
}

function window(picture: string, frames: number, x: string, y: string, enlarged: number, after: string): Scene {
  return {
    frames,
    picture,
    chain: ({ width, height }) =>
      [
        `scale=${Math.round(width * enlarged)}:${Math.round(height * enlarged)}:force_original_aspect_ratio=increase`,
        // Chroma planes of half the size would make the camera jump by two pixels.
        'format=rgb24,loop=loop=-1:size=1:start=0,setpts=N/25/TB',
        `crop=${width}:${height}:x='${x}':y='${y}'${after}`,
      ].join(','),
  };
}

/** The camera's zoom closes in on the middle by `rate` a frame. */
export function zoom(picture: string, frames: number, rate: number): Scene {
  return {
    frames,
    picture,
    chain: ({ width, height }) =>
      `scale=${width * 4}:${height * 4},zoompan=z='1+on*${rate}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d=${frames}:s=${width}x${height}:fps=${FPS}`,
  };
}

/** A source of ffmpeg's own that moves by itself, its pixels `grain` times as large. */
function pattern(source: string, frames: number, grain = 1): Scene {
  return {
    frames,
    chain: ({ width, height }) => `${source}s=${Math.ceil(width / grain)}x${Math.ceil(height / grain)}:r=${FPS},scale=${width}:${height}`,
  };
}

const FRACTAL = 'mandelbrot=start_x=-0.74364:start_y=-0.13182:start_scale=0.05:end_scale=0.001:end_pts=200:maxiter=300:';
export const fractal = (frames: number): Scene => pattern(FRACTAL, frames);
export const testPattern = (frames: number): Scene => pattern('testsrc2=', frames);
export const cells = (frames: number): Scene => pattern('cellauto=rule=110:random_seed=7:', frames, 4);
export const life = (frames: number): Scene =>
  pattern('life=mold=10:ratio=0.1:random_seed=7:death_color=#C83232:life_color=#00ff00:', frames, 4);

/** Frames that a flash of light lifts towards white: `strength` 1 leaves nothing of the picture. */
export function flash(first: number, last: number, strength: number): string {
  return `lutyuv=y='val+(235-val)*${strength}':u='val+(128-val)*${strength}':v='val+(128-val)*${strength}':enable='between(n,${first},${last})'`;
}

/** A filter graph that is put together piece by piece. */
interface Graph {
  readonly pictures: string[];
  readonly parts: string[];
  readonly size: Size;
}

/** Adds a chain of filters from the named streams; the name of the stream that comes out. */
function chain(graph: Graph, from: readonly string[], filters: string): string {
  const out = `s${graph.parts.length}`;
  graph.parts.push(`${from.map((name) => `[${name}]`).join('')}${filters}[${out}]`);
  return out;
}

function input(graph: Graph, picture: string): string {
  return `${graph.pictures.push(picture) - 1}:v`;
}

const RESTART = 'setpts=PTS-STARTPTS';

function filmScene(graph: Graph, scene: Scene): string {
  const from = scene.picture === undefined ? [] : [input(graph, scene.picture)];
  return chain(graph, from, `${scene.chain(graph.size)},trim=end_frame=${scene.frames},settb=1/${FPS},setpts=N,setsar=1,format=yuv420p`);
}

/** Joins two streams: the last `shared` frames of one and the first of the other are mixed with weights 1/(shared+1), 2/(shared+1) … */
function joinStreams(graph: Graph, before: string, length: number, after: string, shared: number): string {
  if (shared === 0) return chain(graph, [before, after], 'concat=n=2');
  const split = (stream: string, at: number): [string, string] => {
    const [head, tail] = [`${stream}h`, `${stream}t`];
    graph.parts.push(`[${stream}]split[${head}c][${tail}c]`);
    graph.parts.push(`[${head}c]trim=end_frame=${at}[${head}]`, `[${tail}c]trim=start_frame=${at},${RESTART}[${tail}]`);
    return [head, tail];
  };
  const [head, leaving] = split(before, length - shared);
  const [coming, tail] = split(after, shared);
  // The blend filter counts its frames from 1.
  const mixed = chain(graph, [leaving, coming], `blend=all_expr='A+(B-A)*N/${shared + 1}'`);
  return chain(graph, [head, mixed, tail], 'concat=n=3');
}

/** Joins the shots of a script in their order; the boundaries follow from their lengths. */
function joinShots(graph: Graph, script: SceneScript): Pick<SceneVideo, 'cuts' | 'gradual'> & { stream: string; length: number } {
  const cuts: number[] = [];
  const gradual: FrameRange[] = [];
  let stream = '';
  let length = 0;
  for (const next of script.shots) {
    const scene = filmScene(graph, next);
    const joint = next.joint;
    if (length === 0) {
      stream = scene;
      length = next.frames;
    } else if (!joint) {
      cuts.push(length);
      stream = joinStreams(graph, stream, length, scene, 0);
      length += next.frames;
    } else if (joint.kind === 'dissolve') {
      gradual.push([length - joint.frames, length - 1]);
      stream = joinStreams(graph, stream, length, scene, joint.frames);
      length += next.frames - joint.frames;
    } else {
      gradual.push([length - joint.out, length + joint.hold + joint.in - 1]);
      const plain = filmScene(graph, pattern(`color=c=${joint.colour}:`, joint.out + joint.hold + joint.in));
      stream = joinStreams(graph, stream, length, plain, joint.out);
      stream = joinStreams(graph, stream, length + joint.hold + joint.in, scene, joint.in);
      length += joint.hold + next.frames;
    }
  }
  return { stream, length, cuts, gradual };
}

function layOver(graph: Graph, stream: string, { picture, width, height, x, y, from = 0, to = Number.MAX_SAFE_INTEGER }: Overlay): string {
  const above = chain(graph, [input(graph, picture)], `scale=${width}:${height}`);
  return chain(graph, [stream, above], `overlay=x='${x}':y='${y}':enable='between(n,${from},${to})'`);
}

/** Makes the video of a script, the same bytes every time. */
export async function makeScenes(script: SceneScript, folder: string): Promise<SceneVideo> {
  const graph: Graph = { pictures: [], parts: [], size: script.size ?? FRAME };
  const { stream, length, cuts, gradual } = joinShots(graph, script);
  const frozen = script.frozen ?? { at: 0, frames: 0 };
  const filters = [
    ...(script.filters ?? []),
    `loop=loop=${frozen.frames}:size=1:start=${frozen.at}`,
    script.time ? `settb=1/90000,setpts='round((${script.time.formula})/TB)'` : `settb=1/${FPS},setpts=N`,
  ];
  const out = chain(graph, [script.overlay ? layOver(graph, stream, script.overlay) : stream], filters.join(','));
  const file = join(folder, `${script.name.replaceAll(' ', '-')}.mp4`);
  const unturned = script.rotate ? `${file}.unturned.mp4` : file;
  const inputs = graph.pictures.flatMap((picture) => ['-i', picture]);
  const coding = '-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -video_track_timescale 90000 -vsync passthrough'.split(' ');
  // The last frame lasts one such tick only, which the edit list would cut off.
  const ticks = script.time ? '-enc_time_base 1:90000 -bf 0 -use_editlist 0'.split(' ') : [];
  await promisify(execFile)(await packagedFfmpeg(), [
    ...['-v', 'error', '-y', ...inputs, '-filter_complex', graph.parts.join(';'), '-map', `[${out}]`],
    ...[...coding, ...ticks, ...(script.encoding ?? []), unturned],
  ]);
  if (script.rotate) {
    await remux(unturned, file, ['-metadata:s:v', `rotate=${script.rotate}`]);
    rmSync(unturned);
  }
  const lying = script.rotate === 90 || script.rotate === 270;
  return {
    name: script.name,
    file,
    times: Array.from({ length: length + frozen.frames }, (_, frame) => script.time?.at(frame) ?? frame / FPS),
    cuts,
    gradual,
    ends: script.ends ?? [],
    unusable: [...(script.unusable ?? []), ...(frozen.frames > 0 ? [[frozen.at + 1, frozen.at + frozen.frames] as const] : [])],
    width: lying ? graph.size.height : graph.size.width,
    height: lying ? graph.size.width : graph.size.height,
  };
}
