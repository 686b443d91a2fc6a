import { type AspectColumn, collectAspects } from './aspects.ts';
import { calendarFields, contextField, cutBetweenMoments, listOf, sceneField, timeOrder } from './context.ts';
import { createCodes, type Entities, type EntityField, type Examples, type Field, type FieldSpec } from './field.ts';
import { historyFields } from './history.ts';
import { categorise, codesWithin, type LogColumn, ownerOf, type RawColumn, type TrainingPart } from './log_column.ts';
import { type ContextColumn, pairFields } from './pair_fields.ts';

/** Rows of a click log whose ads and creatives are indices into {@link Entities}. */
export interface LogRows
  extends Pick<Examples, 'rows' | 'ad' | 'creative' | 'position' | 'positions' | 'clicks' | 'impressions' | 'propensity'> {
  /** Milliseconds since 1970 UTC; −1 undated. */
  readonly ts: Float64Array;
  /** Index of each row's user, −1 where not given, and the two halves of each user's 64-bit hash. */
  readonly users: { readonly of: Int32Array; readonly count: number; readonly low: Uint32Array; readonly high: Uint32Array } | undefined;
  /** Names of the columns beyond the contract's. */
  readonly features: readonly string[];
  readonly feature: (name: string) => RawColumn;
}

/** Fields of text elements that say what a creative is about, the most telling first. */
const ASPECT_PARTS = ['.entities', '.words', '.text'] as const;

/**
 * Rows with the features of both towers, and how to make them again: what is known of ads and creatives, columns of the log
 * by what they belong to (ad → left, creative → right, else context), circumstances, and what each user did before.
 * A field that is the same everywhere is left out and noted, but for the ids of ads and creatives.
 * @param trainingShare the first part of the rows in time, in (0, 1]: numbers are cut into bins by its quantiles
 */
export function buildExamples(log: LogRows, entities: Entities, trainingShare: number): { examples: Examples; spec: FieldSpec[] } {
  const { ad, creative, ts, users } = log;
  const order = timeOrder(ts);
  const notes: string[] = [];
  const training = { order, count: cutBetweenMoments(ts, order, Math.max(1, Math.round(trainingShare * log.rows))) };
  const read = readColumns(log, entities, training, notes);
  const known = [...entities.fields, ...read.ofEntities.map(({ field }) => field)];
  const texts = read.ofEntities.filter(({ isText }) => isText).map(({ field }) => field);
  const history = users
    ? historyFields(
        { ...pickRows(log), ts, order, user: users.of, users: users.count, meanRate: meanRate(log, training) },
        aspectsOf(entities, texts),
      )
    : [];
  const made: Field[] = [
    sceneField(
      log.position,
      log.positions.map(({ scene }) => scene),
    ),
    ...calendarFields(ts),
    ...read.ofRows.map(({ name, codes, terms }) => contextField(`log.${name}`, codes, terms.map(listOf))),
    ...(users ? [userField(users)] : []),
    ...history,
    ...pairFields(
      creative,
      contextColumns(read.ofRows),
      columnsOf(
        entities,
        texts.filter(({ of }) => of === 'creative'),
      ),
    ),
  ];
  const shared = known.map((field): Field => ({ ...field, codes: field.of === 'ad' ? ad : creative }));
  const isTelling = (field: Field): boolean =>
    field.name === 'ad' || field.name === 'creative' || (field.of === 'row' ? variesByRow(field) : variesByEntity(field));
  const fields = [...shared, ...made].filter(isTelling);
  const kept = new Set(fields.map(({ name }) => name));
  const dropped = known.map(({ name }) => name).filter((name) => !kept.has(name));
  if (dropped.length > 0) notes.push(`left out, the same everywhere: ${dropped.join(', ')}`);
  const sources = new Map<string, FieldSpec['source']>([
    ...entities.fields.map(({ name }) => [name, { from: 'content' }] as const),
    ...read.ofEntities.map(({ field, column, edges }) => [field.name, { from: 'log', column, ...(edges && { edges }) }] as const),
    ...read.ofRows.map(({ name, edges }) => [`log.${name}`, { from: 'log', column: name, ...(edges && { edges }) }] as const),
  ]);
  return {
    examples: {
      ...pickRows(log),
      ads: entities.ads,
      creatives: entities.creatives,
      ts,
      user: users?.of,
      order,
      fields,
      notes,
    },
    spec: fields.map(({ name, side, isId, of }) => ({ name, side, isId, of, source: sources.get(name) ?? { from: 'rows' } })),
  };
}

function pickRows({ rows, ad, creative, position, positions, clicks, impressions, propensity }: LogRows) {
  return { rows, ad, creative, position, positions, clicks, impressions, propensity };
}

/** Clicks an impression of the training part has on average. */
function meanRate({ clicks, impressions }: LogRows, { order, count }: TrainingPart): number {
  let [clicked, shown] = [0, 0];
  for (let at = 0; at < count; at++) {
    const row = order ? (order[at] as number) : at;
    clicked += clicks[row] as number;
    shown += impressions ? (impressions[row] as number) : 1;
  }
  return shown === 0 ? 0 : clicked / shown;
}

interface EntityColumn {
  readonly field: EntityField;
  readonly column: string;
  readonly isText: boolean;
  readonly edges: readonly number[] | undefined;
}

type RowColumn = Pick<LogColumn, 'name' | 'codes' | 'terms' | 'isText' | 'edges'>;

/** The log's columns by what they belong to, one in memory at a time. */
function readColumns(log: LogRows, entities: Entities, training: TrainingPart, notes: string[]) {
  const ofEntities: EntityColumn[] = [];
  const ofRows: RowColumn[] = [];
  for (const name of log.features) {
    const column = categorise(name, log.feature(name), training);
    if (!variesByRow(column)) {
      notes.push(`left out, the log's column ${name} has one value`);
      continue;
    }
    const owner = ownerOf(column, log.ad, entities.ads.length, log.creative, entities.creatives.length);
    const { codes, terms, isText, edges } = column;
    if (owner === 'row') ofRows.push({ name, codes, terms, isText, ...(edges && { edges }) });
    else ofEntities.push({ field: entityField(column, owner, log, entities), column: name, isText, edges });
  }
  return { ofEntities, ofRows };
}

/** A log's column that belongs to ads or creatives, as their field `log.NAME`. */
export function entityField(
  { name, codes, terms }: Pick<LogColumn, 'name' | 'codes' | 'terms'>,
  of: 'ad' | 'creative',
  { ad, creative }: Pick<LogRows, 'ad' | 'creative'>,
  { ads, creatives }: Pick<Entities, 'ads' | 'creatives'>,
): EntityField {
  const found = of === 'ad' ? codesWithin(codes, ad, ads.length) : codesWithin(codes, creative, creatives.length);
  return {
    name: `log.${name}`,
    side: of === 'ad' ? 'left' : 'right',
    isId: false,
    of,
    terms: Array.from(found, (code) => listOf(terms[code])),
  };
}

/** Columns and terms that say what creatives are about: their own, then their ad's. */
function aspectsOf(entities: Entities, texts: readonly EntityField[]) {
  const byCreative = ({ of, terms }: EntityField): EntityField['terms'] =>
    of === 'creative' ? terms : Array.from(entities.adOf, (ad) => terms[ad] as readonly string[]);
  const category = entities.fields.filter(({ name }) => name === 'note.category');
  const columns = columnsOf(entities, [...texts, ...category]);
  const parts = ASPECT_PARTS.flatMap((part) => entities.fields.filter(({ name, of }) => of === 'creative' && name.endsWith(part)));
  const note = entities.fields.filter(({ name }) => name === 'note.entities');
  const fields = [...parts, ...note].map((field) => ({ ...field, terms: byCreative(field) }));
  return collectAspects(entities.creatives.length, columns, fields);
}

function columnsOf(entities: Entities, fields: readonly EntityField[]): AspectColumn[] {
  return fields.map(({ name, side, of, terms }) => ({
    name: name.replace(/^log\./, ''),
    side,
    values: Array.from(entities.adOf, (ad, creative) => terms[of === 'ad' ? ad : creative]?.[0]),
  }));
}

function contextColumns(columns: readonly RowColumn[]): ContextColumn[] {
  return columns.filter(({ isText }) => isText);
}

/** By the hash of the user's id, so that it is the same user in another log. */
function userField({ of, count, low, high }: NonNullable<LogRows['users']>): Field {
  const codes = createCodes(of.length, count);
  for (let row = 0; row < of.length; row++) codes[row] = (of[row] as number) + 1;
  const terms: string[][] = [[]];
  for (let user = 0; user < count; user++) terms.push([`${(high[user] as number).toString(16)}.${(low[user] as number).toString(16)}`]);
  return { name: 'user', side: 'left', isId: true, of: 'row', codes, terms };
}

function variesByRow({ codes }: Pick<Field, 'codes'>): boolean {
  const first = codes[0];
  for (let row = 1; row < codes.length; row++) if (codes[row] !== first) return true;
  return false;
}

function variesByEntity({ terms }: Pick<Field, 'terms'>): boolean {
  const first = JSON.stringify(terms[0]);
  return terms.some((own) => JSON.stringify(own) !== first);
}
