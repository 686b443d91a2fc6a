import { describe, expect, it } from 'vitest';
import { readFact } from '../../../src/core/text/facts.ts';
import { understandNote } from '../../../src/core/text/note_text.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';

describe('labelled times and servings', () => {
  it.each([
    ['Cook time: 15 min', 'cook 15 min'],
    ['Prep time: ~15 minutes', 'prep about 15 minutes'],
    ['Cook time: 20~30 min', 'cook 20 to 30 min'],
    ['Baking time: 1 hr 20 min', 'baking 1 hr 20 min'],
    ['Servings: 4', '4 servings'],
    ['Serving : 1', '1 serving'],
    ['Servings: 3-4 people', '3-4 servings'],
    ['烹饪时间：30 分钟', '烹饪时间30分钟'],
    ['用时：约 20~30 分钟', '用时20至30分钟'],
    ['份量：2 人份', '2人份'],
  ])('%s', (line, said) => {
    expect(readFact(line)).toBe(said);
  });

  it.each([
    'Servings: depends',
    'Cook time: until done',
    'It takes time: 15 min',
    'Calories: 300',
    '预估卡路里：556 大卡',
    '时间：晚上',
    'Oven: 180',
  ])('are not in: %s', (line) => {
    expect(readFact(line)).toBeUndefined();
  });

  it('may be said of the note, and weigh nothing', async () => {
    const body = 'A soup.\n\n- 🍳 Cook time: 15 min\n- 🍽️ Servings: 4\n\n## Ingredients\n\n- beans\n';
    const segmenters = await loadSegmenters(new Set(['en']), []);
    const note = understandNote({ noteId: 'a', title: 'Soup', body, lang: 'en' }, segmenters, new Set());
    expect(note.facts).toEqual(['cook 15 min', '4 servings']);
    expect(note.source).toContain('cook time: 15 min');
    expect(note.source).toContain('4 servings');
    expect(note.weights.has('servings')).toBe(false);
    expect(note.sourceWords.has('servings')).toBe(true);
  });
});
