import { fitPositionModel } from '../../feedback/position_model.ts';
import type { Examples } from '../features/field.ts';

/** An unlikely position still has some exposure: a logarithm must exist. */
const LEAST_FACTOR = 1e-3;

/**
 * Exposure factors b_p of the log's positions, from the training rows alone; 1 for a position they do not have.
 * Their logarithms are offsets of the towers' logits, so a prediction is a click probability at b = 1, as ECOI is.
 */
export function exposureFactors(examples: Examples, rows: Int32Array): Float64Array {
  const { creative, position, positions, creatives, clicks, impressions } = examples;
  const width = positions.length;
  const [shown, clicked] = [new Float64Array(creatives.length * width), new Float64Array(creatives.length * width)];
  for (const row of rows) {
    const cell = (creative[row] as number) * width + (position[row] as number);
    shown[cell] = (shown[cell] as number) + (impressions ? (impressions[row] as number) : 1);
    clicked[cell] = (clicked[cell] as number) + (clicks[row] as number);
  }
  const cells = [...shown.keys()].filter((cell) => (shown[cell] as number) > 0);
  const { exposureFactor } = fitPositionModel({
    creatives: creatives.length,
    positions: width,
    creative: cells.map((cell) => Math.floor(cell / width)),
    position: cells.map((cell) => cell % width),
    impressions: cells.map((cell) => shown[cell] as number),
    clicks: cells.map((cell) => clicked[cell] as number),
  });
  return exposureFactor.map((factor) => (Number.isFinite(factor) ? Math.max(LEAST_FACTOR, factor) : 1));
}
