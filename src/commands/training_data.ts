import { UserError } from '../core/errors.ts';
import type { CreativeContent } from '../core/models/features/content_fields.ts';
import type { CreativeKey, Entities, EntityField, Examples, FieldSpec } from '../core/models/features/field.ts';
import type { Arm } from '../core/store/logs.ts';
import type { Store } from '../core/store/open.ts';
import type { ArmRows } from '../core/store/training_rows.ts';
import { loadReading, readAdContents } from './content_reading.ts';

/** Which rows are meant. */
interface LogChoice {
  /** All logs when undefined. */
  readonly logId: number | undefined;
  /** The ads to keep; all when undefined. */
  readonly ads?: readonly string[] | undefined;
}

interface ExampleOptions extends LogChoice {
  /** The first part of the rows in time that a model is fitted to, in (0, 1]: bins of numbers come from it. */
  readonly trainingShare: number;
}

/**
 * Reads a log and what the store knows of its ads and creatives as rows with features.
 * @returns also how each field is made, for {@link readEntities}
 * @throws UserError when there is no row, or single impressions and aggregated rows are mixed
 */
export async function readExamples(store: Store, options: ExampleOptions): Promise<{ examples: Examples; spec: FieldSpec[] }> {
  const { readPositions } = await import('../core/store/logs.ts');
  const { buildExamples } = await import('../core/models/features/build_examples.ts');
  const { readTrainingRows } = await import('../core/store/training_rows.ts');
  const { arms, keepArm } = await readWantedArms(store, options.ads);
  const log = readTrainingRows(store, options.logId, keepArm);
  const entities = await readContent(store, options);
  if (log.rows === 0) throw nothingToLearn(options.ads, entities.ads);
  const indices = { ...indexRows(log, arms, entities), ...indexPositions(log.position, readPositions(store)) };
  return buildExamples({ ...log, ...indices }, entities, options.trainingShare);
}

function nothingToLearn(asked: readonly string[] | undefined, known: readonly string[]): UserError {
  const message = 'Expected rows of a click log to learn from but there are none';
  if (!asked) return new UserError(`${message}.`, 'Import one: atelier import logs FILE.');
  const unknown = asked.filter((id) => !known.includes(id));
  if (unknown.length === 0)
    return new UserError(`${message} of the ads ${asked.join(', ')}.`, 'Choose ads that a log has, or import their log.');
  return new UserError(
    `Expected ads of this store but there are none with the ids ${unknown.join(', ')}.`,
    'Choose others: atelier list ads.',
  );
}

/**
 * The ads and creatives of the store and of a log, with the terms of the fields of a spec that are theirs; fields of
 * circumstances and users have none. Rows of the log are read only for fields that come from its columns.
 */
export async function readEntities(store: Store, spec: readonly FieldSpec[], options: LogChoice): Promise<Entities> {
  const entities = await readContent(store, options);
  const content = new Map(entities.fields.map((field) => [field.name, field]));
  const fromLog = await logFields(store, spec, options, entities);
  const fields = spec.flatMap(({ name, side, isId, of }): EntityField[] => {
    if (of === 'row') return [];
    const known = content.get(name) ?? fromLog.get(name);
    const none = (of === 'ad' ? entities.ads : entities.creatives).map(() => []);
    return [{ name, side, isId, of, terms: known?.terms ?? none }];
  });
  return { ...entities, fields };
}

/** Fields of ads and creatives that come from columns of the log, by name. */
async function logFields(
  store: Store,
  spec: readonly FieldSpec[],
  options: LogChoice,
  entities: Entities,
): Promise<Map<string, EntityField>> {
  const fields = new Map<string, EntityField>();
  if (!spec.some(({ of, source }) => of !== 'row' && source.from === 'log')) return fields;
  const { entityField } = await import('../core/models/features/build_examples.ts');
  const { categoriseAt } = await import('../core/models/features/log_column.ts');
  const { readArmRows } = await import('../core/store/training_rows.ts');
  const { arms, keepArm } = await readWantedArms(store, options.ads);
  const log = readArmRows(store, options.logId, keepArm);
  const rows = indexRows(log, arms, entities);
  for (const { name, of, source } of spec) {
    if (of === 'row' || source.from !== 'log' || !log.features.includes(source.column)) continue;
    fields.set(name, entityField(categoriseAt(source.column, log.feature(source.column), source.edges), of, rows, entities));
  }
  return fields;
}

/** All arms by their codes, and which of them are of the ads asked for. */
async function readWantedArms(store: Store, ads: readonly string[] | undefined) {
  const { readArms } = await import('../core/store/logs.ts');
  const arms = readArms(store);
  const wanted = ads && new Set(ads);
  return { arms, keepArm: wanted && ((code: number): boolean => wanted.has((arms.get(code) as Arm).adId)) };
}

/** Ads and creatives in the order of their ids, those of the store and those only the log has, and what they hold. */
async function readContent(store: Store, { logId, ads: adIds }: LogChoice): Promise<Entities> {
  const { readCreatives } = await import('../core/store/creatives.ts');
  const { readArms } = await import('../core/store/logs.ts');
  const { readUsedElements } = await import('../core/store/creative_content.ts');
  const { readLoggedArms } = await import('../core/store/training_rows.ts');
  const { contentFields } = await import('../core/models/features/content_fields.ts');
  const wanted = adIds && new Set(adIds);
  const arms = readArms(store);
  const stored = readCreatives(store);
  const elementsOf = new Map(stored.map((creative) => [keyOf(creative), creative.elements]));
  const logged = readLoggedArms(store, logId).map((code) => arms.get(code) as Arm);
  const all = new Map<string, CreativeKey>();
  for (const { adId, creativeId } of [...stored, ...logged]) {
    if (wanted && !wanted.has(adId)) continue;
    const key = keyOf({ adId, creativeId });
    all.set(key, { adId, creativeId, isStored: elementsOf.has(key) });
  }
  const creatives = [...all.values()].sort((a, b) => compare(a.adId, b.adId) || compare(a.creativeId, b.creativeId));
  const ads = [...new Set(creatives.map(({ adId }) => adId))];
  const adIndex = new Map(ads.map((ad, index) => [ad, index]));
  const elements = readUsedElements(store);
  const adContents = await readAdContents(store, ads);
  const contents = creatives.map((creative): CreativeContent => {
    const own = Object.values(elementsOf.get(keyOf(creative)) ?? {});
    return { ...creative, elements: own.flatMap((id) => elements.get(id) ?? []) };
  });
  return {
    ads,
    creatives,
    adOf: Int32Array.from(creatives, ({ adId }) => adIndex.get(adId) as number),
    fields: contentFields(adContents, contents, await loadReading(store, adContents, elements.values())),
  };
}

/** The ad and creative index of each row, by the arm's code. */
function indexRows(log: ArmRows, arms: ReadonlyMap<number, Arm>, { creatives, adOf }: Entities) {
  const indexOf = new Map(creatives.map((creative, index) => [keyOf(creative), index]));
  const largest = [...arms.keys()].reduce((most, code) => Math.max(most, code), 0);
  const byCode = new Int32Array(largest + 1);
  for (const [code, arm] of arms) byCode[code] = indexOf.get(keyOf(arm)) ?? 0;
  const creative = new Int32Array(log.rows);
  const ad = new Int32Array(log.rows);
  for (let row = 0; row < log.rows; row++) {
    creative[row] = byCode[log.arm[row] as number] as number;
    ad[row] = adOf[creative[row] as number] as number;
  }
  return { ad, creative };
}

/** Positions that occur, in the order of scene and rank, and the index of each row's. */
function indexPositions(codes: Uint16Array, known: ReadonlyMap<number, { readonly scene: string; readonly position: number }>) {
  const isUsed = new Uint8Array(65_536);
  for (let row = 0; row < codes.length; row++) isUsed[codes[row] as number] = 1;
  const used = [...known].filter(([code]) => isUsed[code] === 1);
  used.sort(([, a], [, b]) => compare(a.scene, b.scene) || a.position - b.position);
  const byCode = new Uint16Array(65_536);
  used.forEach(([code], index) => {
    byCode[code] = index;
  });
  const position = used.length <= 256 ? new Uint8Array(codes.length) : new Uint16Array(codes.length);
  for (let row = 0; row < codes.length; row++) position[row] = byCode[codes[row] as number] as number;
  return { position, positions: used.map(([, position]) => position) };
}

function keyOf({ adId, creativeId }: Arm): string {
  return `${adId}\0${creativeId}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
