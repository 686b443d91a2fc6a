import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted, UserError } from '../../../src/core/errors.ts';
import { ffmpegVersion, findFfmpeg, runFfmpeg } from '../../../src/core/media/ffmpeg.ts';
import { makeVideo, packagedFfmpeg, temporaryFolder } from './made_media.ts';

/** A folder with an executable named ffmpeg. */
function folderWithBinary(): string {
  const folder = temporaryFolder();
  const file = join(folder, 'ffmpeg');
  writeFileSync(file, '#!/bin/sh\necho ffmpeg version of a test\n');
  chmodSync(file, 0o755);
  return folder;
}

describe('finding ffmpeg', () => {
  it('takes the flag, then FFMPEG_PATH, then PATH, then the package', async () => {
    const [first, second, third] = [folderWithBinary(), folderWithBinary(), folderWithBinary()].map((folder) => join(folder, 'ffmpeg')) as [
      string,
      string,
      string,
    ];
    const PATH = `${temporaryFolder()}${delimiter}${join(third, '..')}`;
    expect(await findFfmpeg({ flag: first, environment: { FFMPEG_PATH: second, PATH } })).toEqual({ path: first, origin: 'flag' });
    expect(await findFfmpeg({ environment: { FFMPEG_PATH: second, PATH } })).toEqual({ path: second, origin: 'FFMPEG_PATH' });
    expect(await findFfmpeg({ environment: { PATH } })).toEqual({ path: third, origin: 'PATH' });
    expect(await findFfmpeg({ environment: {} })).toMatchObject({ origin: 'package' });
  });

  it('refuses a named file that is missing or cannot be run', async () => {
    const folder = temporaryFolder();
    copyFileSync(import.meta.filename, join(folder, 'plain'));
    chmodSync(join(folder, 'plain'), 0o644);
    await expect(findFfmpeg({ flag: join(folder, 'none'), environment: {} })).rejects.toThrow(UserError);
    await expect(findFfmpeg({ environment: { FFMPEG_PATH: join(folder, 'plain') } })).rejects.toThrow('(FFMPEG_PATH)');
    await expect(findFfmpeg({ flag: folder, environment: {} })).rejects.toThrow(UserError);
  });

  it('passes over a folder of that name on PATH', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'ffmpeg'));
    const binary = folderWithBinary();
    expect(await findFfmpeg({ environment: { PATH: `${folder}${delimiter}${binary}` } })).toMatchObject({ path: join(binary, 'ffmpeg') });
  });

  it('tells the version', async () => {
    expect(await ffmpegVersion(await packagedFfmpeg())).toMatch(/^ffmpeg version /);
  });
});

describe('running ffmpeg', () => {
  it('gives all bytes of the output, and its talk', async () => {
    const input = await makeVideo(join(temporaryFolder(), 'v.mp4'), 'testsrc2=s=64x48:r=10:d=2');
    const ffmpeg = await packagedFfmpeg();
    const lines: string[] = [];
    let bytes = 0;
    const onData = (chunk: Uint8Array): void => {
      bytes += chunk.length;
    };
    await runFfmpeg({ ffmpeg, input, outputOptions: ['-pix_fmt', 'rgb24', '-f', 'rawvideo'], onData, onLine: (line) => lines.push(line) });
    expect(bytes).toBe(20 * 64 * 48 * 3);
    expect(lines.some((line) => line.includes('Duration: 00:00:02'))).toBe(true);
  });

  it('fails with the reason where ffmpeg cannot be started', async () => {
    const folder = temporaryFolder();
    const input = await makeVideo(join(folder, 'v.mp4'), 'testsrc2=s=64x48:r=10:d=1');
    const broken = join(folder, 'ffmpeg');
    writeFileSync(broken, '#!/nowhere/sh\n');
    chmodSync(broken, 0o755);
    for (const ffmpeg of [broken, folder, join(folder, 'none')]) {
      const run = runFfmpeg({ ffmpeg, input, outputOptions: ['-f', 'rawvideo'], onData: () => {} });
      await expect(run).rejects.toThrow(/^Expected ffmpeg to decode the video but spawn .* E(?:NOENT|ACCES)/);
    }
  });

  it("fails with ffmpeg's reason for a file that is no video", async () => {
    const input = join(temporaryFolder(), 'broken.mp4');
    writeFileSync(input, 'no video');
    const ffmpeg = await packagedFfmpeg();
    const job = runFfmpeg({ ffmpeg, input, outputOptions: ['-f', 'rawvideo'], onData: () => {} });
    await expect(job).rejects.toThrow('Expected a video but ffmpeg cannot read it: ');
  });

  it('does not follow a playlist to other files', async () => {
    const folder = temporaryFolder();
    await makeVideo(join(folder, 'other.mp4'), 'testsrc2=s=64x48:r=10:d=1');
    writeFileSync(join(folder, 'list.mp4'), "ffconcat version 1.0\nfile 'other.mp4'\n");
    const ffmpeg = await packagedFfmpeg();
    const job = runFfmpeg({ ffmpeg, input: join(folder, 'list.mp4'), outputOptions: ['-f', 'rawvideo'], onData: () => {} });
    await expect(job).rejects.toThrow('ffmpeg cannot read it');
  });

  it('stops with what a callback throws', async () => {
    const input = await makeVideo(join(temporaryFolder(), 'v.mp4'), 'testsrc2=s=320x240:r=25:d=20');
    const ffmpeg = await packagedFfmpeg();
    const onData = (): void => {
      throw new Error('enough');
    };
    await expect(runFfmpeg({ ffmpeg, input, outputOptions: ['-pix_fmt', 'rgb24', '-f', 'rawvideo'], onData })).rejects.toThrow('enough');
  });

  it('is killed when the signal is aborted, before or during the work', async () => {
    const input = await makeVideo(join(temporaryFolder(), 'v.mp4'), 'testsrc2=s=320x240:r=25:d=20');
    const ffmpeg = await packagedFfmpeg();
    const controller = new AbortController();
    let chunks = 0;
    const job = {
      ffmpeg,
      input,
      outputOptions: ['-pix_fmt', 'rgb24', '-f', 'rawvideo'],
      signal: controller.signal,
      onData: () => {
        chunks++;
        controller.abort();
      },
    };
    await expect(runFfmpeg(job)).rejects.toThrow(Interrupted);
    expect(chunks).toBe(1);
    await expect(runFfmpeg(job)).rejects.toThrow(Interrupted);
    expect(chunks).toBe(1);
  });
});
