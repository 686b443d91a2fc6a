import type { Store } from './open.ts';

/** An element that creatives use, with what was measured of it when it was made for a note. */
export interface UsedElement {
  readonly elementId: string;
  readonly kind: string;
  readonly text: string | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The elements of all creatives by id; what they are made of does not depend on the note, so any note's details do. */
export function readUsedElements(store: Store): Map<string, UsedElement> {
  return readWhere(store, 'element_id IN (SELECT element_id FROM creative_elements)');
}

/** Elements by id, whether a creative uses them or not. */
export function readElementContents(store: Store, elementIds: readonly string[]): Map<string, UsedElement> {
  return readWhere(store, 'element_id IN (SELECT value FROM json_each(?))', JSON.stringify(elementIds));
}

function readWhere(store: Store, condition: string, ...parameters: string[]): Map<string, UsedElement> {
  const rows = store.db
    .prepare(
      `SELECT element_id AS elementId, kind, text, width, height,
         (SELECT details FROM note_elements n WHERE n.element_id = e.element_id ORDER BY note_id LIMIT 1) AS details
       FROM elements e WHERE ${condition} ORDER BY element_id`,
    )
    .all(...parameters) as (Omit<UsedElement, 'details'> & { details: string | null })[];
  return new Map(rows.map((row) => [row.elementId, { ...row, details: row.details === null ? {} : JSON.parse(row.details) }]));
}
