import { describe, expect, it } from 'vitest';
import { readCreatives, readLiveCreatives, readPublishedCreatives, saveAd, saveCreative } from '../../../src/core/store/creatives.ts';
import { saveElement, textElement } from '../../../src/core/store/elements.ts';
import { readSlates, type SlateEntry, saveSlate } from '../../../src/core/store/slates.ts';
import { temporaryStore } from './temporary_store.ts';

const chosen: SlateEntry = { creativeId: 'c1', reward: 0.05, ciLow: 0.04, ciHigh: 0.06, isRandom: false, propensity: 0.95 };
const drawn: SlateEntry = { creativeId: 'c2', reward: 0.7, ciLow: null, ciHigh: null, isRandom: true, propensity: 0.01 };

function storeWithCreatives() {
  const made = temporaryStore();
  const { store, runId } = made;
  saveAd(store, { adId: 'ad', noteId: null });
  for (const creativeId of ['c1', 'c2']) {
    const title = textElement('title', creativeId);
    saveElement(store, title, runId);
    const elements = { title: title.elementId };
    saveCreative(store, { adId: 'ad', creativeId, origin: 'composed', score: 0.1, scorer: 'old', elements }, runId);
  }
  return made;
}

describe('slates', () => {
  it('give back what was chosen for an ad, by creative', () => {
    const { store, runId } = storeWithCreatives();
    saveSlate(store, 'ad', [chosen, drawn], runId);
    expect([...readSlates(store)]).toEqual([
      ['ad\0c1', chosen],
      ['ad\0c2', drawn],
    ]);
  });

  it('are replaced when the ad is composed again', () => {
    const { store, runId } = storeWithCreatives();
    saveSlate(store, 'ad', [chosen, drawn], runId);
    saveSlate(store, 'ad', [drawn], runId);
    expect([...readSlates(store).keys()]).toEqual(['ad\0c2']);
  });

  it('refuse a creative that is not there', () => {
    const { store, runId } = storeWithCreatives();
    expect(() => saveSlate(store, 'ad', [{ ...chosen, creativeId: 'nope' }], runId)).toThrow(/FOREIGN KEY/);
  });
});

describe('readLiveCreatives', () => {
  const idsOf = (creatives: readonly { readonly creativeId: string }[]) => creatives.map(({ creativeId }) => creativeId);

  it('leaves out what an earlier slate composed and no log has shown', () => {
    const { store, runId } = storeWithCreatives();
    expect(idsOf(readLiveCreatives(store))).toEqual(['c1', 'c2']);
    saveSlate(store, 'ad', [chosen], runId);
    expect(idsOf(readLiveCreatives(store))).toEqual(['c1']);
    expect(idsOf(readPublishedCreatives(store, 'ad'))).toEqual(['c1']);
    expect(idsOf(readCreatives(store))).toEqual(['c1', 'c2']);
    store.db.prepare("INSERT INTO arms (ad_id, creative_id) VALUES ('ad', 'c2')").run();
    expect(idsOf(readLiveCreatives(store))).toEqual(['c1', 'c2']);
  });
});

describe('readPublishedCreatives', () => {
  it('keeps what the newest plan shows, whatever slate it is of', () => {
    const { store, runId } = storeWithCreatives();
    const plan = (day: string, creativeId: string) => {
      store.db.prepare("INSERT INTO plans (day, ad_id, state, lambda, run_id) VALUES (?, 'ad', 'explore', 0, ?)").run(day, runId);
      store.db
        .prepare(
          "INSERT INTO plan_creatives (day, ad_id, creative_id, state, share, propensity, reason) VALUES (?, 'ad', ?, 'new', 1, 1, '')",
        )
        .run(day, creativeId);
    };
    plan('2026-01-01', 'c2');
    saveSlate(store, 'ad', [chosen], runId);
    expect(readPublishedCreatives(store).map(({ creativeId }) => creativeId)).toEqual(['c1', 'c2']);
    expect(readLiveCreatives(store).map(({ creativeId }) => creativeId)).toEqual(['c1']);
    plan('2026-01-02', 'c1');
    expect(readPublishedCreatives(store).map(({ creativeId }) => creativeId)).toEqual(['c1']);
  });
});

describe('saveCreative', () => {
  it('gives a composed creative its new score, and leaves an imported one alone', () => {
    const { store, runId } = storeWithCreatives();
    const [first] = readCreatives(store, 'ad');
    if (!first) throw new Error('no creative');
    expect(saveCreative(store, { ...first, score: 0.2, scorer: 'mil-1' }, runId)).toBe('unchanged');
    expect(readCreatives(store, 'ad')[0]).toMatchObject({ score: 0.2, scorer: 'mil-1' });
    const title = textElement('title', 'imported');
    saveElement(store, title, runId);
    const elements = { title: title.elementId };
    saveCreative(store, { adId: 'ad', creativeId: 'x', origin: 'imported', score: null, scorer: null, elements }, runId);
    saveCreative(store, { adId: 'ad', creativeId: 'x', origin: 'composed', score: 1, scorer: 'mil-1', elements }, runId);
    expect(readCreatives(store, 'ad').find(({ creativeId }) => creativeId === 'x')).toMatchObject({ origin: 'imported', score: null });
  });
});
