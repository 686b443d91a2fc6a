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
