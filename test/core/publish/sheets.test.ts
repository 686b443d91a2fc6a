import { describe, expect, it } from 'vitest';
import { GENERIC } from '../../../src/core/publish/profiles/generic.ts';
import { creativesSheet, elementsSheet } from '../../../src/core/publish/sheets.ts';
import { creative, picture, text } from './made_creatives.ts';

const HASH = 'ab'.repeat(32);

describe('creativesSheet', () => {
  it('has one row per creative under the columns of the generic sheet', () => {
    const elements = [text('highlight', 'h'), picture(`/store/ab/${HASH}.jpg`), text('title', 't')];
    expect(creativesSheet(GENERIC, [creative('c', elements, { score: 0.25, share: 0.5 })])).toEqual({
      header: ['creative_id', 'ad_id', 'note_id', 'title', 'highlight', 'image', 'width', 'height', 'score', 'share', 'status'],
      rows: [['c', 'ad', 'note', 't', 'h', `assets/${HASH}.jpg`, 1080, 1440, 0.25, 0.5, 'paused']],
    });
  });

  it('adds a column for every other kind, in the order of kinds', () => {
    const sheet = creativesSheet(GENERIC, [creative('a', [text('tagline', 'x')]), creative('b', [text('story', 'y')])]);
    expect(sheet.header.slice(11)).toEqual(['element.story', 'element.tagline']);
    expect(sheet.rows.map((row) => row.slice(11))).toEqual([
      [null, 'x'],
      ['y', null],
    ]);
  });

  it('leaves the cells of missing elements empty', () => {
    const sheet = creativesSheet(GENERIC, [creative('c', [text('title', 't')], { noteId: null })]);
    expect(sheet.rows[0]).toEqual(['c', 'ad', null, 't', null, null, null, null, null, null, 'paused']);
  });
});

describe('elementsSheet', () => {
  it('has each element once, with how many ads, creatives and notes use it', () => {
    const shared = text('title', 't');
    const sheet = elementsSheet([
      creative('a', [shared, picture('/store/p.jpg')], { adId: 'ad-1', noteId: 'n' }),
      creative('b', [shared], { adId: 'ad-1', noteId: 'n' }),
      creative('c', [shared], { adId: 'ad-2', noteId: 'n' }),
    ]);
    expect(sheet.rows).toEqual([
      ['image_/store/p.jpg', 'image', null, 'assets/p.jpg', 1080, 1440, 1, 1, 1],
      ['title_t', 'title', 't', null, null, null, 2, 3, 1],
    ]);
  });
});
