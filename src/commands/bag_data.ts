import { UserError } from '../core/errors.ts';
import type { Bags, Family } from '../core/models/multi_instance/bags.ts';
import type { OutcomeCells, ShownCreative } from '../core/models/multi_instance/build_bags.ts';
import type { Arm } from '../core/store/logs.ts';
import type { Store } from '../core/store/open.ts';
import { LABELS, type Label } from './labels.ts';

interface BagChoice {
  readonly logId: number | undefined;
  readonly ads?: readonly string[] | undefined;
  readonly label: Label;
}

/** The combinations of a log, with what they are summed from. */
export interface BagData {
  readonly bags: Bags;
  readonly family: Family;
  readonly cells: OutcomeCells;
  /** [creatives of the cells]: the row of each; −1 where it has no elements. */
  readonly rowOf: Int32Array;
  /** [creatives of the cells] */
  readonly arms: readonly Arm[];
  /** Creatives of the log whose elements the store does not know. */
  readonly unknown: readonly Arm[];
}

/**
 * Reads the roll-up as bags: combinations of elements, with outcomes and effective impressions `E = Σ_p n_p·b_p`, b_p the
 * exposure factors of the position model of the whole log.
 * @throws UserError when none of the ads was shown, or no shown creative has elements
 */
export async function readBags(store: Store, { logId, ads, label }: BagChoice): Promise<BagData> {
  const { fitPositionModel } = await import('../core/feedback/position_model.ts');
  const { buildBags } = await import('../core/models/multi_instance/build_bags.ts');
  const { readCreatives } = await import('../core/store/creatives.ts');
  const { readClickData } = await import('./click_data.ts');
  const data = await readClickData(store, logId);
  const { exposureFactor } = fitPositionModel(data.input);
  const stored = new Map(readCreatives(store).map(({ adId, creativeId, elements }) => [keyOf(adId, creativeId), elements]));
  const wanted = ads && new Set(ads);
  const isWanted = data.arms.map(({ adId }) => !wanted || wanted.has(adId));
  const creatives = data.arms.map(({ adId, creativeId }, i): ShownCreative => {
    return { adId, elements: (isWanted[i] && stored.get(keyOf(adId, creativeId))) || {} };
  });
  const { creative, position, impressions } = data.input;
  const cells: OutcomeCells = {
    creative,
    day: data.cells.day.subarray(0, data.cells.cells),
    outcomes: data.cells.sums[LABELS[label].sum].subarray(0, data.cells.cells),
    exposure: Float64Array.from(impressions, (n, cell) => (n > 0 ? n * (exposureFactor[position[cell] as number] as number) : 0)),
  };
  const { family } = LABELS[label];
  const { bags, rowOf } = buildBags(creatives, cells, family);
  const unknown = data.arms.filter((_, i) => isWanted[i] && rowOf[i] === -1);
  requireRows(bags, ads, { isAnyShown: data.arms.length > 0, isAnyWanted: isWanted.includes(true) });
  return { bags, family, cells, rowOf, arms: data.arms, unknown };
}

/** @throws UserError when nothing was clicked (converted, earned): there is nothing to learn */
export function requireOutcomes({ outcomes }: Bags, label: Label): void {
  if (outcomes.some((own) => own > 0)) return;
  const hint = label === 'click' ? 'Learn from a longer log.' : `Check that the log has a column ${label}, or leave out --label.`;
  throw new UserError(`Expected ${LABELS[label].word} in the log but there are none.`, hint);
}

function requireRows(
  { rows }: Bags,
  ads: readonly string[] | undefined,
  { isAnyShown, isAnyWanted }: { readonly isAnyShown: boolean; readonly isAnyWanted: boolean },
): void {
  if (!isAnyShown)
    throw new UserError('Expected rows of a click log to learn from but there are none.', 'Import one: atelier import logs FILE.');
  if (!isAnyWanted) {
    throw new UserError(
      `Expected ads that the log shows but received ${ads?.join(', ')}.`,
      'See the ads with: atelier list ads, or leave out --ads.',
    );
  }
  if (rows === 0) {
    throw new UserError(
      'Expected creatives of the log whose elements are known but there are none.',
      'Import what the creatives were made of: atelier import creatives FILE.',
    );
  }
}

function keyOf(adId: string, creativeId: string): string {
  return `${adId}\0${creativeId}`;
}
