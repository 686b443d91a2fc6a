import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creativeId, elementId, sha256 } from '../../src/core/ids.ts';

describe('elementId', () => {
  it('depends on kind and content, and begins with the kind', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('title', 'image', 'highlight'),
        fc.string(),
        fc.constantFrom('title', 'image', 'highlight'),
        fc.string(),
        (kind, text, otherKind, other) => {
          expect(elementId(kind, text)).toMatch(new RegExp(`^${kind}_[0-9a-f]{20}$`));
          expect(elementId(kind, text) === elementId(otherKind, other)).toBe(kind === otherKind && text === other);
        },
      ),
    );
  });

  it('stays what it is, so stores of all times agree', () => {
    // printf 'title\0Four tables, no reservations' | sha256sum
    expect(elementId('title', 'Four tables, no reservations')).toBe('title_03997ce4f609e13a0667');
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('creativeId', () => {
  const elements = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[a-z]+_[0-9a-f]{4}$/), { maxKeys: 5 });

  it('does not depend on the order of kinds', () => {
    fc.assert(
      fc.property(fc.string(), elements, (adId, map) => {
        expect(creativeId(adId, Object.fromEntries(Object.entries(map).reverse()))).toBe(creativeId(adId, map));
      }),
    );
  });

  it('is another for another ad, another element or one kind more', () => {
    const id = creativeId('ad', { image: 'image_1', title: 'title_1' });
    const others = [
      creativeId('ad2', { image: 'image_1', title: 'title_1' }),
      creativeId('ad', { image: 'image_1', title: 'title_2' }),
      creativeId('ad', { image: 'image_1' }),
      creativeId('ad', { image: 'title_1', title: 'image_1' }),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });
});
