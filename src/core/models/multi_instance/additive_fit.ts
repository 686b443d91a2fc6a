import { createRandom } from '../../random.ts';
import type { Bags, Family } from './bags.ts';
import { addByEffect, buildDesign, type Coefficients, type Design, sumEffects } from './design.ts';
import { NormalEquations } from './normal_equations.ts';

/** What outcomes and effects are taken to be drawn from. */
export interface AdditivePrior {
  readonly family: Family;
  /** [kinds]: standard deviation of the elements' effects; 0: elements of this kind have none. */
  readonly priorSd: Float64Array;
  /** Standard deviation of the ads' effects about their mean. */
  readonly adSd: number;
  /** [rows of the bags]: added to the link of each row. */
  readonly offset?: Float64Array;
  /** How much more outcomes vary than those of their family do; 1 when not given. */
  readonly phi?: number;
}

export interface AdditiveFit {
  readonly adMean: number;
  /** [ads]: the mean included; an ad without rows has the mean. */
  readonly adEffect: Float64Array;
  /** [elements]: 0 where an element has no rows. */
  readonly effect: Float64Array;
  readonly iterations: number;
  /** Of the fitted rows, not divided by φ. */
  readonly deviance: number;
}

export interface FitOptions {
  /** A fit to begin with, of other rows or another prior. */
  readonly start?: AdditiveFit;
  /** The last step is the one that gains less than so many nats. */
  readonly leastGain?: number;
}

/** The fit's Hessian at its maximum: the precision of the posterior's normal approximation (Laplace). */
export interface Curvature {
  readonly design: Design;
  /** [rows]: mean, and weight in the Hessian. */
  readonly mean: Float64Array;
  readonly weight: Float64Array;
  readonly equations: NormalEquations;
}

/** The ads' mean is free but for this: without a single outcome it would fall for ever. */
const AD_MEAN_SD = 10;
const MAX_ITERATIONS = 100;
const MAX_HALVINGS = 30;
/** Nats; rounding hides less than this share of all. */
const LEAST_GAIN = 1e-9;
const LEAST_SHARE = 1e-13;
/** Of a step: what one step leaves, the next one takes. */
const STEP_TOLERANCE = 1e-3;
/** Draws that tell how many parameters the data decide: so many coefficients in all, each draw has all of them. */
const PROBED_COEFFICIENTS = 20_000;
const [LEAST_PROBES, MOST_PROBES] = [4, 100];
const PROBE_SEED = 1;
const PROBE_TOLERANCE = 1e-3;

/**
 * Fits the additive reward model by penalised maximum likelihood: `link(E[outcome]/exposure) = offset + adEffect + Σ effect`
 * over the elements of a row, link the logit of counts or ln of amounts, `effect ~ N(0, priorSd²)`, `adEffect ~ N(adMean, adSd²)`,
 * `adMean ~ N(link of all outcomes together, 10²)`; outcomes and exposure divided by φ. Newton's method with halved steps: the
 * likelihood is concave, so what is found is its only maximum. A step costs a pass over rows × kinds for each iteration of
 * conjugate gradients.
 * @param rows those to fit: a row listed twice counts twice, one without exposure not at all
 */
export function fitAdditive(bags: Bags, rows: Int32Array, prior: AdditivePrior & FitOptions): AdditiveFit {
  const { family, phi = 1, start, leastGain = LEAST_GAIN } = prior;
  const design = buildDesign(bags, rows, prior.priorSd, prior.offset);
  const { elements } = design;
  const centre = centreOf(design, family);
  const precision = precisionOf(bags, prior.priorSd);
  const adPrecision = prior.adSd ** -2;
  const at: Coefficients = { element: new Float64Array(elements + 2), ad: new Float64Array(design.ads) };
  if (start) {
    at.element.set(start.effect.map((own, e) => ((precision[e] as number) > 0 ? own : 0)));
    at.element[elements] = start.adMean - centre;
    at.ad.set(start.adEffect.map((own) => own - start.adMean));
  }
  const link = new Float64Array(design.rows);
  sumEffects(design, at, link);
  for (let row = 0; row < design.rows; row++) link[row] = (link[row] as number) + (design.offset[row] as number) + centre;

  const lossAt = (moved: Coefficients, movedLink: Float64Array): number =>
    lossOf(design, family, movedLink) / phi + 0.5 * (squares(moved.element, precision) + adPrecision * squares(moved.ad));
  let loss = lossAt(at, link);
  let iterations = 0;
  for (let gain = Number.POSITIVE_INFINITY; gain > leastGain + LEAST_SHARE * Math.abs(loss) && iterations < MAX_ITERATIONS; iterations++) {
    const { score, weight } = derivatives(design, family, link, phi);
    const slope: Coefficients = {
      element: at.element.map((own, i) => -(precision[i] as number) * own),
      ad: at.ad.map((own) => -adPrecision * own),
    };
    addByEffect(design, score, slope);
    const step = new NormalEquations(design, weight, precision, adPrecision).solve(slope, STEP_TOLERANCE);
    gain = 0.5 * (product(slope.element, step.element) + product(slope.ad, step.ad));
    const stepLink = new Float64Array(design.rows);
    sumEffects(design, step, stepLink);
    for (let halvings = 0, size = 1; halvings <= MAX_HALVINGS; halvings++, size /= 2) {
      const moved = { element: move(at.element, step.element, size), ad: move(at.ad, step.ad, size) };
      const movedLink = move(link, stepLink, size);
      const movedLoss = lossAt(moved, movedLink);
      if (!(movedLoss <= loss + LEAST_SHARE * Math.abs(loss))) continue;
      at.element.set(moved.element);
      at.ad.set(moved.ad);
      link.set(movedLink);
      loss = movedLoss;
      break;
    }
  }
  const adMean = centre + (at.element[elements] as number);
  const deviance = 2 * (lossOf(design, family, link) - leastLoss(design, family));
  return { adMean, adEffect: at.ad.map((own) => adMean + own), effect: at.element.slice(0, elements), iterations, deviance };
}

/** The Hessian of the penalised likelihood at a fit of the same rows and prior. */
export function curvatureOf(bags: Bags, rows: Int32Array, fit: AdditiveFit, prior: AdditivePrior): Curvature {
  const { family, phi = 1 } = prior;
  const design = buildDesign(bags, rows, prior.priorSd, prior.offset);
  const { mean, weight } = derivatives(design, family, linksOf(design, fit), phi);
  return { design, mean, weight, equations: new NormalEquations(design, weight, precisionOf(bags, prior.priorSd), prior.adSd ** -2) };
}

/** −ln likelihood of rows under a fit of other rows, in nats, but for what does not depend on the fit. */
export function measureLoss(bags: Bags, rows: Int32Array, fit: AdditiveFit, { family, priorSd, offset }: AdditivePrior): number {
  const design = buildDesign(bags, rows, priorSd, offset);
  return lossOf(design, family, linksOf(design, fit));
}

/**
 * How much more outcomes vary about a fit than those of their family do: `φ = X²/(rows − p)`, X² Pearson's (McCullagh & Nelder
 * 1989, 4.5), p the effective number of parameters `tr(H⁻¹X'WX)`, taken as the mean of `d'X'WXd` over draws d of N(0, H⁻¹).
 * At least 1 for counts; an amount has a unit, and φ scales with it.
 * @returns 1 where the rows are too few to tell
 */
export function measurePhi(bags: Bags, rows: Int32Array, fit: AdditiveFit, prior: AdditivePrior): number {
  const { design, mean, weight, equations } = curvatureOf(bags, rows, fit, prior);
  const { phi = 1 } = prior;
  const random = createRandom(PROBE_SEED);
  const wanted = Math.ceil(PROBED_COEFFICIENTS / (design.elements + design.ads));
  const probes = Math.min(MOST_PROBES, Math.max(LEAST_PROBES, wanted));
  const link = new Float64Array(design.rows);
  let parameters = 0;
  for (let probe = 0; probe < probes; probe++) {
    sumEffects(design, equations.draw(random, PROBE_TOLERANCE), link);
    parameters += squares(link, weight) / probes;
  }
  let pearson = 0;
  for (let row = 0; row < design.rows; row++) {
    const error = (design.outcomes[row] as number) - (mean[row] as number);
    pearson += (error * error) / (phi * (weight[row] as number));
  }
  const freedom = design.rows - parameters;
  if (freedom < 1 || !(pearson > 0)) return 1;
  return prior.family === 'binomial' ? Math.max(1, pearson / freedom) : pearson / freedom;
}

/** [rows]: the link of each row by a fit. */
function linksOf(design: Design, { adEffect, effect }: AdditiveFit): Float64Array {
  const link = new Float64Array(design.rows);
  sumEffects(design, { element: Float64Array.from([...effect, 0, 0]), ad: adEffect }, link);
  return link.map((own, row) => own + (design.offset[row] as number));
}

/** The link of all outcomes together: where a fit begins. */
function centreOf({ outcomes, exposure, offset }: Design, family: Family): number {
  let [all, trials, offsets] = [0, 0, 0];
  for (let row = 0; row < outcomes.length; row++) {
    all += outcomes[row] as number;
    trials += exposure[row] as number;
    offsets += (exposure[row] as number) * (offset[row] as number);
  }
  if (trials === 0) return 0;
  const least = all > 0 ? all : 0.5;
  if (family === 'poisson') return Math.log(least / trials) - offsets / trials;
  const most = Math.min(least, trials - Math.min(0.5, trials / 2));
  return Math.log(most / (trials - most)) - offsets / trials;
}

/** [elements + 2]: of the elements' effects and of the ads' mean about the centre; 0 where there is nothing to fit. */
function precisionOf({ elements }: Bags, priorSd: Float64Array): Float64Array {
  const own = elements.map(({ kind }) => priorSd[kind] as number);
  return Float64Array.from([...own, AD_MEAN_SD, 0], (sd) => (sd > 0 ? sd ** -2 : 0));
}

/** Mean and score of each row, and its weight in the Hessian. */
function derivatives({ rows, outcomes, exposure }: Design, family: Family, link: Float64Array, phi: number) {
  const mean = new Float64Array(rows);
  const score = new Float64Array(rows);
  const weight = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const trials = exposure[row] as number;
    const rate = family === 'binomial' ? 1 / (1 + Math.exp(-(link[row] as number))) : Math.exp(link[row] as number);
    mean[row] = trials * rate;
    score[row] = ((outcomes[row] as number) - trials * rate) / phi;
    weight[row] = (trials * rate * (family === 'binomial' ? 1 - rate : 1)) / phi;
  }
  return { mean, score, weight };
}

/** −ln likelihood, but for what does not depend on the link. */
function lossOf({ rows, outcomes, exposure }: Design, family: Family, link: Float64Array): number {
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const own = link[row] as number;
    // ln(1 + e^x) without overflow.
    const total = family === 'binomial' ? Math.max(own, 0) + Math.log1p(Math.exp(-Math.abs(own))) : Math.exp(own);
    loss += (exposure[row] as number) * total - (outcomes[row] as number) * own;
  }
  return loss;
}

/** The loss where every row has a link of its own. */
function leastLoss({ rows, outcomes, exposure }: Design, family: Family): number {
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const [c, n] = [outcomes[row] as number, exposure[row] as number];
    if (c > 0) loss -= c * Math.log(c / n);
    if (family === 'poisson') loss += c;
    else if (c < n) loss -= (n - c) * Math.log1p(-c / n);
  }
  return loss;
}

function move(from: Float64Array, step: Float64Array, size: number): Float64Array {
  return from.map((value, i) => value + size * (step[i] as number));
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function squares(values: Float64Array, weights?: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2 * (weights ? (weights[i] as number) : 1);
  return sum;
}
