/** How exactly a system is solved. */
interface Accuracy {
  /** Of the residual in the norm of the preconditioner, relative to that of b. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

/**
 * Solves A x = b for a symmetric positive definite A that is known by its products alone: conjugate gradients, preconditioned
 * by A's diagonal (Hestenes & Stiefel 1952; Saad 2003, algorithm 9.1). In exact arithmetic it ends after as many iterations as
 * the preconditioned A has different eigenvalues.
 * @param multiply writes A v to `out`
 * @param diagonal [n]: of A; where it is 0 the unknown is left at 0
 */
export function solveByConjugateGradients(
  multiply: (v: Float64Array, out: Float64Array) => void,
  diagonal: Float64Array,
  b: Float64Array,
  { tolerance, maxIterations }: Accuracy,
): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  const residual = Float64Array.from(b);
  const inverse = diagonal.map((value) => (value > 0 ? 1 / value : 0));
  const direction = residual.map((value, i) => value * (inverse[i] as number));
  const product = new Float64Array(n);
  let norm = 0;
  for (let i = 0; i < n; i++) norm += (residual[i] as number) * (direction[i] as number);
  const enough = norm * tolerance * tolerance;
  for (let iteration = 0; iteration < maxIterations && norm > enough; iteration++) {
    multiply(direction, product);
    let curvature = 0;
    for (let i = 0; i < n; i++) curvature += (direction[i] as number) * (product[i] as number);
    if (!(curvature > 0)) break;
    const step = norm / curvature;
    let next = 0;
    for (let i = 0; i < n; i++) {
      x[i] = (x[i] as number) + step * (direction[i] as number);
      const left = (residual[i] as number) - step * (product[i] as number);
      residual[i] = left;
      next += left * left * (inverse[i] as number);
    }
    const turn = next / norm;
    for (let i = 0; i < n; i++) direction[i] = (residual[i] as number) * (inverse[i] as number) + turn * (direction[i] as number);
    norm = next;
  }
  return x;
}
