import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCsvRecord } from '../../../src/core/ingest/csv_records.ts';
import { csvPieces, csvRecord } from '../../../src/core/publish/csv_text.ts';

const AWKWARD = fc.array(fc.oneof(fc.constantFrom(',', '"', '\n', '\r', '\r\n', ' ', '，', '=', ''), fc.string({ unit: 'grapheme' })), {
  maxLength: 6,
});

describe('csvRecord', () => {
  it('reads back as the same cells, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(
          AWKWARD.map((parts) => parts.join('')),
          { minLength: 2, maxLength: 5 },
        ),
        (cells) => {
          expect(splitCsvRecord(csvRecord(cells), ',')).toEqual(cells);
        },
      ),
    );
  });

  it('writes every number so that it reads back the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(Number(csvRecord([number]))).toBe(number === 0 ? 0 : number);
      }),
    );
  });

  it('leaves the cell of a missing value empty', () => {
    expect(csvRecord(['a', null, 0])).toBe('a,,0');
  });
});

describe('csvPieces', () => {
  const sheet = {
    header: ['名', 'b'],
    rows: [
      ['x\ny', 1],
      [null, 0.5],
    ],
  };

  it('ends lines as the platform wants them', () => {
    expect([...csvPieces(sheet, { newline: '\n', byteOrderMark: false })].join('')).toBe('名,b\n"x\ny",1\n,0.5\n');
  });

  it('begins with a byte order mark and ends lines with CRLF for Excel', () => {
    expect([...csvPieces(sheet, { newline: '\r\n', byteOrderMark: true })].join('')).toBe('\ufeff名,b\r\n"x\ny",1\r\n,0.5\r\n');
  });
});
