import { UserError } from '../../errors.ts';
import type { Entities, FieldSpec } from '../features/field.ts';
import { binOf } from '../features/quantile_bins.ts';
import { hashTerm, holds } from './hashed_fields.ts';
import type { ScoredFields, ServedSide } from './served_model.ts';

/**
 * The terms of ads in each context, and of creatives. A field of circumstances has the term of its value in the context, or
 * none: then it counts as in an average impression.
 * @param contexts values by field name; context c of ad a becomes number `c·ads + a` of the left tower
 * @throws UserError when a context names a field that the model does not have
 */
export function contextTerms(
  spec: readonly FieldSpec[],
  sides: { readonly left: ServedSide; readonly right: ServedSide },
  entities: Entities,
  contexts: readonly ReadonlyMap<string, string>[],
): ScoredFields {
  const specOf = new Map(spec.map((field) => [field.name, field]));
  // What hangs on a user's past is no circumstance that can be asked for.
  const asked = sides.left.fields.filter(({ of, name }) => of === 'row' && !/^(user|cross)\b/.test(name)).map(({ name }) => name);
  for (const name of contexts.flatMap((context) => [...context.keys()])) {
    if (asked.includes(name)) continue;
    if (asked.length > 0) throw new UserError(`Expected a context of ${asked.join(', ')} but received ${name}.`);
    throw new UserError(`Expected no context, as the model knows of no circumstances, but received ${name}.`);
  }
  const terms = new Map(entities.fields.map((field) => [field.name, field.terms]));
  const known = (name: string, count: number) => terms.get(name) ?? Array.from({ length: count }, () => []);
  return {
    left: sides.left.fields.map(({ name, of }) =>
      contexts.flatMap((context) => {
        if (of !== 'row') return known(name, entities.ads.length);
        const list = context.has(name) ? [knownTerm(specOf.get(name) as FieldSpec, context.get(name) as string, sides.left)] : [];
        return Array.from({ length: entities.ads.length }, () => list);
      }),
    ),
    right: sides.right.fields.map(({ name, of }) =>
      of === 'row' ? entities.creatives.map(() => []) : known(name, entities.creatives.length),
    ),
  };
}

/** @throws UserError for a value that training has not seen, of which the model knows nothing */
function knownTerm(field: FieldSpec, value: string, side: ServedSide): string {
  const term = termOf(field, value);
  if (holds(side.known, hashTerm(side.hash, field.name, term))) return term;
  throw new UserError(
    `Expected a context with a value of ${field.name} that training has seen but received "${value}".`,
    'Give one that the log has, or leave it out for average circumstances.',
  );
}

/** The term of a value: itself, or the bin of a number. */
function termOf({ source, name }: FieldSpec, value: string): string {
  if (source.from !== 'log' || !source.edges) return value;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number))
    throw new UserError(`Expected a context with a number for ${name} but received "${value}".`);
  return `q${binOf(number, source.edges)}`;
}
