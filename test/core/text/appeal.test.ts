import { describe, expect, it } from 'vitest';
import { worthOf } from '../../../src/core/text/appeal.ts';
import { understandNote } from '../../../src/core/text/note_text.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';

const segmenters = await loadSegmenters(new Set(['zh', 'en']), []);

/** The worth of the one clause of a post. */
function worth(body: string, lang: 'zh' | 'en'): number {
  const note = understandNote({ noteId: 'n', title: '', body, lang }, segmenters, new Set());
  return Math.max(...note.passages.filter(({ isWhole }) => isWhole).map((passage) => worthOf(passage, note)));
}

describe('the worth of a clause as a selling point', () => {
  it.each([
    ['zh', '半哑光，像奶油抹开，不拔干', '翻出三支几乎一样的豆沙色'],
    ['zh', '两分钟成膜，不搓泥', '朋友说山里的新茶下来了'],
    ['zh', '薄涂是气色，叠两层就是秋天', '盖子扣得很紧，要小心一点'],
    ['en', 'Three drops are enough for face and neck.', 'I counted until I fell asleep.'],
    ['en', 'The crust breaks with a warm, flaky sound.', 'Nothing, we said.'],
    ['en', 'The padded straps stay comfortable on long walks.', 'On Monday the office asked what happened.'],
  ] as const)('%s: "%s" is worth more than "%s"', (lang, point, story) => {
    expect(worth(point, lang)).toBeGreaterThan(worth(story, lang) + 0.2);
  });

  it('is less where the sentence began as a story', () => {
    const [story, plain] = ['去年很黑，三天都没有印子', '表带很紧，三天都没有印子'].map((body) => {
      const note = understandNote({ noteId: 'n', title: '', body, lang: 'zh' }, segmenters, new Set());
      const passage = note.passages.find(({ text }) => text === '三天都没有印子');
      return passage ? worthOf(passage, note) : Number.NaN;
    });
    expect(story).toBeLessThan(plain as number);
  });
});
