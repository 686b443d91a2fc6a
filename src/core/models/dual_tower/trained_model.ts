import type { Examples } from '../features/field.ts';
import { ofSide } from './hashed_fields.ts';
import { type ScoredFields, type ServedSide, towerFiles } from './served_model.ts';
import type { Tower } from './tower.ts';
import type { DualTowerTrainer } from './trainer.ts';
import { withTypicalRows } from './typical_rows.ts';

/** A trained dual tower as it is kept: two ONNX files, and what their inputs are made of. */
export interface TrainedModel {
  readonly files: { readonly left: Uint8Array; readonly right: Uint8Array };
  readonly sides: { readonly left: ServedSide; readonly right: ServedSide };
}

/**
 * The served form of a trainer's weights.
 * @param rows the training rows: they say what an average impression is like
 * @throws UserError when a weight is not finite
 */
export function serveTrained(trainer: DualTowerTrainer, examples: Examples, rows: Int32Array): TrainedModel {
  const sideOf = (tower: Tower, side: 'left' | 'right'): ServedSide => ({
    hash: tower.hash,
    fields: ofSide(examples.fields, side).map(({ name, isId, of }, i) => ({
      name,
      isId,
      of,
      slots: Math.max(1, tower.fields[i]?.width ?? 0),
    })),
    known: tower.counts.known,
  });
  const sides = { left: sideOf(trainer.left, 'left'), right: sideOf(trainer.right, 'right') };
  const tableOf = (side: 'left' | 'right'): Float32Array => {
    const isOfRow = sides[side].fields.map(({ of }) => of === 'row');
    return withTypicalRows(trainer[side], isOfRow, rows, examples.impressions);
  };
  const files = towerFiles({
    shape: trainer.shape,
    layout: trainer.layout,
    parameters: trainer.weights.slice(),
    left: { side: sides.left, table: tableOf('left') },
    right: { side: sides.right, table: tableOf('right') },
  });
  return { files, sides };
}

/** A term that no log has. */
const UNKNOWN = ['\0'];

/**
 * The terms of all ads and creatives of the examples, nothing known of the circumstances.
 * @param areStrangers take the ids of all creatives for unknown
 */
export function scoredFields(examples: Pick<Examples, 'fields' | 'ads' | 'creatives'>, areStrangers = false): ScoredFields {
  const termsOf = (side: 'left' | 'right', entities: number) =>
    ofSide(examples.fields, side).map(({ of, isId, terms }) => {
      if (of === 'row') return Array.from({ length: entities }, () => []);
      return areStrangers && side === 'right' && isId ? terms.map((list) => (list.length > 0 ? UNKNOWN : list)) : terms;
    });
  return { left: termsOf('left', examples.ads.length), right: termsOf('right', examples.creatives.length) };
}
