/** How a dual tower is made and trained; a model's metadata keeps it. */
export interface DualTowerOptions {
  /** Floats of an embedding; a multiple of 4. */
  readonly dimension: number;
  /** At most 2^hashBits rows in each tower's table. */
  readonly hashBits: number;
  /** Examples of a step; a multiple of the list width, 8. */
  readonly batchRows: number;
  /** Passes over the training rows at most. */
  readonly epochs: number;
  /** Looks at the validation rows in a pass. */
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

export const DEFAULT_OPTIONS: Omit<DualTowerOptions, 'seed'> = {
  dimension: 16,
  hashBits: 18,
  batchRows: 1024,
  epochs: 10,
  looks: 4,
  patience: 4,
  denseRate: 1e-3,
  embeddingRate: 0.02,
  warmUpSteps: 50,
  l2: 1e-5,
  dropoutHalf: 100,
  senet: true,
  hiddenState: true,
};
