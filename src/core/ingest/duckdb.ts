import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Rows DuckDB may hold ready while ours are being worked on; the default of 1 MB makes the two wait for each other. */
const STREAMING_BUFFER = '64MB';
const MEMORY_LIMIT = '256MB';

/** Runs `work` with an in-memory DuckDB, which is how every tabular file is read, and closes it. */
export async function withDuckDb<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: MEMORY_LIMIT });
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'; SET streaming_buffer_size = '${STREAMING_BUFFER}'; SET enable_external_file_cache = false`);
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
