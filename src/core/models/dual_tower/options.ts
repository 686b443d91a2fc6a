/** How a dual tower is made and trained; a model's metadata keeps it. */
export interface DualTowerOptions {
  /** Floats of an embedding; a multiple of 4. */
  readonly dimension: number;
  /** At most 2^hashBits rows in each tower's table. */
  readonly hashBits: number;
  /** Examples of a step; a multiple of the list width, 8. */
  readonly batchRows: number;
  /** Passes over the training rows at most, but at least `leastSteps` steps. */
  readonly epochs: number;
  readonly leastSteps: number;
  /** Looks at the validation rows, evenly spread over those passes. */
  readonly looks: number;
  /** Training stops after so many looks without a smaller validation loss. */
  readonly patience: number;
  /** Learning rates of Adam on the dense weights and Adagrad on the embeddings, and the steps until they are reached. */
  readonly denseRate: number;
  readonly embeddingRate: number;
  readonly warmUpSteps: number;
  /** L2 penalty of an embedding row of one training impression; one of n has 1/n of it. */
  readonly l2: number;
  /** n₀ of adaptive dropout on id fields: an id of n training impressions keeps its embedding with probability n/(n+n₀); 0: none. */
  readonly dropoutHalf: number;
  readonly senet: boolean;
  readonly hiddenState: boolean;
  readonly seed: number;
}

/** Large logs take large steps: a step of 1,024 rows costs twice one of 256. */
const LARGE_LOG = 500_000;

/** Rows of a step for so many training rows. */
export function defaultBatchRows(rows: number): number {
  return rows < LARGE_LOG ? DEFAULT_OPTIONS.batchRows : 1024;
}

export const DEFAULT_OPTIONS: Omit<DualTowerOptions, 'seed'> = {
  dimension: 8,
  hashBits: 18,
  batchRows: 256,
  epochs: 2,
  leastSteps: 1500,
  looks: 16,
  patience: 6,
  denseRate: 1e-3,
  embeddingRate: 0.02,
  warmUpSteps: 50,
  l2: 1e-5,
  dropoutHalf: 100,
  senet: true,
  hiddenState: true,
};
