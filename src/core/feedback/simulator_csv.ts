import type { SimulatedAd, SimulatedBatch, SimulatedCreative, SimulatedPosition, World } from './simulator.ts';

export const SIMULATED_COLUMNS =
  'impression_id,ts,ad_id,creative_id,scene,position,propensity,click,view_time_s,revenue,conversion,user_id';
const ID_DIGITS = 9;

/** A batch as CSV lines in the columns of {@link SIMULATED_COLUMNS}; `first` is the number of its first impression. */
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
        `${batch.propensity[row]?.toPrecision(12)},${batch.click[row]},${Number.isNaN(viewTime) ? '' : viewTime},${Number.isNaN(revenue) ? '' : revenue},${batch.conversion[row]},u${batch.user[row]}\n`,
    );
  }
  return lines.join('');
}

/** The world as a document: what is true of each creative and position. */
export function describeWorld(world: World): Record<string, unknown> {
  return {
    ads: world.ads.map(({ adId, creatives }) => ({
      ad_id: adId,
      best: creatives.reduce((best, next) => (next.ctr > best.ctr ? next : best)).creativeId,
      creatives: creatives.map(({ creativeId, ctr, viewTime, revenuePerClick, propensities }) => ({
        creative_id: creativeId,
        ctr,
        median_view_time_s: viewTime,
        revenue_per_click: revenuePerClick,
        propensities,
      })),
    })),
    positions: world.positions.map(({ scene, position, factor }) => ({ scene, position, exposure_factor: factor })),
  };
}
