import { fitShrinkage } from './shrinkage.ts';

const TOLERANCE = 1e-10;
const MAX_ROUNDS = 2_000;
const FEW_POSITIONS = 3;
const DEFAULT_KAPPA = 0.5;

/** Impressions and clicks of creatives at positions; one entry per pair that was shown. Indices count from 0. */
export interface PositionCells {
  readonly creatives: number;
  readonly positions: number;
  readonly creative: ArrayLike<number>;
  readonly position: ArrayLike<number>;
  readonly impressions: ArrayLike<number>;
  readonly clicks: ArrayLike<number>;
}

export interface PositionModel {
  /** b_p per position; NaN for a position without impressions. */
  readonly exposureFactor: Float64Array;
  /** Component of the graph of creatives and positions, per creative; −1 for one never shown. */
  readonly component: Int32Array;
  readonly components: number;
  readonly rounds: number;
}

/**
 * Exposure factors of positions by maximum likelihood of the multiplicative model `c_ip ~ Poisson(n_ip·α_i·b_p)`
 * (Chen & Yan, KDD 2012, without the prior), by alternating α_i = C_i/Σ_p n_ip·b_p and b_p = Σ_i c_ip/Σ_i n_ip·α_i.
 *
 * A connected graph is normalised to Σ_p w_p·b_p = 1. Where the graph falls apart, each component has its own solution,
 * and is set to the level that COEC·CTR gives it: Σ_p n_p·b_p = (clicks of the component)/(CTR of all).
 * A position without a click gets (Σc+κ)/(Σnα+κ), κ by the marginal likelihood over positions, ½ for fewer than 3.
 */
export function fitPositionModel(cells: PositionCells): PositionModel {
  const { component, components } = findComponents(cells);
  const first = iterate(cells, component, components, DEFAULT_KAPPA);
  const kappa = hasEmptyPosition(cells) ? fitKappa(cells, first.expected) : DEFAULT_KAPPA;
  const { exposureFactor, rounds } = kappa === DEFAULT_KAPPA ? first : iterate(cells, component, components, kappa);
  return { exposureFactor, component, components, rounds };
}

function iterate(
  cells: PositionCells,
  component: Int32Array,
  components: number,
  kappa: number,
): { exposureFactor: Float64Array; expected: Float64Array; rounds: number } {
  const { creatives, positions, creative, position, impressions, clicks } = cells;
  const n = impressions.length;
  const clicksOf = new Float64Array(creatives);
  const clicksAt = new Float64Array(positions);
  const impressionsAt = new Float64Array(positions);
  for (let i = 0; i < n; i++) {
    clicksOf[creative[i] as number] = (clicksOf[creative[i] as number] as number) + (clicks[i] as number);
    clicksAt[position[i] as number] = (clicksAt[position[i] as number] as number) + (clicks[i] as number);
    impressionsAt[position[i] as number] = (impressionsAt[position[i] as number] as number) + (impressions[i] as number);
  }
  const componentAt = componentOfPositions(cells, component);
  const target = componentTargets(cells, component, components);
  const b = new Float64Array(positions).fill(1);
  const alpha = new Float64Array(creatives);
  const expected = new Float64Array(positions); // Σ_i n_ip·α_i
  const level = new Float64Array(components);
  let rounds = 0;
  for (let change = Number.POSITIVE_INFINITY; change >= TOLERANCE && rounds < MAX_ROUNDS; rounds++) {
    alpha.fill(0);
    for (let i = 0; i < n; i++)
      alpha[creative[i] as number] =
        (alpha[creative[i] as number] as number) + (impressions[i] as number) * (b[position[i] as number] as number);
    for (let i = 0; i < creatives; i++) alpha[i] = (alpha[i] as number) > 0 ? (clicksOf[i] as number) / (alpha[i] as number) : 0;
    expected.fill(0);
    for (let i = 0; i < n; i++)
      expected[position[i] as number] =
        (expected[position[i] as number] as number) + (impressions[i] as number) * (alpha[creative[i] as number] as number);
    level.fill(0);
    const next = new Float64Array(positions);
    for (let p = 0; p < positions; p++) {
      const c = clicksAt[p] as number;
      next[p] = c > 0 ? c / (expected[p] as number) : kappa / ((expected[p] as number) + kappa);
      const at = componentAt[p] as number;
      if (at >= 0) level[at] = (level[at] as number) + (impressionsAt[p] as number) * (next[p] as number);
    }
    change = 0;
    for (let p = 0; p < positions; p++) {
      const at = componentAt[p] as number;
      if (at < 0) continue;
      const scaled = ((next[p] as number) * (target[at] as number)) / (level[at] as number);
      change = Math.max(change, Math.abs(scaled - (b[p] as number)));
      b[p] = scaled;
    }
  }
  const exposureFactor = b.map((factor, p) => ((componentAt[p] as number) < 0 ? Number.NaN : factor));
  return { exposureFactor, expected, rounds };
}

/** Σ_p n_p·b_p of each component: its clicks over the CTR of all, so COEC·CTR; its impressions where nothing was clicked. */
function componentTargets(cells: PositionCells, component: Int32Array, components: number): Float64Array {
  const clicks = new Float64Array(components);
  const impressions = new Float64Array(components);
  for (let i = 0; i < cells.impressions.length; i++) {
    const at = component[cells.creative[i] as number] as number;
    if (at < 0) continue;
    clicks[at] = (clicks[at] as number) + (cells.clicks[i] as number);
    impressions[at] = (impressions[at] as number) + (cells.impressions[i] as number);
  }
  const ctr = sum(clicks) / sum(impressions);
  return clicks.map((c, at) => (components > 1 && c > 0 ? c / ctr : (impressions[at] as number)));
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Union-find over creatives and positions that were shown together. */
function findComponents(cells: PositionCells): { component: Int32Array; components: number } {
  const { creatives, positions } = cells;
  const parent = Int32Array.from({ length: creatives + positions }, (_, i) => i);
  const find = (node: number): number => {
    let root = node;
    while (parent[root] !== root) root = parent[root] as number;
    for (let at = node; parent[at] !== root; ) {
      const next = parent[at] as number;
      parent[at] = root;
      at = next;
    }
    return root;
  };
  const shown = new Uint8Array(creatives);
  for (let i = 0; i < cells.impressions.length; i++) {
    if ((cells.impressions[i] as number) <= 0) continue;
    shown[cells.creative[i] as number] = 1;
    parent[find(cells.creative[i] as number)] = find(creatives + (cells.position[i] as number));
  }
  const names = new Map<number, number>();
  const component = new Int32Array(creatives).fill(-1);
  for (let i = 0; i < creatives; i++) {
    if (shown[i] === 0) continue;
    const root = find(i);
    if (!names.has(root)) names.set(root, names.size);
    component[i] = names.get(root) as number;
  }
  return { component, components: names.size };
}

function componentOfPositions(cells: PositionCells, component: Int32Array): Int32Array {
  const at = new Int32Array(cells.positions).fill(-1);
  for (let i = 0; i < cells.impressions.length; i++) {
    if ((cells.impressions[i] as number) > 0) at[cells.position[i] as number] = component[cells.creative[i] as number] as number;
  }
  return at;
}

function hasEmptyPosition(cells: PositionCells): boolean {
  const clicks = new Float64Array(cells.positions);
  for (let i = 0; i < cells.clicks.length; i++)
    clicks[cells.position[i] as number] = (clicks[cells.position[i] as number] as number) + (cells.clicks[i] as number);
  return clicks.some((c) => c === 0);
}

/** Prior weight of a position's factor about 1, from how much the factors differ. */
function fitKappa(cells: PositionCells, expected: Float64Array): number {
  if (cells.positions < FEW_POSITIONS) return DEFAULT_KAPPA;
  const clicks = new Float64Array(cells.positions);
  for (let i = 0; i < cells.clicks.length; i++)
    clicks[cells.position[i] as number] = (clicks[cells.position[i] as number] as number) + (cells.clicks[i] as number);
  return fitShrinkage(clicks, expected, 1)?.k ?? DEFAULT_KAPPA;
}
