import type { Field } from '../features/field.ts';
import type { DualTowerOptions } from './options.ts';

/** A model trained without one of its parts, to see what the part is worth. */
export interface Ablation {
  readonly name: string;
  readonly options: Partial<DualTowerOptions>;
  readonly keeps: (field: Field) => boolean;
}

const everything = (): boolean => true;

/** What a creative is about, as opposed to which one it is. */
function isContent({ of, isId }: Field): boolean {
  return of !== 'row' && !isId;
}

export const ABLATIONS: readonly Ablation[] = [
  { name: 'without SENet', options: { senet: false }, keeps: everything },
  { name: 'without adaptive dropout', options: { dropoutHalf: 0 }, keeps: everything },
  { name: 'without hidden state', options: { hiddenState: false }, keeps: everything },
  { name: 'without cross features', options: {}, keeps: ({ name }) => !name.startsWith('cross.') },
  { name: 'without content', options: {}, keeps: (field) => !isContent(field) },
];
