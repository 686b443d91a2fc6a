import type { EcoiInput } from '../core/feedback/ecoi.ts';
import type { Arm, Position } from '../core/store/logs.ts';
import type { Store } from '../core/store/open.ts';
import type { RollUpCells } from '../core/store/roll_up.ts';

/** The roll-up with codes replaced by indices from 0, as the algorithms take it. */
export interface ClickData {
  readonly cells: RollUpCells;
  readonly input: EcoiInput;
  /** By creative index: the arm and its code in the store. */
  readonly arms: readonly (Arm & { readonly code: number })[];
  /** By position index. */
  readonly positions: readonly (Position & { readonly code: number })[];
  /** By ad index. */
  readonly ads: readonly string[];
}

/**
 * Reads the roll-up of one log, or of all logs, ordered by creative, position and day.
 * @param before only what was before this day, in days since 1970-01-01 UTC; undated rows stay
 */
export async function readClickData(store: Store, logId: number | undefined, before?: number): Promise<ClickData> {
  const { readArms, readPositions } = await import('../core/store/logs.ts');
  const { readRollUp } = await import('../core/store/roll_up.ts');
  const cells = readRollUp(store, logId, before);
  const armOf = readArms(store);
  const positionOf = readPositions(store);
  const armCodes = distinct(cells.arm, cells.cells);
  const positionCodes = distinct(cells.position, cells.cells);
  const arms = armCodes.map((code) => ({ ...(armOf.get(code) as Arm), code }));
  const ads = [...new Set(arms.map((arm) => arm.adId))].sort();
  const adIndex = new Map(ads.map((ad, index) => [ad, index]));
  return {
    cells,
    input: {
      creatives: arms.length,
      positions: positionCodes.length,
      creative: indexed(cells.arm, cells.cells, armCodes),
      position: indexed(cells.position, cells.cells, positionCodes),
      impressions: cells.sums.impressions.subarray(0, cells.cells),
      clicks: cells.sums.clicks.subarray(0, cells.cells),
      ad: Int32Array.from(arms, (arm) => adIndex.get(arm.adId) as number),
    },
    arms,
    positions: positionCodes.map((code) => ({ ...(positionOf.get(code) as Position), code })),
    ads,
  };
}

function distinct(codes: Int32Array, length: number): number[] {
  return [...new Set(codes.subarray(0, length))].sort((a, b) => a - b);
}

function indexed(codes: Int32Array, length: number, order: readonly number[]): Int32Array {
  const indexOf = new Int32Array((order.at(-1) ?? 0) + 1);
  order.forEach((code, index) => {
    indexOf[code] = index;
  });
  return Int32Array.from({ length }, (_, i) => indexOf[codes[i] as number] as number);
}
