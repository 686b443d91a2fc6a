import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { UserError } from '../errors.ts';

/** Rows DuckDB may hold ready while ours are being worked on; the default of 1 MB makes the two wait for each other. */
const STREAMING_BUFFER = '64MB';
const MEMORY_LIMIT = '256MB';

/**
 * Runs `work` with an in-memory DuckDB, which is how every tabular file is read, and closes it.
 * @throws UserError when a file cannot be read to its end
 */
export async function withDuckDb<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: MEMORY_LIMIT });
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'; SET streaming_buffer_size = '${STREAMING_BUFFER}'; SET enable_external_file_cache = false`);
    return await work(connection);
  } catch (error) {
    throw readableError(error);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** DuckDB's errors about a file's content, which its checks of single rows do not catch, as errors with a way out. */
function readableError(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  if (!/^(Invalid Input|IO|Serialization) Error: /.test(message)) return error;
  if (message.includes('state machine')) {
    const file = /^ *file = (.*)$/m.exec(message)?.[1] ?? 'the file';
    return new UserError(
      `Expected the same end on every line but ${file} mixes LF, CRLF or CR.`,
      'Make them the same, for example with dos2unix, and import it again.',
    );
  }
  return new UserError(`Expected a file that can be read to its end: ${message.split('\n')[0]}`, 'Fetch the file again.');
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
