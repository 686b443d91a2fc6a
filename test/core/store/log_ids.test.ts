import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchIds } from '../../../src/core/store/log_ids.ts';

/** Few low halves and few high halves, so that ids meet, also in one half only. */
const id = fc.tuple(fc.bigInt(0n, 5n), fc.bigInt(0n, 2n)).map(([low, high]) => (high << 32n) | low);
const ids = fc.array(id, { maxLength: 12 }).map((values) => BigUint64Array.from(values));
const different = fc.uniqueArray(id, { maxLength: 12 });

describe('BatchIds', () => {
  it('gives the rows whose id neither the batch had before nor the log', () => {
    fc.assert(
      fc.property(ids, fc.array(fc.tuple(different, fc.constantFrom('file', 'log')), { maxLength: 4 }), (batch, known) => {
        const compared = new BatchIds(batch);
        for (const [others, from] of known) compared.addKnown(BigUint64Array.from(others), from as 'file' | 'log');
        const all = new Set(known.flatMap(([others]) => others));
        const expected = [...batch.keys()].filter((row) => batch.indexOf(batch[row] as bigint) === row && !all.has(batch[row] as bigint));
        expect([...compared.freshRows()]).toEqual(expected);
      }),
    );
  });

  it('counts each id of a new file that others have once, however its rows are split into batches', () => {
    fc.assert(
      fc.property(ids, fc.nat({ max: 12 }), different, (file, at, others) => {
        const written = new Set<bigint>();
        let count = 0;
        for (const batch of [file.slice(0, at), file.slice(at)]) {
          const compared = new BatchIds(batch);
          compared.addKnown(BigUint64Array.from(written), 'file');
          count += compared.countCommon(BigUint64Array.from(others));
          for (const row of compared.freshRows()) written.add(batch[row] as bigint);
        }
        expect(count).toBe(others.filter((each) => file.includes(each)).length);
      }),
    );
  });

  it('counts ids that the log has too', () => {
    const compared = new BatchIds(BigUint64Array.of(1n, 2n, 2n, 3n));
    compared.addKnown(BigUint64Array.of(1n, 2n), 'log');
    expect(compared.countCommon(BigUint64Array.of(2n, 3n, 4n))).toBe(2);
  });
});
