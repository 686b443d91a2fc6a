import { describe, expect, it } from 'vitest';
import { cleanItem } from '../../../src/core/text/items.ts';
import { plainName, subjectsOf } from '../../../src/core/text/subject.ts';

describe('names of listed things', () => {
  it.each([
    ['~150g (1/3 lb) bacon cubes', ['bacon cubes']],
    ['2 tbsp minced garlic', ['garlic']],
    ['1/2 cup Parmesan, grated', ['Parmesan']],
    ['3 Onions 2 medium-sized', ['onions']],
    ['Salt', []],
    ['2 tsp active dry / instant yeast', []],
    ['or three onions', []],
    ['as much bacon as you like', []],
    ['2 bone-in chicken thighs', ['bone-in chicken thighs']],
    ['a large pot', []],
    ['Feel free to vary these amounts. It is not strict.', []],
  ])('come without quantity and remarks: %s', (text, names) => {
    expect(cleanItem(text, 'en')).toEqual(names);
  });

  it.each([
    ['鳝丝 400 g', ['鳝丝']],
    ['小葱八根，切成手指长', ['小葱']],
    ['姜、蒜瓣、干辣椒', ['蒜瓣', '干辣椒']],
    ['炒锅（带盖）', []],
    ['白糖 6-15 g', []],
    ['百度百科', []],
    ['二荆条辣椒', ['二荆条辣椒']],
    ['方糖两块', ['方糖']],
    ['用小火煎', []],
    ['生姜切片', []],
    ['用盐渍过的鱼', []],
    ['小米辣', ['小米辣']],
  ])('come without quantity and tools: %s', (text, names) => {
    expect(cleanItem(text, 'zh')).toEqual(names);
  });
});

describe('subjects of titles', () => {
  it.each([
    ['响油鳝丝的做法', 'zh', ['响油鳝丝']],
    ['绝了！这家咖啡馆太好拍了', 'zh', []],
    ['Älplermagronen (Alpine macaroni)', 'en', ['Älplermagronen', 'Alpine macaroni']],
    ['Pasta (store bought)', 'en', ['Pasta']],
    ['Potato and Eggplant (Aubergine) Curry', 'en', ['Potato and Eggplant Curry']],
    ['Beef Tips in Gravy', 'en', ['Beef Tips in Gravy', 'Beef Tips']],
    ['Chicken, Tomato and Spinach Curry', 'en', ['Chicken, Tomato and Spinach Curry']],
    ['Why you should never skip breakfast', 'en', []],
    ['Three weeks with one bottle of serum', 'en', ['Three weeks with one bottle of serum']],
  ] as const)('%s', (title, language, subjects) => {
    expect(subjectsOf(title, language)).toEqual(subjects);
  });
});

describe('the plain name of a thing', () => {
  it.each([
    ["Dianne's Southwestern Cornbread Salad", 'Cornbread Salad'],
    ['Slow-cooked Chicken Tacos', 'Chicken Tacos'],
    ['Easy Chicken and Rice Casserole', 'Chicken and Rice Casserole'],
    ['Easy Soup', undefined],
    ['Pickled Red Onions', undefined],
    ['Chocolate Chip Cookies', undefined],
    ['Stir Fried Chicken', undefined],
    ['Tomato and Spinach Curry', undefined],
    ['Asian Style Chicken', undefined],
  ])('%s', (name, plain) => {
    expect(plainName(name, '')).toBe(plain);
  });

  it('is what the note calls it', () => {
    expect(plainName('Garlic Butter Seafood Pasta', 'A creamy seafood pasta for guests')).toBe('Seafood Pasta');
    expect(plainName('Pickled Red Onions', 'Takes older red onions')).toBeUndefined();
    expect(plainName('Cacio e Pepe', 'Some say e Pepe')).toBeUndefined();
  });
});
