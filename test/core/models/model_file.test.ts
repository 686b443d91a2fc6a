import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { packModel, unpackModel } from '../../../src/core/models/model_file.ts';

const { modelId, files } = packModel('mil', 1, { answer: 42 }, { 'a.bin': Uint8Array.of(1, 2, 3) });
const reader =
  (changed: Record<string, Uint8Array> = {}) =>
  (name: string) =>
    changed[name] ?? files[name] ?? new Uint8Array();

describe('a packed model', () => {
  it('gives back its body and its files', () => {
    const { body, files: read } = unpackModel<{ answer: number }>('mil', 1, modelId, 'models/x', reader());
    expect(body.answer).toBe(42);
    expect(read['a.bin']).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('has the same id for the same bytes, another for others', () => {
    expect(packModel('mil', 1, { answer: 42 }, { 'a.bin': Uint8Array.of(1, 2, 3) }).modelId).toBe(modelId);
    expect(packModel('mil', 1, { answer: 42 }, { 'a.bin': Uint8Array.of(1, 2, 4) }).modelId).not.toBe(modelId);
    expect(packModel('mil', 1, { answer: 43 }, { 'a.bin': Uint8Array.of(1, 2, 3) }).modelId).not.toBe(modelId);
  });

  it('refuses files that have changed, and says which', () => {
    const open = (changed: Record<string, Uint8Array>) => () => unpackModel('mil', 1, modelId, 'models/x', reader(changed));
    expect(open({ 'a.bin': Uint8Array.of(9) })).toThrow(/a\.bin as it was written/);
    expect(open({ 'model.json': Buffer.from('{') })).toThrow(/Expected JSON/);
    const other = Buffer.from(
      Buffer.from(files['model.json'] as Uint8Array)
        .toString()
        .replace('42', '41'),
    );
    expect(open({ 'model.json': other })).toThrow(/model\.json as it was written/);
  });

  it('refuses a model of another kind or version', () => {
    expect(() => unpackModel('generator', 1, modelId, 'models/x', reader())).toThrow(UserError);
    expect(() => unpackModel('mil', 2, modelId, 'models/x', reader())).toThrow(/format 1/);
  });
});
