import { UserError } from '../errors.ts';
import type { EmojiLevel } from './emoji.ts';
import type { TextLanguage } from './language.ts';
import type { LengthUnit } from './length.ts';

/** Where a text is meant to run; decides how its length is counted and what it may hold. */
export const TITLE_PLATFORMS = ['generic', 'xiaohongshu', 'google', 'meta', 'tiktok'] as const;
export type TitlePlatform = (typeof TITLE_PLATFORMS)[number];

interface PlatformRules {
  readonly unit: LengthUnit;
  /** Greatest length the platform takes, per kind; null where it only recommends one. */
  readonly limits: { readonly title: number | null; readonly highlight: number | null };
  /** Characters the platform refuses. */
  readonly forbidden?: RegExp;
  readonly allowsEmoji: boolean;
  /** Length asked for when `--length` is not given: [min, max] for texts in Han characters, and in Latin letters. */
  readonly usual: { readonly title: UsualLength; readonly highlight: UsualLength };
}

interface UsualLength {
  readonly han: readonly [number, number];
  readonly latin: readonly [number, number];
}

export const PLATFORM_RULES: Readonly<Record<TitlePlatform, PlatformRules>> = {
  generic: {
    unit: 'characters',
    limits: { title: 100, highlight: 100 },
    allowsEmoji: true,
    usual: { title: { han: [8, 30], latin: [15, 60] }, highlight: { han: [4, 20], latin: [10, 80] } },
  },
  xiaohongshu: {
    unit: 'half-units',
    limits: { title: 20, highlight: 20 },
    allowsEmoji: true,
    usual: { title: { han: [6, 20], latin: [6, 20] }, highlight: { han: [4, 20], latin: [5, 20] } },
  },
  // A headline of 30, a description of 90.
  google: {
    unit: 'width',
    limits: { title: 30, highlight: 90 },
    allowsEmoji: true,
    usual: { title: { han: [8, 30], latin: [8, 30] }, highlight: { han: [8, 90], latin: [15, 90] } },
  },
  meta: {
    unit: 'characters',
    limits: { title: null, highlight: null },
    allowsEmoji: true,
    usual: { title: { han: [6, 27], latin: [10, 40] }, highlight: { han: [4, 20], latin: [10, 40] } },
  },
  tiktok: {
    unit: 'width',
    limits: { title: 100, highlight: 100 },
    forbidden: /[{}#]/,
    allowsEmoji: false,
    usual: { title: { han: [12, 60], latin: [15, 60] }, highlight: { han: [8, 40], latin: [10, 60] } },
  },
};

/** The length a text should have: as asked, or what is usual on the platform for its kind and language. */
export function lengthFor(
  platform: TitlePlatform,
  kind: 'title' | 'highlight',
  language: TextLanguage,
  asked: { readonly min: number; readonly max: number } | undefined,
): { readonly min: number; readonly max: number } {
  if (asked) return asked;
  const [min, max] = PLATFORM_RULES[platform].usual[kind][language === 'zh' ? 'han' : 'latin'];
  return { min, max };
}

/**
 * Refuses settings no text could satisfy.
 * @throws UserError naming the platform's rule
 */
export function checkSettings(
  platform: TitlePlatform,
  kind: 'title' | 'highlight',
  emoji: EmojiLevel,
  asked: { readonly min: number; readonly max: number } | undefined,
): void {
  const rules = PLATFORM_RULES[platform];
  if (emoji !== 'none' && !rules.allowsEmoji) {
    throw new UserError(
      `Expected --emoji none for ${platform} but received "${emoji}": the platform takes no emoji in ads.`,
      'Leave --emoji out, or choose another --platform.',
    );
  }
  const limit = rules.limits[kind];
  if (asked && limit !== null && asked.min > limit) {
    throw new UserError(
      `Expected a --length that begins at ${limit} or less but received "${asked.min}-${asked.max}": ${platform} takes ${limit} ${rules.unit} in a ${kind}.`,
      'Shorten --length, or choose another --platform.',
    );
  }
}
