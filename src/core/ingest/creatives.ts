import type { RowProblem, TableRow } from './table_rows.ts';

export const ELEMENT_PREFIX = 'element.';
const KIND = /^[a-z][a-z0-9_]*$/;

/** Fields of a creative and the other names they may have. */
export const CREATIVE_FIELDS: Readonly<Record<string, readonly string[]>> = { ad_id: [], creative_id: [], note_id: [], elements: [] };

export interface ParsedCreative {
  readonly adId: string;
  readonly creativeId: string;
  readonly noteId: string | undefined;
  /** Kind → text, element id or image path. */
  readonly elements: Readonly<Record<string, string>>;
}

/** A creative from a row: `elements` as a JSON object, or one `element.KIND` column per kind. */
export function parseCreativeRow(row: TableRow): ParsedCreative | RowProblem {
  if (!row.ad_id?.trim()) return { column: 'ad_id', expected: 'an id' };
  if (!row.creative_id?.trim()) return { column: 'creative_id', expected: 'an id' };
  const elements = parseElements(row);
  if (!elements) return { column: 'elements', expected: 'an object of kind: text, element id or image path' };
  const kinds = Object.keys(elements);
  if (kinds.length === 0) return { column: 'elements', expected: 'at least one element' };
  const wrong = kinds.find((kind) => !KIND.test(kind));
  if (wrong !== undefined) return { column: 'elements', expected: `kinds in lower-case letters but received "${wrong}"` };
  return { adId: row.ad_id.trim(), creativeId: row.creative_id.trim(), noteId: row.note_id?.trim() || undefined, elements };
}

function parseElements(row: TableRow): Record<string, string> | undefined {
  const elements: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name.startsWith(ELEMENT_PREFIX) && value !== undefined) elements[name.slice(ELEMENT_PREFIX.length)] = value;
  }
  if (row.elements === undefined) return elements;
  let given: unknown;
  try {
    given = JSON.parse(row.elements);
  } catch {
    return undefined;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  for (const [kind, value] of Object.entries(given)) {
    if (typeof value !== 'string' || value === '') return undefined;
    elements[kind] = value;
  }
  return elements;
}
