import { EmbeddingTable } from '../../../learn/embedding_table.ts';
import type { Tensor } from '../../../learn/session.ts';
import type { Random } from '../../../random.ts';

/** Embeddings start evenly spread over ±this. */
const FIRST_WEIGHT = 0.01;

/** Entities (elements or ads) as cells of table rows, each cell the mean of its rows, with the table itself. */
export class EntityTable {
  readonly table: EmbeddingTable;
  /** Cells of an entity. */
  readonly width: number;
  /** Cell c of entity e holds `rows[starts[e·width + c]]` to `rows[starts[e·width + c + 1] − 1]`. */
  private readonly starts: Int32Array;
  private readonly rows: Int32Array;

  /**
   * @param cells of each entity, each with its table rows
   * @param rows of the table
   */
  constructor(cells: readonly (readonly (readonly number[])[])[], width: number, rows: number, dimension: number, random: Random) {
    this.width = width;
    this.rows = Int32Array.from(cells.flat(2));
    this.starts = new Int32Array(cells.length * width + 1);
    cells.flat().forEach((cell, i) => {
      this.starts[i + 1] = (this.starts[i] as number) + cell.length;
    });
    this.table = new EmbeddingTable({ rows, dimension, cells: cells.length * width, ids: Math.max(1, this.rows.length) });
    this.table.initialise(FIRST_WEIGHT, 0, random);
  }

  /** The cells' embeddings of distinct entities, [n, width, dimension]; valid until the next look-up. */
  lookUp(entities: Int32Array): Tensor {
    const { ids, ends } = this.table.cells;
    let at = 0;
    let cell = 0;
    for (const entity of entities) {
      for (let own = entity * this.width; own < (entity + 1) * this.width; own++) {
        const end = this.starts[own + 1] as number;
        for (let i = this.starts[own] as number; i < end; i++) ids[at++] = this.rows[i] as number;
        ends[cell++] = at;
      }
    }
    this.table.pool(cell);
    return this.tensor(this.table.pooled, entities.length);
  }

  /** Where the gradient with respect to the last look-up is written before {@link update}. */
  gradient(entities: number): Tensor {
    return this.tensor(this.table.gradient, entities);
  }

  update(entities: number, rate: number): void {
    this.table.update(entities * this.width, rate);
  }

  /** Sums over entities of a weight of each, by table row. */
  weighRows(weights: Float64Array): Float64Array {
    const sums = new Float64Array(this.table.rows);
    weights.forEach((weight, entity) => {
      for (let i = this.starts[entity * this.width] as number; i < (this.starts[(entity + 1) * this.width] as number); i++) {
        const row = this.rows[i] as number;
        sums[row] = (sums[row] as number) + weight;
      }
    });
    return sums;
  }

  private tensor(data: Float32Array, entities: number): Tensor {
    const { dimension } = this.table;
    return { data: data.subarray(0, entities * this.width * dimension), dims: [entities, this.width, dimension] };
  }
}
