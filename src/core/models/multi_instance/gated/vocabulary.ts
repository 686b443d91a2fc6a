import type { Bags } from '../bags.ts';
import type { GatedFeatures } from './gated_model.ts';

/** What a gated network knows by name: each has a row of its tables, in this order. */
export interface Vocabulary {
  readonly kinds: readonly string[];
  /** By kind: ids of the elements that training rows showed. */
  readonly ids: readonly (readonly string[])[];
  /** By kind: terms of at least two of those elements. A term may mean another thing in another kind. */
  readonly terms: readonly (readonly string[])[];
  /** Terms of at least two ads with training rows. */
  readonly adTerms: readonly string[];
}

/** A term that only one has tells what its id tells. */
const LEAST_HOLDERS = 2;

/** The vocabulary of the training rows that have exposure. */
export function buildVocabulary(bags: Bags, features: GatedFeatures, train: Int32Array): Vocabulary {
  const { kinds, elements, members, ad, exposure } = bags;
  const shown = new Set<number>();
  const ads = new Set<number>();
  for (const row of train) {
    if ((exposure[row] as number) <= 0) continue;
    ads.add(ad[row] as number);
    for (let kind = 0; kind < kinds.length; kind++) shown.add(members[row * kinds.length + kind] as number);
  }
  const ofKind = kinds.map((_, kind) => elements.flatMap((element, index) => (element.kind === kind && shown.has(index) ? [index] : [])));
  return {
    kinds,
    ids: ofKind.map((own) => own.map((index) => (elements[index] as Bags['elements'][number]).elementId)),
    terms: ofKind.map((own) => sharedTerms(own.map((index) => features.elementTerms[index] ?? []))),
    adTerms: sharedTerms([...ads].sort((a, b) => a - b).map((index) => features.adTerms[index] ?? [])),
  };
}

function sharedTerms(lists: readonly (readonly string[])[]): string[] {
  const holders = new Map<string, number>();
  for (const list of lists) for (const term of new Set(list)) holders.set(term, (holders.get(term) ?? 0) + 1);
  return [...holders].flatMap(([term, count]) => (count >= LEAST_HOLDERS ? [term] : [])).sort();
}

/** Where ids and terms stand in the tables. */
export interface Coding {
  /** Rows of the elements' table: ids of all kinds, then terms of all kinds. */
  readonly elementRows: number;
  readonly adRows: number;
  /** Fields ('words', 'style', …) that any known term of an element or of an ad belongs to. */
  readonly elementFields: readonly string[];
  readonly adFields: readonly string[];
  /** Row of an element's id; −1 where it is unknown. */
  idRow(kind: number, elementId: string): number;
  /** Rows of the known terms by field. */
  termRows(kind: number, terms: readonly string[]): number[][];
  adTermRows(terms: readonly string[]): number[][];
}

export function createCoding({ ids, terms, adTerms }: Vocabulary): Coding {
  let rows = 0;
  const index = (names: readonly string[]): Map<string, number> => new Map(names.map((name) => [name, rows++]));
  const idIndex = ids.map(index);
  const termIndex = terms.map(index);
  const elementRows = rows;
  const adIndex = new Map(adTerms.map((term, row) => [term, row]));
  const elementFields = fieldsOf(terms.flat());
  const adFields = fieldsOf(adTerms);
  return {
    elementRows,
    adRows: adTerms.length,
    elementFields,
    adFields,
    idRow: (kind, elementId) => idIndex[kind]?.get(elementId) ?? -1,
    termRows: (kind, own) => byField(own, elementFields, termIndex[kind] ?? new Map()),
    adTermRows: (own) => byField(own, adFields, adIndex),
  };
}

function fieldOf(term: string): string {
  return term.slice(0, Math.max(0, term.indexOf('=')));
}

function fieldsOf(terms: readonly string[]): string[] {
  return [...new Set(terms.map(fieldOf))].sort();
}

function byField(terms: readonly string[], fields: readonly string[], index: ReadonlyMap<string, number>): number[][] {
  const cells: number[][] = fields.map(() => []);
  for (const term of new Set(terms)) {
    const row = index.get(term);
    if (row !== undefined) cells[fields.indexOf(fieldOf(term))]?.push(row);
  }
  return cells;
}
