import type { Random } from '../../random.ts';
import { solveByConjugateGradients } from './conjugate_gradients.ts';
import { addByEffect, type Coefficients, type Design } from './design.ts';

/** Rounding lets conjugate gradients need more iterations than there are unknowns. */
const MORE_ITERATIONS = 50;

/**
 * H = X'WX + Λ of the additive model: W the rows' weights, Λ the priors' precisions. Ads share no row, so their block is
 * diagonal and is eliminated exactly; what is left, `S = H_ee − H_ea H_aa⁻¹ H_ae` over the elements and the ads' mean, is
 * never formed: a product with it is one pass over the rows.
 */
export class NormalEquations {
  private readonly design: Design;
  private readonly weights: Float64Array;
  private readonly precision: Float64Array;
  private readonly adPrecision: number;
  /** [ads]: 1/H_aa. */
  private readonly adInverse: Float64Array;
  private readonly diagonal: Float64Array;
  private readonly sums: Float64Array;

  /**
   * @param weights [rows]
   * @param precision [elements + 2]: of the elements and of the ads' mean
   */
  constructor(design: Design, weights: Float64Array, precision: Float64Array, adPrecision: number) {
    this.design = design;
    this.weights = weights;
    this.precision = precision;
    this.adPrecision = adPrecision;
    this.sums = new Float64Array(design.rows);
    this.adInverse = new Float64Array(design.ads);
    this.diagonal = Float64Array.from(precision);
    this.eliminateAds();
  }

  /** Solves H x = right. */
  solve(right: Coefficients, tolerance: number): Coefficients {
    const { ads, elements, kinds, start, members } = this.design;
    const reduced = Float64Array.from(right.element);
    for (let ad = 0; ad < ads; ad++) {
      const share = (right.ad[ad] as number) * (this.adInverse[ad] as number);
      let total = 0;
      for (let row = start[ad] as number; row < (start[ad + 1] as number); row++) {
        const value = (this.weights[row] as number) * share;
        total += value;
        for (let at = row * kinds; at < (row + 1) * kinds; at++) {
          const member = members[at] as number;
          reduced[member] = (reduced[member] as number) - value;
        }
      }
      reduced[elements] = (reduced[elements] as number) - total;
    }
    reduced[elements + 1] = 0;
    const multiply = (v: Float64Array, out: Float64Array): void => this.multiply(v, out);
    const element = solveByConjugateGradients(multiply, this.diagonal, reduced, { tolerance, maxIterations: elements + MORE_ITERATIONS });
    const ad = new Float64Array(ads);
    for (let a = 0; a < ads; a++) ad[a] = ((right.ad[a] as number) - this.sumAd(a, element)) * (this.adInverse[a] as number);
    return { element, ad };
  }

  /**
   * One draw of N(0, H⁻¹): H⁻¹ (X'W^½ ε₁ + Λ^½ ε₂) with standard normal ε has that covariance (Papandreou & Yuille 2010).
   */
  draw(random: Random, tolerance: number): Coefficients {
    const { rows, ads } = this.design;
    const noise = Float64Array.from({ length: rows }, (_, row) => Math.sqrt(this.weights[row] as number) * random.normal());
    const element = this.precision.map((own) => Math.sqrt(own) * random.normal());
    const root = Math.sqrt(this.adPrecision);
    const ad = Float64Array.from({ length: ads }, () => root * random.normal());
    const right = { element, ad };
    addByEffect(this.design, noise, right);
    return this.solve(right, tolerance);
  }

  /** Writes S v to `out`. */
  private multiply(v: Float64Array, out: Float64Array): void {
    const { ads, elements, kinds, start, members } = this.design;
    const { weights, sums } = this;
    for (let i = 0; i < out.length; i++) out[i] = (this.precision[i] as number) * (v[i] as number);
    let total = 0;
    for (let ad = 0; ad < ads; ad++) {
      const mean = this.sumAd(ad, v) * (this.adInverse[ad] as number);
      for (let row = start[ad] as number; row < (start[ad + 1] as number); row++) {
        const value = (weights[row] as number) * ((sums[row] as number) - mean);
        total += value;
        for (let at = row * kinds; at < (row + 1) * kinds; at++) {
          const member = members[at] as number;
          out[member] = (out[member] as number) + value;
        }
      }
    }
    out[elements] = (out[elements] as number) + total;
    out[elements + 1] = 0;
  }

  /** Σ over the rows of an ad of weight × Σ of the row's coefficients; leaves the latter in `sums`. */
  private sumAd(ad: number, v: Float64Array): number {
    const { elements, kinds, start, members } = this.design;
    const { weights, sums } = this;
    const mean = v[elements] as number;
    let total = 0;
    for (let row = start[ad] as number; row < (start[ad + 1] as number); row++) {
      let sum = mean;
      for (let at = row * kinds; at < (row + 1) * kinds; at++) sum += v[members[at] as number] as number;
      sums[row] = sum;
      total += (weights[row] as number) * sum;
    }
    return total;
  }

  /** Inverts the ads' block and takes its part off the diagonal of the elements' block. */
  private eliminateAds(): void {
    const { ads, elements, kinds, start, members } = this.design;
    const { weights, diagonal } = this;
    const own = new Float64Array(elements + 2);
    for (let ad = 0; ad < ads; ad++) {
      let total = 0;
      for (let row = start[ad] as number; row < (start[ad + 1] as number); row++) {
        const weight = weights[row] as number;
        total += weight;
        for (let at = row * kinds; at < (row + 1) * kinds; at++) {
          const member = members[at] as number;
          own[member] = (own[member] as number) + weight;
        }
      }
      const inverse = 1 / (total + this.adPrecision);
      this.adInverse[ad] = inverse;
      diagonal[elements] = (diagonal[elements] as number) + total * this.adPrecision * inverse;
      for (let at = (start[ad] as number) * kinds; at < (start[ad + 1] as number) * kinds; at++) {
        const member = members[at] as number;
        const weight = own[member] as number;
        if (weight === 0) continue;
        diagonal[member] = (diagonal[member] as number) + weight * (1 - weight * inverse);
        own[member] = 0;
      }
    }
    diagonal[elements + 1] = 0;
  }
}
