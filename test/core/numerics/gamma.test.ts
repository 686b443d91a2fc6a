import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaCdf, gammaQuantile, logGamma } from '../../../src/core/numerics/gamma.ts';

// Reference: mpmath 1.3.0 and scipy 1.17.1. [x, float(mpmath.loggamma(mpmath.mpf(x)))]
const LOG_GAMMA = [
  [1e-300, 690.7755278982137],
  [1e-8, 18.42068073818021],
  [0.001, 6.907178885383853],
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247001],
  [0.999, 0.0005780385328913802],
  [1, 0.0],
  [1.5, -0.12078223763524522],
  [2, 0.0],
  [2.0001, 4.2281658112919945e-5],
  [7, 6.579251212010101],
  [100.5, 361.4355404677776],
  [10000.0, 82099.71749644238],
  [1000000.0, 12815504.569147611],
  [1000000000000.0, 26631021115915.652],
] as const;

// [a, x, float(scipy.special.gammainc(a, x))]
const CDF = [
  [0.001, 1e-6, 0.9868481336940769],
  [0.001, 0.0003, 0.9924926875429141],
  [0.001, 0.00099, 0.9936776697863834],
  [0.001, 0.0011, 0.993782260543698],
  [0.001, 0.002, 0.9943756646255679],
  [0.3, 0.0003, 0.09774308319431019],
  [0.3, 0.09, 0.5301111485704312],
  [0.3, 0.297, 0.7252230310420786],
  [0.3, 0.33, 0.7433967560187013],
  [0.3, 0.6, 0.8432114320173442],
  [1, 0.001, 0.0009995001666250082],
  [1, 0.3, 0.25918177931828207],
  [1, 0.99, 0.6284233089779544],
  [1, 1.1, 0.6671289163019205],
  [1, 2, 0.8646647167633873],
  [7, 0.007, 1.6240366255779935e-19],
  [7, 2.1, 0.005862117808004093],
  [7, 6.93, 0.5398074803956989],
  [7, 7.700000000000001, 0.6486306892443398],
  [7, 14, 0.9857720816557385],
  [100, 0.1, 9.705034877125812e-259],
  [100, 30.0, 7.338468632878367e-24],
  [100, 99.0, 0.473304330399461],
  [100, 110.00000000000001, 0.8417213299399131],
  [100, 200, 0.9999999999999981],
  [2000, 2.0, 0.0],
  [2000, 600.0, 0.0],
  [2000, 1980.0, 0.3295148571495829],
  [2000, 2200.0, 0.9999928300749117],
  [2000, 4000, 1.0],
] as const;

// [a, p, x] with mp.dps = 50: t = findroot(lambda t: gammainc(a, 0, exp(t), regularized=True) - p, log(scipy.special.gammaincinv(a, p)));
// x = float(exp(t)); from a = 10,000 on by mpmath.quad of the density, scipy itself being 1e-9 off at a = 1e6, p = 1e-6.
const QUANTILES = [
  [0.001, 1e-6, 0.0],
  [0.001, 0.025, 0.0],
  [0.001, 0.5, 5.244206408277979e-302],
  [0.001, 0.975, 5.679251996823297e-12],
  [0.001, 0.999999999, 11.313671618752238],
  [0.02, 1e-6, 5.706812442247321e-301],
  [0.02, 0.025, 4.50188122911773e-81],
  [0.02, 0.5, 5.068667656480183e-16],
  [0.02, 0.975, 0.19275640056826304],
  [0.02, 0.999999999, 14.161840725957811],
  [0.3, 1e-6, 6.972699096409348e-21],
  [0.3, 0.025, 3.185679031739166e-6],
  [0.3, 0.5, 0.0731311358669519],
  [0.3, 0.975, 1.9002636428388253],
  [0.3, 0.999999999, 17.583462446593153],
  [0.5, 1e-6, 7.853981633978594e-13],
  [0.5, 0.025, 0.000491034558587628],
  [0.5, 0.5, 0.2274682115597864],
  [0.5, 0.975, 2.5119430936574436],
  [0.5, 0.999999999, 18.66244655325936],
  [1, 1e-6, 1.0000005000003334e-6],
  [1, 0.025, 0.025317807984289876],
  [1, 0.5, Math.LN2],
  [1, 0.975, 3.6888794541139354],
  [1, 0.999999999, 20.723265865228342],
  [1.5, 1e-6, 0.00012090524360062141],
  [1.5, 0.025, 0.10789764131194894],
  [1.5, 0.5, 1.182986942187669],
  [1.5, 0.975, 4.674201802248073],
  [1.5, 0.999999999, 22.42063769418063],
  [7, 1e-6, 0.4998190342272766],
  [7, 0.025, 2.8143630515198663],
  [7, 0.5, 6.6696370745497715],
  [7, 0.975, 13.059474022518684],
  [7, 0.999999999, 35.78673272875097],
  [100, 1e-6, 59.43632069812289],
  [100, 0.025, 81.36399125092314],
  [100, 0.5, 99.66686491931549],
  [100, 0.975, 120.52894775315546],
  [100, 0.999999999, 172.07103987000212],
  [2000, 1e-6, 1794.57165888084],
  [2000, 0.025, 1913.2987096256304],
  [2000, 0.5, 1999.6666765450127],
  [2000, 0.975, 2088.595528143092],
  [2000, 0.999999999, 2279.9934130701945],
  [10000.0, 1e-6, 9531.835117189807],
  [10000.0, 0.025, 9804.952467260184],
  [10000.0, 0.5, 9999.666668642047],
  [10000.0, 0.975, 10196.941824999883],
  [10000.0, 0.999999999, 10611.486364888995],
  [1000000.0, 1e-6, 995253.7719775001],
  [1000000.0, 0.025, 998040.9833402939],
  [1000000.0, 0.5, 999999.6666666864],
  [1000000.0, 0.975, 1001960.9109654503],
  [1000000.0, 0.999999999, 1006009.469738052],
] as const;

/** A p near 1 is known to 1e-16 only, so its quantile is known to 1e-16 over the density, which is about 1 − p. */
function quantileTolerance(p: number, x: number): number {
  return 1e-10 * x + 1e-16 / (1 - p);
}

describe('logGamma', () => {
  it.each(LOG_GAMMA)('of %d is what mpmath gives, to 1e-14', (x, expected) => {
    expect(Math.abs(logGamma(x) - expected)).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(expected)));
  });

  it('satisfies Γ(x+1) = x·Γ(x)', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (x) => {
        const expected = logGamma(x) + Math.log(x);
        expect(Math.abs(logGamma(x + 1) - expected)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(logGamma(x)), Math.abs(Math.log(x))));
      }),
    );
  });
});

describe('gammaCdf', () => {
  it.each(CDF)('with shape %d at %d is what scipy gives, to 1e-12', (a, x, expected) => {
    expect(Math.abs(gammaCdf(a, x) - expected)).toBeLessThanOrEqual(1e-12);
  });

  it('is the exponential distribution at shape 1 and a Poisson tail at whole shapes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.01, max: 80, noNaN: true }), (a, x) => {
        let term = Math.exp(-x);
        let below = 0; // P(Poisson(x) < a)
        for (let n = 0; n < a; n++) {
          below += term;
          term *= x / (n + 1);
        }
        expect(Math.abs(gammaCdf(a, x) - (1 - below))).toBeLessThan(1e-13);
      }),
    );
  });

  it('is 0 up to 0 and 1 at infinity', () => {
    expect([gammaCdf(3, 0), gammaCdf(3, -1), gammaCdf(3, Number.POSITIVE_INFINITY)]).toEqual([0, 0, 1]);
  });
});

describe('gammaQuantile', () => {
  it.each(QUANTILES)('with shape %d at p = %d is what mpmath gives', (a, p, expected) => {
    expect(Math.abs(gammaQuantile(p, a) - expected)).toBeLessThanOrEqual(quantileTolerance(p, expected));
  });

  it('undoes the distribution function', () => {
    const shapes = fc.double({ min: Math.log(1e-3), max: Math.log(1e6), noNaN: true }).map(Math.exp);
    const probabilities = fc.double({ min: 1e-6, max: 1 - 1e-9, noNaN: true });
    fc.assert(
      fc.property(shapes, probabilities, (a, p) => {
        const x = gammaQuantile(p, a);
        // Below e^−700 the quantile of a tiny shape is 0 in floating point.
        if (Math.log(p) / a < -700) return;
        // The distribution function of a large shape is e^(a·ln x − …): it loses as many digits as a·ln a has.
        expect(Math.abs(gammaCdf(a, x) - p)).toBeLessThanOrEqual(1e-9 * p + 1e-15 * a * Math.log(a + 2) + 1e-11);
      }),
      { numRuns: 1_000 },
    );
  });

  it('rises with p and with the shape, and the rate only scales it', () => {
    const shape = fc.double({ min: 0.05, max: 5_000, noNaN: true });
    const p = fc.double({ min: 1e-4, max: 1 - 1e-4, noNaN: true });
    fc.assert(
      fc.property(shape, p, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (a, at, rate) => {
        const x = gammaQuantile(at, a);
        expect(gammaQuantile(at + 5e-5, a)).toBeGreaterThan(x);
        expect(gammaQuantile(at, a * 1.01)).toBeGreaterThan(x);
        expect(gammaQuantile(at, a, rate) * rate).toBeCloseTo(x, 10 - Math.ceil(Math.log10(x + 1)));
      }),
    );
  });

  it('is 0 at p = 0 and infinite at p = 1', () => {
    expect([gammaQuantile(0, 2), gammaQuantile(-0.5, 2), gammaQuantile(1, 2)]).toEqual([0, 0, Number.POSITIVE_INFINITY]);
  });
});
