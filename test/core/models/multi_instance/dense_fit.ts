import type { AdditivePrior } from '../../../../src/core/models/multi_instance/additive_fit.ts';
import type { Bags } from '../../../../src/core/models/multi_instance/bags.ts';

/** The same maximum by textbook Newton's method with dense matrices, and the inverse of the Hessian there. */
export interface DenseFit {
  readonly adMean: number;
  readonly adEffect: number[];
  readonly effect: number[];
  /** [elements + ads], of elements and of ads with their mean. */
  readonly covariance: number[][];
}

/** Unknowns: elements, the ads' mean, deviations of ads. Every row of the bags is used. */
export function fitDensely(bags: Bags, { family, priorSd, adSd, offset, phi = 1 }: AdditivePrior): DenseFit {
  const { elements, ads, rows } = bags;
  const kinds = bags.kinds.length;
  const n = elements.length;
  const size = n + 1 + ads.length;
  const columns = Array.from({ length: rows }, (_, row) => [
    ...Array.from(bags.members.slice(row * kinds, (row + 1) * kinds)).filter((e) => e >= 0 && priorSd[elements[e]?.kind as number] !== 0),
    n,
    n + 1 + (bags.ad[row] as number),
  ]);
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  const [won, shown] = [total(bags.outcomes) || 0.5, total(bags.exposure)];
  const meanOffset = offset ? offset.reduce((sum, own, row) => sum + own * (bags.exposure[row] as number), 0) / shown : 0;
  const most = Math.min(won, shown - 0.5);
  const centre = (family === 'binomial' ? Math.log(most / (shown - most)) : Math.log(won / shown)) - meanOffset;
  const precision = [...elements.map(({ kind }) => (priorSd[kind] as number) ** -2), 0.01, ...ads.map(() => adSd ** -2)];
  const isFixed = precision.map((own) => own === Number.POSITIVE_INFINITY);
  const x = precision.map(() => 0);

  const linksAt = (at: readonly number[]): number[] =>
    columns.map((own, row) => own.reduce((sum, i) => sum + (at[i] as number), centre + (offset?.[row] ?? 0)));
  const lossAt = (at: readonly number[]): number =>
    linksAt(at).reduce(
      (sum, link, row) => {
        const rate = family === 'binomial' ? Math.log(1 + Math.exp(link)) : Math.exp(link);
        return sum + ((bags.exposure[row] as number) * rate - (bags.outcomes[row] as number) * link) / phi;
      },
      at.reduce((sum, own, i) => (isFixed[i] ? sum : sum + 0.5 * (precision[i] as number) * own * own), 0),
    );

  const hessianAt = (at: readonly number[]): { gradient: number[]; hessian: number[][] } => {
    const gradient = at.map((own, i) => (isFixed[i] ? 0 : -(precision[i] as number) * own));
    const hessian = at.map((_, i) => at.map((_, j) => (i === j ? (isFixed[i] ? 1 : (precision[i] as number)) : 0)));
    linksAt(at).forEach((link, row) => {
      const rate = family === 'binomial' ? 1 / (1 + Math.exp(-link)) : Math.exp(link);
      const exposure = bags.exposure[row] as number;
      const weight = (exposure * rate * (family === 'binomial' ? 1 - rate : 1)) / phi;
      for (const i of columns[row] as number[]) {
        gradient[i] = (gradient[i] as number) + ((bags.outcomes[row] as number) - exposure * rate) / phi;
        for (const j of columns[row] as number[]) (hessian[i] as number[])[j] = ((hessian[i] as number[])[j] as number) + weight;
      }
    });
    return { gradient, hessian };
  };
  for (let round = 0; round < 200; round++) {
    const { gradient, hessian } = hessianAt(x);
    const step = invert(hessian).map((row) => row.reduce((sum, own, i) => sum + own * (gradient[i] as number), 0));
    let length = 1;
    while (length > 1e-9 && lossAt(x.map((own, i) => own + length * (step[i] as number))) > lossAt(x)) length /= 2;
    step.forEach((own, i) => {
      x[i] = (x[i] as number) + length * own;
    });
    if (Math.max(...step.map(Math.abs)) < 1e-10) break;
  }

  const inverse = invert(hessianAt(x).hessian);
  const mixed = [...elements.map((_, e) => (isFixed[e] ? [] : [e])), ...ads.map((_, ad) => [n, n + 1 + ad])];
  const covariance = mixed.map((a) =>
    mixed.map((b) => a.reduce((sum, i) => b.reduce((part, j) => part + ((inverse[i] as number[])[j] as number), sum), 0)),
  );
  const adMean = centre + (x[n] as number);
  return { adMean, adEffect: x.slice(n + 1, size).map((own) => adMean + own), effect: x.slice(0, n), covariance };
}

/** The inverse by Gauss and Jordan with pivoting. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column; row < n; row++) if (Math.abs(entry(work, row, column)) > Math.abs(entry(work, pivot, column))) pivot = row;
    [work[column], work[pivot]] = [work[pivot] as number[], work[column] as number[]];
    const own = work[column] as number[];
    const scale = own[column] as number;
    for (let j = 0; j < 2 * n; j++) own[j] = (own[j] as number) / scale;
    for (const [row, other] of work.entries()) {
      const factor = other[column] as number;
      if (row === column || factor === 0) continue;
      for (let j = 0; j < 2 * n; j++) other[j] = (other[j] as number) - factor * (own[j] as number);
    }
  }
  return work.map((row) => row.slice(n));
}

function entry(matrix: readonly (readonly number[])[], row: number, column: number): number {
  return (matrix[row] as readonly number[])[column] as number;
}
