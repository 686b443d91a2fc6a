import type { Random } from '../../random.ts';
import { type AdditiveFit, type AdditivePrior, curvatureOf } from './additive_fit.ts';
import type { Bags } from './bags.ts';

/** Draws of the effects' posterior as deviations from its mode. */
export interface PosteriorDraws {
  readonly draws: number;
  /** [draws × elements] */
  readonly effect: Float32Array;
  /** [draws × ads]: the ads' mean included. */
  readonly ad: Float32Array;
}

/** Of a draw, against its own size. */
const TOLERANCE = 1e-4;

/**
 * Draws of the normal approximation to the posterior at a fit, `N(0, (X'WX/φ + Λ)⁻¹)` over element effects, ad effects and the
 * ads' mean: exact draws, one linear system each, so that elements shown together, or with few ads, are drawn as uncertain
 * together as they are. An element without rows is drawn from its prior.
 */
export function drawPosterior(
  bags: Bags,
  rows: Int32Array,
  fit: AdditiveFit,
  options: AdditivePrior & { readonly draws: number; readonly random: Random },
): PosteriorDraws {
  const { draws, random } = options;
  const { equations } = curvatureOf(bags, rows, fit, options);
  const elements = bags.elements.length;
  const ads = bags.ads.length;
  const effect = new Float32Array(draws * elements);
  const ad = new Float32Array(draws * ads);
  for (let draw = 0; draw < draws; draw++) {
    const drawn = equations.draw(random, TOLERANCE);
    effect.set(drawn.element.subarray(0, elements), draw * elements);
    const mean = drawn.element[elements] as number;
    for (let a = 0; a < ads; a++) ad[draw * ads + a] = mean + (drawn.ad[a] as number);
  }
  return { draws, effect, ad };
}
