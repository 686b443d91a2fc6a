import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { onTestFinished } from 'vitest';
import { findFfmpeg } from '../../../src/core/media/ffmpeg.ts';
import { createRandom } from '../../../src/core/random.ts';

/** A new folder, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-media-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The ffmpeg that comes with the package: the same on every machine. */
export async function packagedFfmpeg(): Promise<string> {
  return (await findFfmpeg({ environment: {} })).path;
}

/** Makes a video from an ffmpeg filter graph, losslessly enough that flat colours stay flat. */
export async function makeVideo(file: string, graph: string, options: readonly string[] = []): Promise<string> {
  const output = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p', ...options, file];
  await promisify(execFile)(await packagedFfmpeg(), ['-v', 'error', '-y', '-f', 'lavfi', '-i', graph, ...output]);
  return file;
}

/** Writes the coded frames of a video into another file with other options. */
export async function remux(from: string, file: string, options: readonly string[]): Promise<string> {
  await promisify(execFile)(await packagedFfmpeg(), ['-v', 'error', '-y', '-i', from, '-c', 'copy', ...options, file]);
  return file;
}

/** A picture with edges, soft shades and colours at every scale: overlapping discs on a gradient, from a seed. */
export async function makePicture(seed: number, width = 900, height = 600): Promise<Buffer> {
  const random = createRandom(seed);
  const channel = (): number => 40 + random.below(170);
  const discs = Array.from({ length: 250 }, () => {
    const radius = 4 + random.exponential() * 30;
    const colour = `rgb(${channel()},${channel()},${channel()})`;
    return `<circle cx="${random.uniform() * width}" cy="${random.uniform() * height}" r="${radius}" fill="${colour}"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="rgb(120,110,90)"/>${discs.join('')}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer();
}

/** A changed copy of a picture as PNG. */
export function changed(picture: Buffer | string, change: (copy: Sharp) => Sharp): Promise<Buffer> {
  return change(sharp(picture).autoOrient().flatten({ background: '#fff' }))
    .png({ compressionLevel: 1 })
    .toBuffer();
}
