const RATIO = (Math.sqrt(5) - 1) / 2;

/** The maximum of a unimodal function on [low, high] by golden-section search, to `tolerance` in x. */
export function maximise(f: (x: number) => number, low: number, high: number, tolerance = 1e-6): number {
  let a = low;
  let b = high;
  let x1 = b - RATIO * (b - a);
  let x2 = a + RATIO * (b - a);
  let f1 = f(x1);
  let f2 = f(x2);
  while (b - a > tolerance) {
    if (f1 < f2) {
      a = x1;
      x1 = x2;
      f1 = f2;
      x2 = a + RATIO * (b - a);
      f2 = f(x2);
    } else {
      b = x2;
      x2 = x1;
      f2 = f1;
      x1 = b - RATIO * (b - a);
      f1 = f(x1);
    }
  }
  return (a + b) / 2;
}
