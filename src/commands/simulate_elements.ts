import { InvalidArgumentError } from 'commander';
import { UserError } from '../core/errors.ts';
import { kindName, nameElements } from '../core/feedback/element_names.ts';
import { combinationCount, type ElementOptions } from '../core/feedback/element_world.ts';
import { count } from './shared.ts';

const MAX_KINDS = 50;
const MAX_ELEMENTS = 10_000;
const KIND_SIZE = /^([a-z][a-z0-9_]*):(\d+)$/;

interface ElementFlags {
  /** Kind → how many elements. */
  readonly elements?: ReadonlyMap<string, number>;
  readonly favour?: number;
  readonly pairs?: number;
  /** Of each ad. */
  readonly creatives: number;
}

/** "3x8" or "title:8,image:12" → how many elements there are of each kind. */
export function parseElements(text: string): ReadonlyMap<string, number> {
  const sizes = parseCounted(text) ?? parseNamed(text);
  const counts = [...(sizes?.values() ?? [])];
  const total = counts.reduce((sum, size) => sum + size, 0);
  if (!sizes || counts.includes(0))
    throw new InvalidArgumentError(
      `Expected kinds x elements such as 3x8, or different kinds in small letters such as title:8,image:12, but received "${text}".`,
    );
  if (sizes.size > MAX_KINDS || total > MAX_ELEMENTS)
    throw new InvalidArgumentError(
      `Expected at most ${MAX_KINDS} kinds and ${count(MAX_ELEMENTS)} elements in all but received "${text}".`,
    );
  return sizes;
}

function parseCounted(text: string): Map<string, number> | undefined {
  const [, kinds = '', size = ''] = /^(\d+)x(\d+)$/.exec(text.trim()) ?? [];
  const counted = Number(kinds);
  if (counted < 1) return undefined;
  // One more than allowed is enough to be refused.
  return new Map(Array.from({ length: Math.min(counted, MAX_KINDS + 1) }, (_, i) => [kindName(i), Number(size)]));
}

function parseNamed(text: string): Map<string, number> | undefined {
  const sizes = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, kind, size] = KIND_SIZE.exec(part.trim()) ?? [];
    if (kind === undefined || sizes.has(kind)) return undefined;
    sizes.set(kind, Number(size));
  }
  return sizes;
}

/**
 * What creatives are combined from, where --elements says so.
 * @throws UserError for flags that would change nothing, and where there are too few combinations for an ad's creatives.
 */
export function readElementFlags({ elements, favour, pairs, creatives }: ElementFlags): ElementOptions | undefined {
  if (!elements) {
    const odd = [favour !== undefined && '--favour', pairs !== undefined && '--pairs'].filter((flag) => flag);
    if (odd.length > 0)
      throw new UserError(
        `Expected --elements with ${odd.join(', ')} but received none.`,
        'Say what creatives are combined from, for example --elements 3x8.',
      );
    return undefined;
  }
  const kinds = nameElements(elements);
  const combinations = combinationCount(kinds);
  if (creatives > combinations)
    throw new UserError(
      `Expected --creatives of at most ${count(combinations)}, the combinations of ${tellSizes(elements)}, but received ${count(creatives)}.`,
      'Give fewer creatives, or more elements.',
    );
  return { kinds, favour: favour ?? 0, pairs: pairs ?? 0 };
}

/** "8 title, 12 image" */
function tellSizes(sizes: ReadonlyMap<string, number>): string {
  return [...sizes].map(([kind, size]) => `${size} ${kind}`).join(', ');
}

/** A line for people. */
export function tellElements({ kinds }: ElementOptions): string {
  const sizes = new Map(kinds.map(({ kind, elements }) => [kind, elements.length]));
  return `elements all ads share: ${tellSizes(sizes)} (${count(combinationCount(kinds))} combinations)`;
}
