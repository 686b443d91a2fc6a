/** Rows of a click log as columns; every array has `rows` values. What the reader gives and the store's writer takes. */
export interface LogBatch {
  readonly rows: number;
  /** 64-bit hash of the impression's id, or of the whole row where the file has no ids. */
  readonly ids: BigUint64Array;
  /** 64-bit hash of the user's id. */
  readonly users: BigUint64Array | undefined;
  /** Milliseconds since 1970 UTC; −1 undated. */
  readonly ts: Float64Array;
  readonly arms: Int32Array;
  readonly positions: Int32Array;
  /** Codes of the sets of creatives that could have been shown, 0 where not given; absent where the file does not say. */
  readonly candidates?: Int32Array | undefined;
  /** propensity, click, view_time_s, … or impressions, clicks, …; NaN where not given. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  /** Columns beyond the contract's: numbers, or codes of texts. */
  readonly features: ReadonlyMap<string, Float64Array | Int32Array>;
}

type Values = BigUint64Array | Float64Array | Int32Array;

/** The batch with the given rows only, in their order. */
export function selectRows(batch: LogBatch, rows: Uint32Array): LogBatch {
  const selectAll = <Column extends Float64Array | Int32Array>(columns: ReadonlyMap<string, Column>): Map<string, Column> =>
    new Map([...columns].map(([name, values]) => [name, select(values, rows)]));
  return {
    rows: rows.length,
    ids: select(batch.ids, rows),
    users: batch.users && select(batch.users, rows),
    ts: select(batch.ts, rows),
    arms: select(batch.arms, rows),
    positions: select(batch.positions, rows),
    candidates: batch.candidates && select(batch.candidates, rows),
    numbers: selectAll(batch.numbers),
    features: selectAll(batch.features),
  };
}

function select<Column extends Values>(values: Column, rows: Uint32Array): Column {
  const result = new (values.constructor as new (length: number) => Column)(rows.length);
  for (let i = 0; i < rows.length; i++) result[i] = values[rows[i] as number] as number & bigint;
  return result;
}
