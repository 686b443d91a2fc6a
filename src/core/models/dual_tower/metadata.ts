import { UserError } from '../../errors.ts';
import { sha256 } from '../../ids.ts';
import type { FieldSpec } from '../features/field.ts';
import type { TermHash } from './hashed_fields.ts';
import type { NetworkShape } from './network.ts';
import type { DualTowerOptions } from './options.ts';
import type { LogitShift, ServedSide } from './served_model.ts';
import type { SplitKind } from './split.ts';

const FORMAT = 1;

interface StoredSide {
  readonly hash: TermHash;
  readonly fields: ServedSide['fields'];
  /** Hashes of the terms that training saw: 64-bit little-endian numbers, ascending, in Base64. */
  readonly known: string;
}

/** What a prediction is worth beside clicks, by the held-out rows. */
export interface StoredPrior {
  readonly strength: number;
  readonly scale: number;
  readonly log_likelihood: number;
  readonly log_likelihood_of_constant: number;
}

/** Nats by which held-out clicks must prefer predictions to one mean: less is rounding, or luck. */
const LEAST_PREFERENCE = 1;

/** Whether held-out clicks are better explained by the predictions than by one mean for all. */
export function isPreferred({ log_likelihood, log_likelihood_of_constant }: StoredPrior): boolean {
  return log_likelihood >= log_likelihood_of_constant + LEAST_PREFERENCE;
}

/** What stands beside the two ONNX files of a dual tower: how its inputs are made, how it was trained, and how good it is. */
export interface DualTowerMetadata {
  readonly format: typeof FORMAT;
  readonly kind: 'dual-tower';
  /** The log it was trained on; null: all. */
  readonly log: string | null;
  readonly ads: readonly string[] | null;
  /**
   * Last day of all rows, the held-out ones too, as the prior's strength and scale come from those; null: undated. The first models
   * lack it.
   */
  readonly last_day?: string | null;
  /** How each field is made, those of both towers in the order of the examples. */
  readonly spec: readonly FieldSpec[];
  readonly shape: NetworkShape;
  readonly options: DualTowerOptions;
  readonly split: { readonly kind: SplitKind; readonly share: number };
  readonly exposure: readonly { readonly scene: string; readonly position: number; readonly factor: number }[];
  readonly left: StoredSide;
  readonly right: StoredSide;
  /** Added to the logits of p_ad and p where circumstances are not known. */
  readonly shift: LogitShift;
  readonly prior: StoredPrior | null;
  readonly metrics: unknown;
  /** SHA-256 of the ONNX files. */
  readonly files: { readonly left: string; readonly right: string };
}

export function storedSide({ hash, fields, known }: ServedSide): StoredSide {
  return { hash, fields, known: Buffer.from(known.buffer, known.byteOffset, known.byteLength).toString('base64') };
}

export function servedSide({ hash, fields, known }: StoredSide): ServedSide {
  const bytes = Uint8Array.from(Buffer.from(known, 'base64'));
  return { hash, fields, known: new BigUint64Array(bytes.buffer) };
}

export function encodeMetadata(metadata: Omit<DualTowerMetadata, 'format' | 'kind'>): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, kind: 'dual-tower', ...metadata }, null, 1)}\n`);
}

/** A model's id: by its metadata, which name the contents of its other files. */
export function modelIdOf(metadata: Uint8Array): string {
  return `dual-tower-${sha256(metadata).slice(0, 12)}`;
}

/**
 * Reads the metadata of a model and checks that it and the ONNX files are as they were written.
 * @throws UserError for metadata of another kind or version, and for files that have changed
 */
export function decodeMetadata(
  bytes: Uint8Array,
  files: { readonly left: Uint8Array; readonly right: Uint8Array },
  modelId: string,
  source: string,
): DualTowerMetadata {
  let metadata: Partial<DualTowerMetadata> | null;
  try {
    metadata = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new UserError(`Expected JSON in ${source}/model.json but its bytes are others.`, RETRAIN);
  }
  if (metadata?.kind !== 'dual-tower' || metadata.format !== FORMAT) {
    const found = `kind ${metadata?.kind}, format ${metadata?.format}`;
    throw new UserError(`Expected a dual tower of format ${FORMAT} in ${source}/model.json but received ${found}.`, RETRAIN);
  }
  const changed = (file: string): UserError =>
    new UserError(`Expected ${source}/${file} as it was written but its bytes have changed.`, RETRAIN);
  if (modelIdOf(bytes) !== modelId) throw changed('model.json');
  for (const tower of ['left', 'right'] as const) {
    if (sha256(files[tower]) !== metadata.files?.[tower]) throw changed(`${tower}.onnx`);
  }
  return metadata as DualTowerMetadata;
}

const RETRAIN = 'Train the model again: atelier train dual-tower.';
