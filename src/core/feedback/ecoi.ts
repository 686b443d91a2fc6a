import { gammaQuantile } from '../numerics/gamma.ts';
import { type Dispersion, measureDispersion } from './dispersion.ts';
import { fitPositionModel, type PositionCells } from './position_model.ts';
import { fitShrinkage, type Shrinkage } from './shrinkage.ts';

/** Upper 95 % limit of a Poisson mean when nothing was counted (rule of three). */
const RULE_OF_THREE = 3;

/**
 * Cells of the roll-up, ordered by creative, position, day. Indices count from 0; `ad` gives each creative's ad.
 */
export interface EcoiInput extends PositionCells {
  readonly ad: ArrayLike<number>;
}

interface PositionReport {
  readonly impressions: number;
  readonly clicks: number;
  readonly ctr: number | null;
  /** b_p; null for a position without impressions. */
  readonly exposureFactor: number | null;
}

export interface CreativeReport {
  readonly impressions: number;
  readonly clicks: number;
  readonly ctr: number | null;
  readonly coec: number | null;
  /** C_i/E_i, a CTR; null when E_i = 0. */
  readonly ecoi: number | null;
  readonly ecoiShrunk: number | null;
  /** 95 % interval: Gamma quantiles of the shrunk value; [0, 3φ/E] for a creative without a click. */
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
  readonly effectiveImpressions: number;
  /** Whether all shown creatives of its ad hang together through common positions, so they can be compared. */
  readonly comparable: boolean;
}

export interface EcoiReport {
  readonly positions: readonly PositionReport[];
  readonly creatives: readonly CreativeReport[];
  /** Undefined without a click. */
  readonly shrinkage: Shrinkage | undefined;
  readonly dispersion: Dispersion;
  readonly components: number;
  readonly rounds: number;
}

/**
 * Position-corrected CTR of every creative: `E_i = Σ_p n_ip·b_p`, `ECOI_i = C_i/E_i`,
 * `ECOI_shrunk = (C_i+k)/(E_i+k/m)`, with the exposure factors of {@link fitPositionModel}. It extends COEC
 * (Zhang & Jones 2007), `C_i/Σ_p n_ip·CTR_p`, whose CTR_p contains the quality of what was placed at p.
 * Interval: Gamma quantiles .025 and .975 of (C_i/φ + k, E_i/φ + k/m).
 */
export function computeEcoi(input: EcoiInput): EcoiReport {
  const { creatives, positions } = input;
  const model = fitPositionModel(input);
  const shown = sumCells(input, creatives, input.creative);
  const at = sumCells(input, positions, input.position);
  const effective = new Float64Array(creatives);
  const byPositionCtr = new Float64Array(creatives); // Σ_p n_ip·CTR_p
  for (let i = 0; i < input.impressions.length; i++) {
    const n = input.impressions[i] as number;
    if (n <= 0) continue;
    const creative = input.creative[i] as number;
    const position = input.position[i] as number;
    effective[creative] = (effective[creative] as number) + n * (model.exposureFactor[position] as number);
    byPositionCtr[creative] =
      (byPositionCtr[creative] as number) + (n * (at.clicks[position] as number)) / (at.impressions[position] as number);
  }
  const shrinkage = fitShrinkage(shown.clicks, effective);
  const dispersion = measureDispersion({ ...input, cells: input.impressions.length });
  const comparable = comparableAds(input, model.component);
  return {
    positions: Array.from({ length: positions }, (_, p) => ({
      impressions: at.impressions[p] as number,
      clicks: at.clicks[p] as number,
      ctr: ratio(at.clicks[p] as number, at.impressions[p] as number),
      exposureFactor: Number.isNaN(model.exposureFactor[p]) ? null : (model.exposureFactor[p] as number),
    })),
    creatives: Array.from({ length: creatives }, (_, i) => {
      const clicks = shown.clicks[i] as number;
      const exposure = effective[i] as number;
      return {
        impressions: shown.impressions[i] as number,
        clicks,
        ctr: ratio(clicks, shown.impressions[i] as number),
        coec: ratio(clicks, byPositionCtr[i] as number),
        ecoi: ratio(clicks, exposure),
        ...shrink(clicks, exposure, shrinkage, dispersion.phi),
        effectiveImpressions: exposure,
        comparable: comparable.has(input.ad[i] as number),
      };
    }),
    shrinkage,
    dispersion,
    components: model.components,
    rounds: model.rounds,
  };
}

function shrink(
  clicks: number,
  exposure: number,
  shrinkage: Shrinkage | undefined,
  phi: number,
): Pick<CreativeReport, 'ecoiShrunk' | 'ciLow' | 'ciHigh'> {
  if (exposure <= 0) return { ecoiShrunk: null, ciLow: null, ciHigh: null };
  const noClicks = { ciLow: 0, ciHigh: (RULE_OF_THREE * phi) / exposure };
  if (!shrinkage) return { ecoiShrunk: 0, ...noClicks };
  const { k, m } = shrinkage;
  const ecoiShrunk = (clicks + k) / (exposure + k / m);
  if (clicks === 0) return { ecoiShrunk, ...noClicks };
  const shape = clicks / phi + k;
  const rate = exposure / phi + k / m;
  return { ecoiShrunk, ciLow: gammaQuantile(0.025, shape, rate), ciHigh: gammaQuantile(0.975, shape, rate) };
}

function ratio(numerator: number, denominator: number): number | null {
  return denominator > 0 ? numerator / denominator : null;
}

function sumCells(cells: PositionCells, size: number, index: ArrayLike<number>): { impressions: Float64Array; clicks: Float64Array } {
  const impressions = new Float64Array(size);
  const clicks = new Float64Array(size);
  for (let i = 0; i < cells.impressions.length; i++) {
    const at = index[i] as number;
    impressions[at] = (impressions[at] as number) + (cells.impressions[i] as number);
    clicks[at] = (clicks[at] as number) + (cells.clicks[i] as number);
  }
  return { impressions, clicks };
}

/** Ads whose shown creatives all lie in one component. */
function comparableAds(input: EcoiInput, component: Int32Array): Set<number> {
  const componentOf = new Map<number, number>();
  const apart = new Set<number>();
  for (let i = 0; i < input.creatives; i++) {
    const ad = input.ad[i] as number;
    const at = component[i] as number;
    if (at < 0) continue;
    if (!componentOf.has(ad)) componentOf.set(ad, at);
    else if (componentOf.get(ad) !== at) apart.add(ad);
  }
  return new Set([...componentOf.keys()].filter((ad) => !apart.has(ad)));
}
