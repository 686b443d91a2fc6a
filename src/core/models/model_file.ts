import { UserError } from '../errors.ts';
import { sha256 } from '../ids.ts';

/** The files of a model by name, `model.json` among them. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>;

/** What every model.json begins with. */
interface Header {
  readonly format: number;
  readonly kind: string;
  /** SHA-256 of the model's other files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

const MODEL_FILE = 'model.json';
const ID_DIGITS = 12;

/** The files of a model with its model.json, which names what the others hold; the model's id is that of model.json. */
export function packModel(
  kind: string,
  format: number,
  body: object,
  files: ModelFiles,
): { readonly modelId: string; readonly files: ModelFiles } {
  const hashes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]));
  const metadata = Buffer.from(`${JSON.stringify({ format, kind, ...body, files: hashes }, null, 1)}\n`);
  return { modelId: idOf(kind, metadata), files: { ...files, [MODEL_FILE]: metadata } };
}

/**
 * Reads a model back, and checks that its files are as they were written.
 * @param readFile the bytes of a file of the model
 * @throws UserError for a model of another kind or version, and for files that have changed
 */
export function unpackModel<Body>(
  kind: string,
  format: number,
  modelId: string,
  source: string,
  readFile: (name: string) => Uint8Array,
): { readonly body: Body; readonly files: ModelFiles } {
  const hint = `Train the model again: atelier train ${kind}.`;
  const bytes = readFile(MODEL_FILE);
  let body: (Partial<Header> & Body) | null;
  try {
    body = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new UserError(`Expected JSON in ${source}/${MODEL_FILE} but its bytes are others.`, hint);
  }
  if (body?.kind !== kind || body.format !== format) {
    const found = `kind ${body?.kind}, format ${body?.format}`;
    throw new UserError(`Expected a ${kind} model of format ${format} in ${source}/${MODEL_FILE} but received ${found}.`, hint);
  }
  const changed = (file: string): UserError =>
    new UserError(`Expected ${source}/${file} as it was written but its bytes have changed.`, hint);
  if (idOf(kind, bytes) !== modelId) throw changed(MODEL_FILE);
  const files = Object.fromEntries(Object.keys(body.files ?? {}).map((name) => [name, readFile(name)]));
  for (const [name, content] of Object.entries(files)) if (sha256(content) !== body.files?.[name]) throw changed(name);
  return { body, files };
}

function idOf(kind: string, metadata: Uint8Array): string {
  return `${kind}-${sha256(metadata).slice(0, ID_DIGITS)}`;
}
