import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { isSrgbProfile } from '../../../src/core/media/icc_profile.ts';

let srgb: Buffer;
let p3: Buffer;
beforeAll(async () => {
  srgb = await profileOf('srgb');
  p3 = await profileOf('p3');
});

async function profileOf(name: string): Promise<Buffer> {
  const plain = sharp({ create: { width: 2, height: 2, channels: 3, background: '#808080' } });
  const { icc } = await sharp(await plain.withIccProfile(name).png().toBuffer()).metadata();
  return icc as Buffer;
}

/** A copy with other bytes where a tag's data begin. */
function retagged(profile: Buffer, tag: string, offset: number, content: Buffer): Buffer {
  const copy = Buffer.from(profile);
  const entry = copy.indexOf(tag, 132, 'latin1');
  content.copy(copy, copy.readUInt32BE(entry + 4) + offset);
  return copy;
}

describe('a colour profile', () => {
  it('is known for sRGB by its primaries and curves, not by its name', () => {
    expect(isSrgbProfile(srgb)).toBe(true);
    expect(isSrgbProfile(p3)).toBe(false);
    const named = Buffer.concat([p3, Buffer.from('sRGB IEC61966-2.1')]);
    expect(isSrgbProfile(named)).toBe(false);
  });

  it('is not sRGB with sRGB’s primaries and a plain gamma of 2.2 or 1.0', () => {
    const gamma = (value: number): Buffer => {
      const curve = Buffer.alloc(14);
      curve.write('curv', 0, 'latin1');
      curve.writeUInt32BE(1, 8);
      curve.writeUInt16BE(Math.round(value * 256), 12);
      return curve;
    };
    expect(isSrgbProfile(retagged(srgb, 'rTRC', 0, gamma(2.2)))).toBe(false);
    expect(isSrgbProfile(retagged(srgb, 'rTRC', 0, gamma(1)))).toBe(false);
  });

  it('is not sRGB when it is cut off or any of its bytes is damaged beyond reading, and never an error', () => {
    fc.assert(
      fc.property(fc.nat(srgb.length - 1), (length) => {
        expect(typeof isSrgbProfile(srgb.subarray(0, length))).toBe('boolean');
      }),
    );
    expect(isSrgbProfile(srgb.subarray(0, 200))).toBe(false);
    expect(isSrgbProfile(new Uint8Array(0))).toBe(false);
    expect(isSrgbProfile(retagged(srgb, 'gXYZ', 8, Buffer.alloc(12)))).toBe(false);
    const endless = Buffer.from(srgb);
    endless.writeUInt32BE(0xffffffff, 128);
    expect(isSrgbProfile(endless)).toBe(false);
  });
});
