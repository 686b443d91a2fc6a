import { describe, expect, it } from 'vitest';
import { clauseRuns, splitSentences } from '../../../src/core/text/sentences.ts';

const runsOf = (text: string, language: 'zh' | 'en'): string[] =>
  splitSentences(text).flatMap((sentence) => clauseRuns(sentence, language).map((run) => run.text));

describe('splitting sentences', () => {
  it('knows abbreviations, decimals and how a sentence ended', () => {
    expect(splitSentences('Use approx. 1.5 cups. Enjoy! Why not?')).toEqual([
      { text: 'Use approx. 1.5 cups', mark: 'none' },
      { text: 'Enjoy', mark: 'exclamation' },
      { text: 'Why not', mark: 'question' },
    ]);
  });

  it('leaves out what only announces a list', () => {
    expect(splitSentences('Practical things: bring socks. Bring:').map((sentence) => sentence.text)).toEqual([
      'Practical things: bring socks',
    ]);
  });

  it('leaves out sentences that point to an address', () => {
    expect(splitSentences('很好吃。参考 \u0000。').map((sentence) => sentence.text)).toEqual(['很好吃']);
  });
});

describe('compressing sentences to clauses', () => {
  it('cuts Chinese sentences at clause borders only, without brackets', () => {
    const runs = runsOf('鳝丝鲜嫩滑爽（很嫩），蒜香浓郁，酱汁微甜。', 'zh');
    expect(runs).toContain('鳝丝鲜嫩滑爽，蒜香浓郁');
    expect(runs).toContain('酱汁微甜');
    for (const run of runs) for (const clause of run.split('，')) expect(['鳝丝鲜嫩滑爽', '蒜香浓郁', '酱汁微甜']).toContain(clause);
  });

  it('never ends before the clause that limits it', () => {
    expect(runsOf('全程约 40 分钟，但干豆需提前浸泡 8 小时。', 'zh')).not.toContain('全程约 40 分钟');
    expect(runsOf('It is quick to make, but needs a day of rest.', 'en')).not.toContain('It is quick to make');
  });

  it('never begins inside a condition', () => {
    expect(runsOf('如果喜甜，可放一点糖。', 'zh')).not.toContain('可放一点糖');
  });

  it('cuts no enumeration and no adjective from its noun', () => {
    const runs = runsOf('The sauce is sweet, sour, and hot. A very simple, crunchy cookie for tea.', 'en');
    expect(runs).not.toContain('The sauce is sweet');
    expect(runs).not.toContain('A very simple');
    expect(runs).toContain('A very simple, crunchy cookie for tea');
  });

  it('cuts between things that are whole by themselves, and lets a clause with a subject of its own stand', () => {
    const runs = runsOf('The cottage has two rooms, one kettle and no television.', 'en');
    expect(runs).toContain('The cottage has two rooms');
    expect(runsOf('Breakfast is rye bread, cheese and a boiled egg, and it is good.', 'en')).not.toContain('Breakfast is rye bread');
    expect(runsOf('I tried three before, and the difference is the shade.', 'en')).toContain('The difference is the shade');
    expect(runsOf('I tried three before, and it is the shade.', 'en')).not.toContain('It is the shade');
  });

  it('never cuts a thing from the words that describe it', () => {
    const runs = runsOf('One lamp, below eye level, with a warm bulb. Four tables, no reservations, kind to dogs.', 'en');
    expect(runs).not.toContain('One lamp');
    expect(runs).not.toContain('Four tables');
  });

  it('turns "this is a …" into what the subject is', () => {
    const [run] = splitSentences('This is a soup of the north.').flatMap((sentence) => clauseRuns(sentence, 'en'));
    expect(run).toEqual({
      text: 'a soup of the north',
      mark: 'none',
      describesSubject: true,
      opening: 'This is a soup of the north',
      isWhole: true,
    });
    expect(runsOf('这是一道经典的家常菜。', 'zh')).toEqual(['经典的家常菜']);
  });
});
