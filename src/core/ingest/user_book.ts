import { hash64 } from '../hash.ts';
import type { CodeBook } from './log_query.ts';

/** Users are stored as 64-bit hashes: their ids would be a dictionary without end. 0 is a user not given. */
export interface UserBook extends CodeBook {
  hashes(codes: Int32Array): BigUint64Array;
}

export function createUserBook(): UserBook {
  let known = new BigUint64Array(1024);
  let size = 0;
  return {
    codes: (values) =>
      values.map(([user]) => {
        if (size === known.length) known = grown(known);
        known[size] = user === '' ? 0n : hash64(user as string);
        return size++;
      }),
    forget: () => {
      size = 0;
    },
    hashes: (codes) => {
      // As 32-bit halves: 64-bit integers of the language are made one by one.
      const halves = new Uint32Array(known.buffer);
      const result = new Uint32Array(2 * codes.length);
      for (let row = 0; row < codes.length; row++) {
        const code = codes[row] as number;
        if (code < 0) continue; // a rejected row
        result[2 * row] = halves[2 * code] as number;
        result[2 * row + 1] = halves[2 * code + 1] as number;
      }
      return new BigUint64Array(result.buffer);
    },
  };
}

function grown(hashes: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
  const larger = new BigUint64Array(2 * hashes.length);
  larger.set(hashes);
  return larger;
}
