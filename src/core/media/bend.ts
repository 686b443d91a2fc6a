/** Steps in which the bend is looked for. */
const STEP = 0.5;

/**
 * Where a line bends upwards: the place k of the least squares fit `y_t = c + d t + e max(0, t - k)` with e > 0, in halves of a
 * step. Undefined where no place bends upwards, as in less than three values.
 */
export function findBend(values: ArrayLike<number>): number | undefined {
  const count = values.length;
  const centre = (count - 1) / 2;
  let [mean, slope, spread] = [0, 0, 0];
  for (let t = 0; t < count; t++) {
    const value = values[t] as number;
    mean += value;
    slope += value * (t - centre);
    spread += (t - centre) ** 2;
  }
  mean /= count;
  slope /= spread;
  let bend: number | undefined;
  let most = 0;
  for (let at = 1; at <= count - 2; at += STEP) {
    // What of the hinge max(0, t - at) is no straight line, times what of the values is none.
    let [sum, squares, along, product] = [0, 0, 0, 0];
    for (let t = Math.ceil(at); t < count; t++) {
      const hinge = t - at;
      sum += hinge;
      squares += hinge * hinge;
      along += hinge * (t - centre);
      product += hinge * ((values[t] as number) - mean - slope * (t - centre));
    }
    const explained = product > 0 ? product ** 2 / (squares - sum ** 2 / count - along ** 2 / spread) : 0;
    if (explained > most) [most, bend] = [explained, at];
  }
  return bend;
}
