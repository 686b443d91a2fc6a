/** Size of a picture as ffmpeg gives it to a filter, and the shape of its pixels. */
export interface StoredSize {
  readonly width: number;
  readonly height: number;
  /** Width of a pixel over its height; 1 where the video does not say. */
  readonly pixelAspect: number;
}

/** What ffmpeg says at level `verbose` while the filters `scale` and `showinfo` run, one method a kind of line. */
interface TalkListener {
  /** The scale filter begins: size of the upright frames before and behind it. */
  readonly onSize?: (from: StoredSize, to: StoredSize) => void;
  /** The demuxer, by ffmpeg's name for it. */
  readonly onContainer?: (name: string) => void;
  /** Length of the whole file in seconds, as its header has it. */
  readonly onDuration?: (seconds: number) => void;
  /** The matrix of the first frame's colours, "unknown" where the video does not say. */
  readonly onColourSpace?: (name: string) => void;
  /** The next frame: its presentation time in seconds from the file's start, and whether the codec can begin there. */
  readonly onFrame?: (time: number, codedKey: boolean) => void;
  /** The demuxer misses bytes. */
  readonly onDamage?: () => void;
}

const FRAME_SIZE = 'w:(\\d+) h:(\\d+) .*?sar:(\\d+)\\/(\\d+)';
const SCALING = new RegExp(`Parsed_scale_\\d+ @ .*?\\] ${FRAME_SIZE} -> ${FRAME_SIZE}`);
const INPUT = /^Input #0, ([^ ]+), from /;
const DURATION = /^\s*Duration: (\d+):(\d+):([\d.]+)/;
const TIME_BASE = /config in time_base: (\d+)\/(\d+)/;
const FRAME = /\] n: *\d+ pts: *(-?\d+|NOPTS) .* iskey:(\d)/;
const COLOUR_SPACE = /color_space:(\S+)/;
/** What ffmpeg 4 to 9 say when an MP4 or Matroska file breaks off. */
const DAMAGE = /corrupt input packet|partial file|File ended prematurely|Read error/;

/** Reads ffmpeg's talk line by line. A frame without a time has that of the one before. */
export function createTalkReader(listener: TalkListener): (line: string) => void {
  let timeBase = Number.NaN;
  let lastTime = 0;
  let colourSpace: string | undefined;
  return (line) => {
    if (line.startsWith('[Parsed_showinfo')) {
      // pts_time itself is printed with six digits only: too few after some minutes.
      const frame = FRAME.exec(line);
      if (frame) {
        const time = Math.round(Number(frame[1]) * timeBase * 1e6) / 1e6;
        lastTime = Number.isFinite(time) ? time : lastTime;
        listener.onFrame?.(lastTime, frame[2] === '1');
        return;
      }
      const base = TIME_BASE.exec(line);
      if (base) timeBase = Number(base[1]) / Number(base[2]);
      if (colourSpace === undefined) {
        colourSpace = COLOUR_SPACE.exec(line)?.[1];
        if (colourSpace !== undefined) listener.onColourSpace?.(colourSpace);
      }
      return;
    }
    const scaling = SCALING.exec(line);
    if (scaling) listener.onSize?.(storedSize(scaling.slice(1, 5)), storedSize(scaling.slice(5, 9)));
    const container = INPUT.exec(line)?.[1];
    if (container !== undefined) listener.onContainer?.(container);
    const duration = DURATION.exec(line);
    if (duration) listener.onDuration?.(Number(duration[1]) * 3600 + Number(duration[2]) * 60 + Number(duration[3]));
    if (DAMAGE.test(line)) listener.onDamage?.();
  };
}

function storedSize(numbers: readonly string[]): StoredSize {
  const [width, height, wide, tall] = numbers.map(Number) as [number, number, number, number];
  return { width, height, pixelAspect: wide > 0 && tall > 0 ? wide / tall : 1 };
}
