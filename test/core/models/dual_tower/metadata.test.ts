import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.ts';
import { sha256 } from '../../../../src/core/ids.ts';
import {
  type DualTowerMetadata,
  decodeMetadata,
  encodeMetadata,
  modelIdOf,
  servedSide,
  storedSide,
} from '../../../../src/core/models/dual_tower/metadata.ts';
import { DEFAULT_OPTIONS } from '../../../../src/core/models/dual_tower/options.ts';

const FILES = { left: Uint8Array.of(1, 2, 3), right: Uint8Array.of(4, 5) };
const SIDE = {
  hash: { seed: 1, rows: 65_536, fields: 1 },
  fields: [{ name: 'ad', isId: true, of: 'ad', slots: 1 }],
  known: BigUint64Array.of(1n, 2n ** 53n + 1n, 2n ** 64n - 1n),
} as const;
const METADATA: Omit<DualTowerMetadata, 'format' | 'kind'> = {
  log: 'demo',
  ads: null,
  last_day: '2026-01-31',
  spec: [{ name: 'ad', side: 'left', isId: true, of: 'ad', source: { from: 'content' } }],
  shape: { leftFields: 1, rightFields: 1, dimension: 16, senet: true, hiddenState: true },
  options: { ...DEFAULT_OPTIONS, seed: 1 },
  split: { kind: 'time', share: 0.2 },
  exposure: [{ scene: 'feed', position: 1, factor: 1.25 }],
  left: storedSide(SIDE),
  right: storedSide({ ...SIDE, known: new BigUint64Array(0) }),
  shift: { ad: -0.02, click: 0.01 },
  prior: { strength: 12, scale: 1.01, log_likelihood: -10, log_likelihood_of_constant: -11 },
  metrics: { auc: { value: 0.7, ci_low: 0.6, ci_high: 0.8 } },
  files: { left: sha256(FILES.left), right: sha256(FILES.right) },
};

const MODEL_ID = modelIdOf(encodeMetadata(METADATA));

function changed(change: Readonly<Record<string, unknown>>): Uint8Array {
  return Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(encodeMetadata(METADATA)).toString()), ...change }));
}

describe("a model's metadata", () => {
  it('is read as it was written', () => {
    expect(decodeMetadata(encodeMetadata(METADATA), FILES, MODEL_ID, 'models/m')).toEqual({
      format: expect.any(Number),
      kind: 'dual-tower',
      ...METADATA,
    });
  });

  it('keeps the 64 bits of every hash', () => {
    expect(servedSide(METADATA.left)).toEqual(SIDE);
    expect(servedSide(METADATA.right).known).toHaveLength(0);
    const part = new BigUint64Array(new BigUint64Array([7n, 8n, 9n]).buffer, 8, 1);
    expect(servedSide(storedSide({ ...SIDE, known: part })).known).toEqual(BigUint64Array.of(8n));
  });

  it.each(['left', 'right'] as const)('refuses a %s.onnx that is not the one it was written with', (tower) => {
    const files = { ...FILES, [tower]: Uint8Array.of(9) };
    expect(() => decodeMetadata(encodeMetadata(METADATA), files, MODEL_ID, 'models/m')).toThrow(UserError);
    expect(() => decodeMetadata(encodeMetadata(METADATA), files, MODEL_ID, 'models/m')).toThrow(
      `Expected models/m/${tower}.onnx as it was written but its bytes have changed.`,
    );
  });

  it('is refused when a number in it is another than was written', () => {
    const bytes = changed({ exposure: [{ scene: 'feed', position: 1, factor: 1.5 }] });
    expect(() => decodeMetadata(bytes, FILES, MODEL_ID, 'models/m')).toThrow(UserError);
    expect(() => decodeMetadata(bytes, FILES, MODEL_ID, 'models/m')).toThrow(/models\/m\/model.json as it was written/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'another format',
      changed({ format: 99 }),
      /Expected a dual tower of format \d+ in models\/m\/model.json but received kind dual-tower, format 99/,
    ],
    ['another kind', changed({ kind: 'mil' }), /received kind mil/],
    ['no hashes of files', changed({ files: undefined }), /left\.onnx as it was written/],
    ['half of its text', encodeMetadata(METADATA).subarray(0, 200), /Expected JSON in models\/m\/model.json/],
    ['no text', new Uint8Array(0), /Expected JSON/],
    ['null', Buffer.from('null'), /Expected/],
    ['a list', Buffer.from('[1]'), /Expected a dual tower/],
  ])('with %s is refused, with what to do', (_, bytes, message) => {
    const decode = () => decodeMetadata(bytes, FILES, modelIdOf(bytes), 'models/m');
    expect(decode).toThrow(UserError);
    expect(decode).toThrow(message);
    expect(decode).toThrow(expect.objectContaining({ hint: 'Train the model again: atelier train dual-tower.' }));
  });
});
