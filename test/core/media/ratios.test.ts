import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { hasRatio, isTooSmall, PLATFORM_RATIOS, parseRatio, ratioValue } from '../../../src/core/media/ratios.ts';
import { TITLE_PLATFORMS } from '../../../src/core/text/platforms.ts';

describe('parseRatio', () => {
  it('reads width to height, with a point or spaces around', () => {
    expect(parseRatio('3:4')).toEqual({ name: '3:4', width: 3, height: 4, tolerance: 0.01 });
    expect(parseRatio(' 1.91:1 ')).toEqual({ name: '1.91:1', width: 1.91, height: 1, tolerance: 0.01 });
  });

  it("takes a picture's own ratio for original", () => {
    expect(ratioValue(parseRatio('original'), 640, 480)).toBe(640 / 480);
  });

  it.each(['', '3', '3:', ':4', '0:1', '1:0', '-1:2', '3x4', '1:1:1', '1e3:1', '11:1', '1:10.5', 'wide'])(
    'refuses "%s" with a hint',
    (text) => {
      expect(() => parseRatio(text)).toThrow(UserError);
      expect(() => parseRatio(text)).toThrow(`received "${text}"`);
    },
  );
});

describe('hasRatio', () => {
  it('allows one percent', () => {
    const square = parseRatio('1:1');
    expect(hasRatio(square, 1009, 1000)).toBe(true);
    expect(hasRatio(square, 1000, 1009)).toBe(true);
    expect(hasRatio(square, 1012, 1000)).toBe(false);
    expect(hasRatio(parseRatio('1.91:1'), 1200, 628)).toBe(true);
  });

  it('allows what the platform allows', () => {
    const [square] = PLATFORM_RATIOS.meta;
    expect(hasRatio(square as (typeof PLATFORM_RATIOS.meta)[number], 1029, 1000)).toBe(true);
    expect(hasRatio(square as (typeof PLATFORM_RATIOS.meta)[number], 1031, 1000)).toBe(false);
  });

  it('says of every picture that it is the original', () => {
    expect(hasRatio(parseRatio('original'), 17, 1000)).toBe(true);
  });
});

describe('PLATFORM_RATIOS', () => {
  it('names what each platform shows', () => {
    const names = Object.fromEntries(TITLE_PLATFORMS.map((platform) => [platform, PLATFORM_RATIOS[platform].map(({ name }) => name)]));
    expect(names).toEqual({
      generic: ['original'],
      xiaohongshu: ['3:4'],
      google: ['1.91:1', '1:1', '4:5'],
      meta: ['1:1', '4:5'],
      tiktok: ['1.91:1', '1:1', '9:16'],
    });
  });

  it('names pictures that are too small for a platform', () => {
    expect(isTooSmall('xiaohongshu', '3:4', 1080, 1440)).toBe(false);
    expect(isTooSmall('xiaohongshu', '3:4', 1079, 1440)).toBe(true);
    expect(isTooSmall('xiaohongshu', '1:1', 10, 10)).toBe(false);
    expect(isTooSmall('generic', 'original', 1, 1)).toBe(false);
  });
});
