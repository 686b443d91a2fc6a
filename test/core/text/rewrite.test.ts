import { describe, expect, it } from 'vitest';
import { type NoteInput, understandNote } from '../../../src/core/text/note_text.ts';
import { rewriteTitle } from '../../../src/core/text/rewrite.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';

const segmenters = await loadSegmenters(new Set(['zh', 'en']), ['葱油拌面']);

function rewritten(note: Omit<NoteInput, 'noteId' | 'lang'>, queries: readonly string[]): string[] {
  const read = understandNote({ noteId: 'n', lang: '', ...note }, segmenters, new Set(['葱油拌面']));
  return rewriteTitle(
    read,
    queries.map((query) => ({ query, fit: 1 })),
    [],
  ).map(({ text }) => text);
}

const TRAIN = {
  title: 'Why I took the night train instead',
  body: 'The train takes eleven hours. A man walks through with tea on the Nordlight.',
  brand: 'Nordlight',
};

describe('rewriting a title', () => {
  it('leads with a query, and ends with a brand the text names', () => {
    const texts = rewritten(TRAIN, ['slow travel']);
    expect(texts).toContain('Slow travel: Why I took the night train instead');
    expect(texts).toContain('Why I took the night train instead | Nordlight');
    expect(rewritten({ ...TRAIN, brand: 'Elsewhere' }, []).join()).not.toContain('Elsewhere');
  });

  it('sets a query the title already holds beside a clause instead', () => {
    const texts = rewritten(TRAIN, ['night train']);
    expect(texts).toContain('Night train: The train takes eleven hours');
    expect(texts).not.toContain('Night train: Why I took the night train instead');
  });

  it('leads with nothing but queries, the brand and the title', () => {
    const title = '三平米小阳台，花四百块改成晚风酒馆';
    const body = '晚上倒一杯梅子气泡水，看对面楼的窗一格一格亮起来。灯要暖，绕着栏杆走一圈就够。';
    for (const text of rewritten({ title, body }, ['阳台改造'])) expect(text).toMatch(/^(?:阳台改造|三平米小阳台|花四百块)/);
  });

  it('knows what is made where the lexicon names it in a title that is a sentence', () => {
    const body = '**材料**\n\n- 小葱\n- 细面\n- 鸡蛋\n\n**做法**\n\n1. 冷油下葱\n2. 捞起来趁热拌\n\n葱油一次多熬一些，一周都有好日子。';
    const texts = rewritten({ title: '十五分钟一碗葱油拌面，比外卖快', body }, ['葱油拌面做法']);
    expect(texts).toContain('葱油拌面做法｜十五分钟一碗葱油拌面，比外卖快');
    expect(texts).toContain('葱油拌面做法｜葱油一次多熬一些，一周都有好日子');
  });
});
