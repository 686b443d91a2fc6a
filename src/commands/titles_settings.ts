import { InvalidArgumentError } from 'commander';
import { UserError } from '../core/errors.ts';
import { sha256 } from '../core/ids.ts';
import type { Style, TextKind } from '../core/text/controls.ts';
import type { EmojiLevel } from '../core/text/emoji.ts';
import { checkSettings, type TitlePlatform } from '../core/text/platforms.ts';
import type { Generator, Paradigm } from '../core/text/writer.ts';
import { type ModelOptions, refuseModelFlags } from './model_access.ts';

/** Flags of `titles`. */
export interface TitlesOptions extends ModelOptions {
  readonly generator: Generator;
  readonly paradigm: Paradigm;
  readonly kind: TextKind;
  readonly perNote: number;
  readonly keywords?: readonly string[];
  readonly length?: { readonly min: number; readonly max: number };
  readonly emoji: EmojiLevel;
  readonly brand?: string;
  readonly style?: Style;
  readonly platform: TitlePlatform;
  readonly notes?: readonly string[];
}

/** Refuses flags that no text could satisfy, or that do not go together. @throws UserError */
export function checkFlags(options: TitlesOptions): void {
  checkSettings(options.platform, options.kind, options.emoji, options.length);
  if (options.kind === 'highlight' && options.paradigm === 'rewrite') {
    throw new UserError('Expected --paradigm write for --kind highlight: a highlight has no original to rewrite.', 'Leave --paradigm out.');
  }
  if (options.generator !== 'hf') refuseModelFlags(options);
}

/**
 * Refuses keywords and a brand that no text could hold under the other flags. @throws UserError
 * @param banned terms of the store's lexicon
 */
export async function checkTerms(
  { keywords = [], brand, platform, kind, length }: TitlesOptions,
  banned: readonly string[],
): Promise<void> {
  const { createBannedMatcher } = await import('../core/text/banned.ts');
  const { lengthOf } = await import('../core/text/length.ts');
  const { PLATFORM_RULES } = await import('../core/text/platforms.ts');
  const { unit, forbidden, limits } = PLATFORM_RULES[platform];
  const term = keywords.find(createBannedMatcher(banned));
  if (term !== undefined) {
    throw new UserError(`Expected keywords that may be said but "${term}" is a banned claim or term.`, 'Leave it out of --keywords.');
  }
  const terms = [...keywords, ...(brand === undefined ? [] : [brand])];
  const refused = terms.find((each) => forbidden?.test(each));
  if (refused !== undefined) throw new UserError(`Expected keywords and a brand that ${platform} takes but received "${refused}".`);
  const most = Math.min(length?.max ?? Number.POSITIVE_INFINITY, limits[kind] ?? Number.POSITIVE_INFINITY);
  // One term may stand inside another.
  const apart = terms.filter((each) => !terms.some((other) => other !== each && other.includes(each)));
  const least = Math.ceil(apart.reduce((sum, each) => sum + lengthOf(each, unit), 0));
  if (least > most) {
    throw new UserError(`Expected a length in which all keywords and the brand fit but they take ${least} and at most ${most} is allowed.`);
  }
}

/** Hash of the flags that tell one set of titles from another; `model` is the one that is asked, and how. */
export function settingOf(options: TitlesOptions, model: readonly string[]): string {
  const { generator, paradigm, kind, perNote, keywords, length, emoji, brand, style, platform } = options;
  const flags = [
    generator,
    paradigm,
    kind,
    perNote,
    keywords ?? [],
    length ?? null,
    emoji,
    brand ?? null,
    style ?? null,
    platform,
    ...model,
  ];
  return sha256(JSON.stringify(flags)).slice(0, 16);
}

/** "8-20" → {min: 8, max: 20}. */
export function parseLength(text: string): { min: number; max: number } {
  const match = /^(\d+)\s*[-–]\s*(\d+)$/.exec(text.trim());
  const [min, max] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || min < 1 || min > max) throw new InvalidArgumentError(`Expected a range such as 8-20 but received "${text}".`);
  return { min, max };
}
