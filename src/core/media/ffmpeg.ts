import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import createFfmpegCommand from 'fluent-ffmpeg';
import { Interrupted, reasonOf, throwIfInterrupted, UserError } from '../errors.ts';
import { MEDIA_LIMITS } from './limits.ts';

/**
 * Containers read. Playlists are not among them: a text file under a video's name could make ffmpeg open other files.
 * Names as ffmpeg's demuxers have them; mov is MP4 too, matroska is WebM too.
 */
const CONTAINERS = 'mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,gif,h264,hevc,m4v';
const BINARY_NAMES = ['ffmpeg', 'ffmpeg.exe'];

interface FfmpegBinary {
  readonly path: string;
  readonly origin: 'flag' | 'FFMPEG_PATH' | 'PATH' | 'package';
}

/**
 * Finds ffmpeg: the flag, then FFMPEG_PATH, then PATH, then the binary that comes with the package.
 * @throws UserError when the named file cannot be run, or there is none at all
 */
export async function findFfmpeg(options: {
  readonly flag?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<FfmpegBinary> {
  const { FFMPEG_PATH: fromEnvironment, PATH: searchPath } = options.environment;
  if (options.flag) return { path: await requireExecutable(options.flag, '--ffmpeg'), origin: 'flag' };
  if (fromEnvironment) return { path: await requireExecutable(fromEnvironment, 'FFMPEG_PATH'), origin: 'FFMPEG_PATH' };
  for (const folder of (searchPath ?? '').split(delimiter).filter((part) => part !== '')) {
    for (const name of BINARY_NAMES) {
      const path = join(folder, name);
      if (await isExecutable(path)) return { path, origin: 'PATH' };
    }
  }
  try {
    const { default: installed } = await import('@ffmpeg-installer/ffmpeg');
    return { path: await requireExecutable(installed.path, '@ffmpeg-installer/ffmpeg'), origin: 'package' };
  } catch (error) {
    throw new UserError(
      `Expected an ffmpeg but found none (${reasonOf(error)}).`,
      'Install ffmpeg, or name one with --ffmpeg or FFMPEG_PATH.',
    );
  }
}

/** First line of `ffmpeg -version`. */
export async function ffmpegVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['-version'], { timeout: 10_000 });
  return stdout.split('\n', 1)[0]?.trim() ?? '';
}

async function requireExecutable(path: string, source: string): Promise<string> {
  if (await isExecutable(path)) return path;
  throw new UserError(
    `Expected an ffmpeg binary at ${path} (${source}) but there is no executable file.`,
    'Name another one with --ffmpeg or FFMPEG_PATH.',
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    // Folders may be "executed" too.
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** One ffmpeg process that reads a local video and writes to a pipe. */
interface FfmpegJob {
  readonly ffmpeg: string;
  readonly input: string;
  readonly inputOptions?: readonly string[];
  readonly outputOptions: readonly string[];
  readonly onData: (chunk: Uint8Array) => void;
  /** A line ffmpeg says about its work. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs ffmpeg until its output ends. An error thrown by a callback stops it.
 * @throws Error with ffmpeg's own message, or after the time limit; Interrupted when the signal is aborted
 */
export async function runFfmpeg(job: FfmpegJob): Promise<void> {
  throwIfInterrupted(job.signal);
  const command = createFfmpegCommand();
  await new Promise<void>((resolve, reject) => {
    let stopped: unknown;
    let running = 2; // the process, and the pipe that may still hold data after its exit
    const stop = (reason: unknown): void => {
      stopped ??= reason;
      command.kill('SIGKILL');
    };
    const interrupt = (): void => stop(new Interrupted());
    const limit = MEDIA_LIMITS.videoDecodeSeconds;
    const timer = setTimeout(
      () => stop(new Error(`Expected to decode the video within ${limit} s but it took longer. Cut it, or scale it down.`)),
      limit * 1000,
    );
    const settle = (error?: unknown): void => {
      if (error === undefined && --running > 0) return;
      clearTimeout(timer);
      job.signal?.removeEventListener('abort', interrupt);
      if (stopped ?? error) reject(stopped ?? error);
      else resolve();
    };
    const complaints = createComplaintReader(job.input);
    const guarded = (work: () => void): void => {
      if (stopped) return;
      try {
        work();
      } catch (error) {
        stop(error);
      }
    };
    // A pipe that closes itself makes fluent-ffmpeg report an error when the process needs 20 ms more to exit.
    const pipe = new Writable({
      autoDestroy: false,
      write: (chunk: Uint8Array, _encoding, done) => {
        guarded(() => job.onData(chunk));
        done();
      },
    });
    pipe.on('finish', () => settle());
    job.signal?.addEventListener('abort', interrupt);
    tellFailedStart(skipCapabilityCheck(command))
      .setFfmpegPath(job.ffmpeg)
      .input(job.input)
      .inputOptions(
        '-hide_banner',
        '-nostdin',
        '-protocol_whitelist',
        'file,pipe',
        '-format_whitelist',
        CONTAINERS,
        ...(job.inputOptions ?? []),
      )
      .outputOptions('-map', '0:V:0', ...job.outputOptions)
      .on('start', () => job.signal?.aborted && interrupt())
      .on('stderr', (line: string) => {
        complaints.read(line);
        guarded(() => job.onLine?.(line));
      })
      .on('error', (error: Error) =>
        settle(new Error(complaints.reason() ?? `Expected ffmpeg to decode the video but ${reasonOf(error)}.`)),
      )
      .on('end', () => settle())
      .output(pipe)
      .run();
  });
}

/** Lines of ffmpeg's talk that are no complaints: indented facts, filters at work, counters, and its farewell. */
const NO_COMPLAINT = /^(?:$|\s|\[Parsed_|ffmpeg version|frame=|Input #|Output #|Stream mapping|Exiting |Conversion failed)/;
const NO_STREAM = /matches no streams/;

/** Finds in ffmpeg's talk why it failed: what it says last, which is what was wrong with the file. */
function createComplaintReader(input: string): { readonly read: (line: string) => void; readonly reason: () => string | undefined } {
  let last: string | undefined;
  let streamless = false;
  return {
    read: (line) => {
      streamless ||= NO_STREAM.test(line);
      if (!NO_COMPLAINT.test(line)) last = line;
    },
    reason: () => {
      if (streamless) return 'Expected a video but the file has no moving pictures.';
      const said = last
        ?.replace(/^\[[^\]]*\] /, '')
        .replace(`${input}: `, '')
        .replace(/\.$/, '');
      return said && `Expected a video but ffmpeg cannot read it: ${said}.`;
    },
  };
}

/**
 * fluent-ffmpeg asks the binary for its formats and encoders before every first run, and misreads the list of ffmpeg 7.
 * ffmpeg says itself when it lacks one, so the two questions are answered here.
 */
function skipCapabilityCheck(command: createFfmpegCommand.FfmpegCommand): createFfmpegCommand.FfmpegCommand {
  const format = { description: '', canDemux: true, canMux: true };
  command.availableFormats = (callback) => callback(null as never, { rawvideo: format, image2pipe: format });
  command.availableEncoders = (callback) => callback(null as never, {});
  return command;
}

/** The part of fluent-ffmpeg that starts a process; rings hold the last lines that it said. */
interface Starter {
  _spawnFfmpeg(
    args: readonly string[],
    options: object,
    onStart: unknown,
    onEnd: (error: unknown, output?: LineRing, complaints?: LineRing) => void,
  ): void;
}

interface LineRing {
  readonly get: () => string;
}

const NO_LINES: LineRing = { get: () => '' };

/** fluent-ffmpeg asks for the last lines of a process that could not be started, and so throws where nobody can catch it. */
function tellFailedStart(command: createFfmpegCommand.FfmpegCommand): createFfmpegCommand.FfmpegCommand {
  const starter = command as unknown as Starter;
  const start = starter._spawnFfmpeg;
  starter._spawnFfmpeg = (args, options, onStart, onEnd) => {
    const end = (error: unknown, output = NO_LINES, complaints = NO_LINES): void => onEnd(error, output, complaints);
    try {
      start.call(command, args, options, onStart, end);
    } catch (error) {
      end(error);
    }
  };
  return command;
}
