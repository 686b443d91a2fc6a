import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { understandNote } from '../../../../src/core/text/note_text.ts';
import { excerptOf, NOTE_TOKENS } from '../../../../src/core/text/remote/excerpt.ts';
import { estimateTokens } from '../../../../src/core/text/remote/replies.ts';
import { loadSegmenters } from '../../../../src/core/text/segment.ts';

const segmenters = await loadSegmenters(new Set(['zh', 'en']), []);
const excerpt = (body: string, budget: number = NOTE_TOKENS): string =>
  excerptOf(body, understandNote({ noteId: 'n', title: 'Soup', body, lang: '' }, segmenters, new Set()), budget);

describe('an excerpt of a note', () => {
  it('is all of a short one, as plain lines', () => {
    expect(excerpt('A **smoky** soup. With beans.\n\n## Ingredients\n\n- beans\n- paprika')).toBe(
      'A smoky soup. With beans.\nIngredients\n- beans\n- paprika',
    );
  });

  it('is the beginning of a long one and what tells most of the rest, in order, with marks at the gaps', () => {
    const filler = Array.from({ length: 60 }, (_, index) => `We walked on and on for a while, as on day ${index} before.`);
    const body = `A smoky soup. ${filler.slice(0, 30).join(' ')} Saffron, cardamom and fennel make the broth. ${filler.slice(30).join(' ')}`;
    const text = excerpt(body, 100);
    expect(text).toMatch(/^A smoky soup\. We walked[\s\S]*\n…\nSaffron, cardamom and fennel make the broth\.[\s\S]*\n…$/);
    expect(estimateTokens(text)).toBeLessThan(130);
  });

  it('cuts Chinese at its own marks', () => {
    const text = excerpt(`番茄牛腩煲很香。${'我们走了很久很久，天气很好。'.repeat(50)}牛腩软烂入味！`, 60);
    expect(text).toMatch(/^番茄牛腩煲很香。 ?我们走了很久很久，天气很好。\n…\n牛腩软烂入味！$/);
  });

  it('cuts a sentence that never ends', () => {
    expect(excerpt('汤'.repeat(100_000), 100)).toBe(`${'汤'.repeat(50)}…`);
    expect(estimateTokens(excerpt('soup '.repeat(20_000)))).toBeLessThanOrEqual(NOTE_TOKENS);
  });

  it('keeps to its budget and cuts no character in two, whatever the note', () => {
    const piece = fc.constantFrom('番茄', '牛腩。', 'soup ', 'Beans. ', '🍲', '👩‍🍳', '\n', '\n- ', '！', '𠮷', '# ', '1. ', 'a', '…');
    const bodies = fc.array(piece, { minLength: 1, maxLength: 300 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(bodies, fc.integer({ min: 10, max: 80 }), (body, budget) => {
        const text = excerpt(body, budget);
        // The marks of gaps come on top: one a gap, and a gap needs a sentence.
        expect(estimateTokens(text.replaceAll('\n…', ''))).toBeLessThanOrEqual(budget + 1);
        expect(text).not.toMatch(/\p{Surrogate}/u);
        expect(excerpt(body, budget)).toBe(text);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
