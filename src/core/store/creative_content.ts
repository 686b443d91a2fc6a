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
  const rows = store.db
    .prepare(
      `SELECT element_id AS elementId, kind, text, width, height,
         (SELECT details FROM note_elements n WHERE n.element_id = e.element_id ORDER BY note_id LIMIT 1) AS details
       FROM elements e WHERE element_id IN (SELECT element_id FROM creative_elements) ORDER BY element_id`,
    )
    .all() as (Omit<UsedElement, 'details'> & { details: string | null })[];
  return new Map(rows.map((row) => [row.elementId, { ...row, details: row.details === null ? {} : JSON.parse(row.details) }]));
}
