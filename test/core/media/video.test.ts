import { execFile } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { analyseVideo, readFrame, type VideoSource } from '../../../src/core/media/video.ts';
import { makeVideo, packagedFfmpeg, remux, temporaryFolder } from './made_media.ts';

const DATA = process.env.ATELIER_REAL_DATA ?? resolve('../shared/data');

async function sourceOf(path: string): Promise<VideoSource> {
  return { ffmpeg: await packagedFfmpeg(), path };
}

/** Mean of each channel. */
function colourOf({ data }: RgbPicture): number[] {
  const sums = [0, 0, 0];
  for (let at = 0; at < data.length; at++) sums[at % 3] = (sums[at % 3] as number) + (data[at] as number);
  return sums.map((sum) => sum / (data.length / 3));
}

/** Grey levels rise with the frames, so a frame's colour tells its number: 8 levels apart, 20 frames. */
const RISING = "nullsrc=s=64x48:r=10:d=2,geq=lum='20+N*8':cb=128:cr=128";

/** Fails unless the frames show the grey of their numbers; luma 16 to 235 is spread over 0 to 255, so neighbours are 9 apart. */
async function expectRisingFrames(path: string, frames: readonly number[]): Promise<void> {
  const source = await sourceOf(path);
  const analysis = await analyseVideo(source);
  expect(analysis.times).toHaveLength(20);
  for (const frame of frames) {
    const [red] = colourOf(await readFrame(source, analysis, frame));
    expect(Math.abs((red as number) - (20 + frame * 8 - 16) * (255 / 219)), `frame ${frame} of ${path}`).toBeLessThan(4);
  }
}

describe('frames of a video', () => {
  it('have their own times when the frame rate varies, also after a long gap', async () => {
    // Of 25 frames a second: all of the first, every fifth of the second, none of the third to ninth, all of the tenth.
    const graph = "testsrc2=s=128x96:r=25:d=10,select='lt(n,25)+lt(n,50)*not(mod(n,5))+gte(n,225)'";
    const file = await makeVideo(join(temporaryFolder(), 'variable.mp4'), graph, ['-vsync', 'vfr']);
    const { times } = await analyseVideo(await sourceOf(file));
    const expected = Array.from({ length: 250 }, (_, n) => n).filter((n) => n < 25 || (n < 50 && n % 5 === 0) || n >= 225);
    expect(times).toHaveLength(expected.length);
    for (const [index, n] of expected.entries()) expect(times[index]).toBeCloseTo(n / 25, 4);
  });

  it('are found again in full size by their times', async () => {
    const file = await makeVideo(join(temporaryFolder(), 'rising.mp4'), RISING, ['-g', '7', '-bf', '2']);
    await expectRisingFrames(file, [0, 1, 6, 7, 13, 19]);
  });

  it('are found again where the container cannot seek to them, or starts late', async () => {
    const folder = temporaryFolder();
    const plain = await makeVideo(join(folder, 'plain.mp4'), RISING, ['-g', '7']);
    await expectRisingFrames(await makeVideo(join(folder, 'one_key_frame.ts'), RISING, ['-output_ts_offset', '5']), [0, 12]);
    await expectRisingFrames(await remux(plain, join(folder, 'late.ts'), ['-output_ts_offset', '5']), [5, 19]);
    await expectRisingFrames(
      await makeVideo(join(folder, 'program.mpg'), RISING.replace('r=10:d=2', 'r=25:d=0.8'), [
        '-c:v',
        'mpeg1video',
        '-q:v',
        '2',
        '-g',
        '12',
        '-bf',
        '0',
      ]),
      [1, 4, 7, 10, 13, 16, 19],
    );
    await expectRisingFrames(await remux(plain, join(folder, 'late.mkv'), ['-output_ts_offset', '5']), [0, 12]);
  });

  it('are all there when the size of the picture changes on the way', async () => {
    const folder = temporaryFolder();
    const small = await makeVideo(join(folder, 'small.ts'), 'testsrc2=s=320x180:r=10:d=2');
    const large = await makeVideo(join(folder, 'large.ts'), 'mandelbrot=s=640x480:r=10,trim=duration=2', ['-output_ts_offset', '2']);
    writeFileSync(join(folder, 'both.ts'), Buffer.concat([readFileSync(small), readFileSync(large)]));
    const source = await sourceOf(join(folder, 'both.ts'));
    const analysis = await analyseVideo(source);
    expect([...analysis.times]).toEqual(Array.from({ length: 40 }, (_, index) => index / 10));
    expect(analysis.boundaries).toMatchObject([{ kind: 'cut', first: 20 }]);
    expect(await readFrame(source, analysis, 30)).toMatchObject({ width: 320, height: 180 });
  });

  it('come upright and with square pixels, and so do their thumbnails', async () => {
    const folder = temporaryFolder();
    const wide = await sourceOf(await makeVideo(join(folder, 'wide.mp4'), 'testsrc2=s=180x180:r=10:d=1,setsar=2/1'));
    const wideAnalysis = await analyseVideo(wide);
    expect(wideAnalysis).toMatchObject({ width: 360, height: 180 });
    const { data, width, height } = await readFrame(wide, wideAnalysis, 0);
    expect([width, height, data.length]).toEqual([360, 180, 360 * 180 * 3]);
    const nearly = await sourceOf(await makeVideo(join(folder, 'nearly.mp4'), 'testsrc2=s=320x180:r=10:d=1,setsar=1281/1280'));
    expect(await analyseVideo(nearly)).toMatchObject({ width: 320, height: 180 });
    const lying = await makeVideo(join(folder, 'lying.mp4'), 'testsrc2=s=320x180:r=10:d=1');
    const turned = await sourceOf(await remux(lying, join(folder, 'turned.mp4'), ['-metadata:s:v', 'rotate=90']));
    const turnedAnalysis = await analyseVideo(turned);
    expect(await readFrame(turned, turnedAnalysis, 3)).toMatchObject({ width: 180, height: 320 });
    const { width: small = 0, height: tall = 0 } = turnedAnalysis.keyFrames[0]?.thumbnail() ?? {};
    expect(Math.abs(small / tall - 180 / 320)).toBeLessThan(0.02);
  });

  it('are those of the first moving stream, not of the cover or of another stream', async () => {
    const folder = temporaryFolder();
    const cover = await makeVideo(join(folder, 'cover.png'), 'color=red:s=50x50:d=0.04', ['-c:v', 'png', '-pix_fmt', 'rgb24']);
    const first = await makeVideo(join(folder, 'first.mp4'), 'testsrc2=s=160x90:r=10:d=1');
    const second = await makeVideo(join(folder, 'second.mp4'), 'testsrc2=s=64x48:r=25:d=1');
    const file = join(folder, 'all.mp4');
    const inputs = [cover, first, second].flatMap((input) => ['-i', input]);
    const maps = ['-map', '0', '-map', '1', '-map', '2', '-c', 'copy', '-disposition:v:0', 'attached_pic'];
    await promisify(execFile)(await packagedFfmpeg(), ['-v', 'error', ...inputs, ...maps, file]);
    const analysis = await analyseVideo(await sourceOf(file));
    expect(analysis).toMatchObject({ width: 160, height: 90 });
    expect(analysis.times).toHaveLength(10);
  });

  it('come in 8 bits from 10', async () => {
    const file = await makeVideo(join(temporaryFolder(), 'ten.mkv'), 'testsrc2=s=162x90:r=10:d=1', [
      '-c:v',
      'ffv1',
      '-pix_fmt',
      'yuv420p10le',
    ]);
    const source = await sourceOf(file);
    const analysis = await analyseVideo(source);
    expect(analysis).toMatchObject({ width: 162, height: 90, seconds: 1 });
    expect((await readFrame(source, analysis, 9)).data).toHaveLength(162 * 90 * 3);
  });

  it('of large videos have the colours of HD where the video does not say', async () => {
    const folder = temporaryFolder();
    // Y 120, U 100, V 180 is another red in Rec. 709: R = 1.164 (Y - 16) + 1.793 (V - 128).
    const graph = (size: string): string => `nullsrc=s=${size}:r=5:d=1,geq=lum=120:cb=100:cr=180`;
    for (const [size, factor] of [
      ['1280x720', 1.793],
      ['640x360', 1.596],
    ] as const) {
      const source = await sourceOf(await makeVideo(join(folder, `${size}.mp4`), graph(size)));
      const [red] = colourOf(await readFrame(source, await analyseVideo(source), 0));
      expect(Math.abs((red as number) - (1.164 * 104 + factor * 52)), size).toBeLessThan(3);
    }
  });
});

describe('the analysis of a video', () => {
  it('tells how far it is', async () => {
    const source = await sourceOf(await makeVideo(join(temporaryFolder(), 'v.mp4'), 'testsrc2=s=320x180:r=25:d=4'));
    const shares: number[] = [];
    await analyseVideo({ ...source, onShare: (share) => shares.push(share) });
    expect(shares).toHaveLength(100);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[50]).toBeCloseTo(0.5, 1);
    expect(shares.at(-1)).toBeGreaterThan(0.95);
  });

  it('fails with the reason for a file that breaks off', async () => {
    const folder = temporaryFolder();
    const whole = await makeVideo(join(folder, 'whole.mp4'), 'testsrc2=s=320x180:r=25:d=4', ['-g', '25']);
    for (const [name, options] of [
      ['early.mp4', ['-movflags', '+faststart']],
      ['cut.mkv', []],
    ] as const) {
      const file = await remux(whole, join(folder, name), options);
      truncateSync(file, Math.round(readFileSync(file).length / 2));
      await expect(analyseVideo(await sourceOf(file)), name).rejects.toThrow(/^Expected 4.* s of video but the file breaks off at /);
    }
    truncateSync(whole, Math.round(readFileSync(whole).length / 2));
    await expect(analyseVideo(await sourceOf(whole))).rejects.toThrow('Expected a video but ffmpeg cannot read it: ');
  });

  it('fails where there are no moving pictures', async () => {
    const file = join(temporaryFolder(), 'sound.mp4');
    await makeVideo(file, 'sine=d=1', ['-vn']);
    await expect(analyseVideo(await sourceOf(file))).rejects.toThrow('Expected a video but the file has no moving pictures.');
  });

  it('is the same each time, and its boundaries, shots and key frames are plain data', async () => {
    const graph = 'testsrc2=s=320x180:r=25:d=1[a];mandelbrot=s=320x180:r=25,trim=duration=1[b];[a][b]concat';
    const source = await sourceOf(await makeVideo(join(temporaryFolder(), 'v.mp4'), graph));
    const analysis = await analyseVideo(source);
    const withPictures = (each: typeof analysis) => ({
      ...each,
      keyFrames: each.keyFrames.map((keyFrame) => ({ ...keyFrame, thumbnail: keyFrame.thumbnail() })),
    });
    expect(withPictures(await analyseVideo(source))).toEqual(withPictures(analysis));
    const plain = {
      boundaries: analysis.boundaries,
      shots: analysis.shots,
      keyFrames: analysis.keyFrames.map(({ thumbnail: _, ...rest }) => rest),
    };
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain);
    expect(analysis.shots).toEqual([
      { first: 0, last: 24, startSeconds: 0, endSeconds: 1 },
      { first: 25, last: 49, startSeconds: 1, endSeconds: 2 },
    ]);
  });

  it.skipIf(!existsSync(DATA))(
    'finds the cuts of real films to the frame, and one frame a shot (skipped: real data not found)',
    async () => {
      const folder = join(DATA, 'video');
      const truth = JSON.parse(readFileSync(join(folder, 'ground_truth.json'), 'utf8'));
      const film = await analyseVideo(await sourceOf(join(folder, 'bbb-480p-30s.mp4')));
      const cuts = film.boundaries.filter(({ kind }) => kind === 'cut').map(({ first }) => first);
      expect(cuts).toEqual(truth['bbb-480p-30s.mp4'].hard_cuts_frames);
      const { black_until_frame: black, full_brightness_about_frame: bright } = truth['bbb-480p-30s.mp4'].fade_in_from_black;
      const [fade] = film.boundaries;
      expect(fade).toMatchObject({ kind: 'fade', first: 0 });
      expect(fade?.last).toBeGreaterThan(black);
      expect(Math.abs((fade?.last ?? 0) - bright)).toBeLessThanOrEqual(2);
      expect(
        film.keyFrames.map(({ frame }) => film.shots.findIndex(({ first, last }) => frame !== null && frame >= first && frame <= last)),
      ).toEqual([0, 1, 2, 3]);
      const still = await analyseVideo(await sourceOf(join(folder, 'intel-bottle-detection.mp4')));
      expect([still.boundaries, still.keyFrames.length]).toEqual([[], 1]);
      const vertical = await analyseVideo(await sourceOf(join(folder, 'bbb-vertical-15s.mp4')));
      expect(vertical.boundaries.map(({ startSeconds }) => Math.round(startSeconds * 1000) / 1000)).toEqual(
        truth['bbb-vertical-15s.mp4'].hard_cuts_seconds,
      );
    },
  );
});
