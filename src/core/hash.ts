/**
 * A 64-bit hash of a text, the same in every version and on every machine, so it may be stored: two 32-bit lanes of
 * multiply–xor over UTF-16 units with MurmurHash3's constants and finaliser (Appleby 2011).
 */
export function hash64(text: string): bigint {
  let a = 0x3243f6a8 ^ text.length;
  let b = 0x885a308d ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0x1b873593);
    b ^= b >>> 13;
  }
  a = finalise(a ^ (b >>> 7));
  b = finalise(b ^ a);
  return (BigInt(a) << 32n) | BigInt(b);
}

function finalise(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
