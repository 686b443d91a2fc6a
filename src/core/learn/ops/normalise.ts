import type { Graph, Value } from '../graph.ts';
import { mul, sub } from './arithmetic.ts';
import { sumTo } from './broadcast.ts';
import { reduceMean } from './reduce.ts';

/** (x − mean) / √(variance + ε) over the last axis, times scale [d] plus shift [d] (Ba et al. 2016). */
export function layerNormalization(g: Graph, x: Value, scale: Value, shift: Value, epsilon = 1e-5): Value {
  const width = x.shape.at(-1);
  if (scale.shape.length !== 1 || shift.shape.length !== 1 || scale.shape[0] !== width || shift.shape[0] !== width) {
    throw new Error(`layerNormalization: expected [… , d], [d], [d] but received [${x.shape}], [${scale.shape}], [${shift.shape}]`);
  }
  const perRow = x.shape.with(-1, 1);
  const mean = (v: Value): Value => reduceMean(g, v, { axes: [-1], keepDims: true });
  const normalised = (): Value => mul(g, sub(g, x, centre), inverseDeviation);
  const [y, centre, inverseDeviation] = g.nodeWithOutputs('LayerNormalization', [x, scale, shift], [x.shape, perRow, perRow], {
    attributes: { axis: -1, epsilon: { float: epsilon } },
    rules: [
      (dy) => {
        const z = normalised();
        const dz = mul(g, dy, scale);
        return mul(g, inverseDeviation, sub(g, sub(g, dz, mean(dz)), mul(g, z, mean(mul(g, dz, z)))));
      },
      (dy) => sumTo(g, mul(g, dy, normalised()), scale.shape),
      (dy) => sumTo(g, dy, shift.shape),
    ],
  }) as [Value, Value, Value];
  return y;
}
