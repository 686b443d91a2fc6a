import { UserError } from '../errors.ts';
import type { TitlePlatform } from '../text/platforms.ts';

/** The name of the ratio that a picture has of its own. */
export const ORIGINAL = 'original';

/** Width to height of a picture, e.g. 3:4; 0:0 under the name 'original' is the picture's own. */
export interface Ratio {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Share by which a picture's ratio may differ and still be taken for it. */
  readonly tolerance: number;
}

/** A ratio a platform shows pictures in. */
interface PlatformRatio extends Ratio {
  /** Width and height in pixels below which the platform refuses a picture or shows it badly; null where it takes any. */
  readonly smallest: readonly [number, number] | null;
}

/** A picture that differs from a ratio by at most this share has it already, where a platform does not say more. */
const SAME = 0.01;
/** No platform shows anything longer; beyond it a crop is a stripe. */
const LONGEST = 10;

/** Ratios of images by platform as its documentation states them; the tolerance is 1 % where it states none. */
export const PLATFORM_RATIOS: Readonly<Record<TitlePlatform, readonly PlatformRatio[]>> = {
  generic: [platformRatio(ORIGINAL, null)],
  xiaohongshu: [platformRatio('3:4', [1080, 1440])],
  google: [platformRatio('1.91:1', [600, 314]), platformRatio('1:1', [300, 300]), platformRatio('4:5', [480, 600])],
  meta: [platformRatio('1:1', [600, 600], 0.03), platformRatio('4:5', [600, 600], 0.03)],
  tiktok: [platformRatio('1.91:1', [1200, 628]), platformRatio('1:1', [640, 640]), platformRatio('9:16', [720, 1280])],
};

function platformRatio(name: string, smallest: PlatformRatio['smallest'], tolerance = SAME): PlatformRatio {
  return { ...parseRatio(name), smallest, tolerance };
}

/**
 * Reads "3:4", "1.91:1" or "original".
 * @throws UserError for anything else, and for ratios beyond 1:10 and 10:1
 */
export function parseRatio(text: string): Ratio {
  const name = text.trim();
  if (name === ORIGINAL) return { name, width: 0, height: 0, tolerance: SAME };
  const [, width = '', height = ''] = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(name) ?? [];
  const ratio = { name, width: Number(width), height: Number(height), tolerance: SAME };
  const value = ratio.width / ratio.height;
  if (!(value >= 1 / LONGEST && value <= LONGEST)) {
    throw new UserError(
      `Expected a ratio of width to height from 1:${LONGEST} to ${LONGEST}:1, or original, but received "${text}".`,
      'Write it as 3:4, 1:1 or 1.91:1; several are parted by commas.',
    );
  }
  return ratio;
}

/** Width divided by height that a picture of the given size is to have. */
export function ratioValue(ratio: Ratio, width: number, height: number): number {
  return ratio.name === ORIGINAL ? width / height : ratio.width / ratio.height;
}

/** Whether a picture of the given size has the ratio already, within its tolerance. */
export function hasRatio(ratio: Ratio, width: number, height: number): boolean {
  return Math.abs(width / height / ratioValue(ratio, width, height) - 1) <= ratio.tolerance;
}

/** Whether a platform refuses a picture of this ratio and size, or shows it badly, because it is too small. */
export function isTooSmall(platform: TitlePlatform, ratio: string, width: number, height: number): boolean {
  const smallest = PLATFORM_RATIOS[platform].find(({ name }) => name === ratio)?.smallest;
  return smallest != null && (width < smallest[0] || height < smallest[1]);
}
