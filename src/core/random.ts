/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna 2018), state expanded from the seed by splitmix32.
 * The same seed gives the same sequence on every machine; the generator is passed as an argument, never global.
 */
export interface Random {
  /** Uniform 32-bit unsigned integer. */
  uint32(): number;
  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Standard normal by Marsaglia's polar method. */
  normal(): number;
  /** Gamma(shape, scale 1), shape > 0, by Marsaglia & Tsang (2000). */
  gamma(shape: number): number;
  /** Exponential with mean 1. */
  exponential(): number;
}

function splitmix32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}

/** A generator for `seed`; `stream` gives independent sequences for the same seed (one per ad, per window, …). */
export function createRandom(seed: number, stream = 0): Random {
  const expand = splitmix32((Math.imul(seed >>> 0, 0x27d4eb2f) ^ Math.imul(stream + 1, 0x165667b1)) >>> 0);
  let a = expand();
  let b = expand();
  let c = expand();
  let d = expand() | 1;

  function uint32(): number {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  }
  function uniform(): number {
    return ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992;
  }
  function below(n: number): number {
    return Math.floor(uniform() * n);
  }
  function normal(): number {
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }
  function exponential(): number {
    return -Math.log(1 - uniform());
  }
  function gamma(shape: number): number {
    if (shape < 1) return gamma(shape + 1) * (1 - uniform()) ** (1 / shape);
    const d0 = shape - 1 / 3;
    const c0 = 1 / Math.sqrt(9 * d0);
    for (;;) {
      const x = normal();
      const v = (1 + c0 * x) ** 3;
      if (v <= 0) continue;
      if (Math.log(1 - uniform()) < 0.5 * x * x + d0 - d0 * v + d0 * Math.log(v)) return d0 * v;
    }
  }
  return { uint32, uniform, below, normal, gamma, exponential };
}

/** Puts values in a random order, in place (Fisher & Yates). */
export function shuffle(values: Int32Array, random: Random): Int32Array {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [values[last], values[other]] = [values[other] as number, values[last] as number];
  }
  return values;
}
