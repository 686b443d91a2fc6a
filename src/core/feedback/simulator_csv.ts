import { TOPICS } from './interests.ts';
import type { SimulatedAd, SimulatedBatch, SimulatedCreative, SimulatedPosition, World } from './simulator.ts';

export const SIMULATED_COLUMNS =
  'impression_id,ts,ad_id,creative_id,scene,position,propensity,click,view_time_s,revenue,conversion,user_id';
const ID_DIGITS = 9;

/** The columns of a world's log: where users have interests, a creative's topic is known, a user's liking is not. */
export function simulatedColumns(world: World): string {
  return world.interests ? `${SIMULATED_COLUMNS},topic` : SIMULATED_COLUMNS;
}

/** A batch as CSV lines in the columns of {@link simulatedColumns}; `first` is the number of its first impression. */
export function formatBatch(world: World, batch: SimulatedBatch, first: number): string {
  const lines: string[] = [];
  for (let row = 0; row < batch.rows; row++) {
    const ad = world.ads[batch.ad[row] as number] as SimulatedAd;
    const creative = ad.creatives[batch.creative[row] as number] as SimulatedCreative;
    const { scene, position } = world.positions[batch.position[row] as number] as SimulatedPosition;
    const viewTime = batch.viewTime[row] as number;
    const revenue = batch.revenue[row] as number;
    lines.push(
      `i${String(first + row).padStart(ID_DIGITS, '0')},${new Date(batch.ts[row] as number).toISOString()},${ad.adId},${creative.creativeId},${scene},${position},` +
        `${batch.propensity[row]?.toPrecision(12)},${batch.click[row]},${Number.isNaN(viewTime) ? '' : viewTime},${Number.isNaN(revenue) ? '' : revenue},${batch.conversion[row]},u${batch.user[row]}${world.interests ? `,${TOPICS[creative.topic ?? -1] ?? ''}` : ''}\n`,
    );
  }
  return lines.join('');
}
