import { describe, expect, it } from 'vitest';
import { createBannedMatcher } from '../../../src/core/text/banned.ts';
import { createClaimCheck } from '../../../src/core/text/claims.ts';
import { bareText, type CheckContext, type Controls, findRejection, hasStyle, STYLES } from '../../../src/core/text/controls.ts';
import { chooseEmoji, countEmoji, picturesFor, stripEmoji } from '../../../src/core/text/emoji.ts';
import { isBalanced, isFragment, partsOf } from '../../../src/core/text/fragments.ts';
import { loadSegmenters } from '../../../src/core/text/segment.ts';

const segmenters = await loadSegmenters(new Set(['zh', 'en']), []);

function contextOf(language: 'zh' | 'en', source: string, original = ''): CheckContext {
  const segment = segmenters[language];
  return {
    kind: 'title',
    language,
    segment,
    source: source.toLowerCase(),
    sourceWords: new Set(segment(source.toLowerCase())),
    original: bareText(original),
    ownParts: new Set(partsOf(original)),
    isBanned: createBannedMatcher(['竞品', 'Rival']),
    claims: createClaimCheck(source.toLowerCase(), language, [5]),
    counts: [5],
  };
}

const CONTROLS: Controls = { keywords: [], length: { min: 1, max: 60 }, emoji: 'none', brand: null, style: null, platform: 'generic' };
const zh = contextOf('zh', '糖醋排骨的做法\n糖醋排骨酸甜可口，外酥里嫩，做法简单，大约 45 分钟。竞品 第一', '糖醋排骨的做法');
const en = contextOf('en', 'Bean soup. A warm soup with beans and fresh bread from Rival, ready in 20 minutes.', 'Bean soup');

describe('checking candidates', () => {
  it.each([
    ['糖醋排骨｜酸甜可口，外酥里嫩', {}, undefined],
    ['糖醋排骨｜酸甜可口，外酥里嫩', { length: { min: 1, max: 8 } }, 'length'],
    ['糖醋排骨｜酸甜可口，外酥里嫩，做法简单，大约 45 分钟', { platform: 'xiaohongshu' }, 'platform'],
    ['糖醋排骨{酸甜可口}', { platform: 'tiktok' }, 'platform'],
    ['糖醋排骨｜酸甜可口', { keywords: ['酸甜', '下饭'] }, 'keywords'],
    ['糖醋排骨｜酸甜可口', { brand: '食集' }, 'brand'],
    ['糖醋排骨🍖', {}, 'emoji'],
    ['糖醋排骨', { emoji: 'some' }, 'emoji'],
    ['糖醋排骨｜酸甜可口', { style: 'question' }, 'style'],
    ['糖醋排骨第一', {}, 'banned'],
    ['糖醋排骨竞品', {}, 'banned'],
    ['但糖醋排骨酸甜可口', {}, 'fragment'],
    ['糖醋排骨（酸甜', {}, 'fragment'],
    ['糖醋排骨，', {}, 'fragment'],
    ['「糖醋排骨」的做法！', {}, 'same-as-original'],
    ['糖醋排骨｜麻辣鲜香', {}, 'unfaithful'],
    ['糖醋排骨，做法简', {}, 'fragment'],
    ['糖醋排骨｜酸甜可口…', {}, 'fragment'],
    ['30 分钟做糖醋排骨', {}, 'unfaithful'],
    ['5步做糖醋排骨', {}, undefined],
    ['45 分钟做糖醋排骨', {}, undefined],
    ['9️⃣9️⃣元的糖醋排骨', { emoji: 'some' }, 'unfaithful'],
    ['糖醋排骨｜酸甜可口™', {}, undefined],
  ] as const)('%s with %j is refused for %s', (text, changes, reason) => {
    expect(findRejection(text, { ...CONTROLS, ...changes } as Controls, zh)).toBe(reason);
  });

  it.each([
    ['Bean soup: A warm soup with beans', {}, undefined],
    ['WARM bean soup with bread', { keywords: ['warm'] }, undefined],
    ['Bean soup with fresh bread', { keywords: ['fres'] }, 'keywords'],
    ['Bean soup with fresh bread', { keywords: ['bean soup'] }, undefined],
    ['Bean soup with bread from Rival', {}, 'banned'],
    ['With beans and fresh bread', {}, 'fragment'],
    ['A warm soup with', {}, 'fragment'],
    ['- warm soup', {}, 'fragment'],
    ['**Warm** soup', {}, 'fragment'],
    ['Bean soup', {}, 'same-as-original'],
    ['Creamy bean soup', {}, 'unfaithful'],
    ['Bean soup in 10 minutes', {}, 'unfaithful'],
    ['Bean soup in 20 minutes', {}, undefined],
  ] as const)('%s with %j is refused for %s', (text, changes, reason) => {
    expect(findRejection(text, { ...CONTROLS, ...changes } as Controls, en)).toBe(reason);
  });
});

describe('styles', () => {
  it.each([
    ['糖醋排骨怎么做？', ['question', 'how-to']],
    ['5步做糖醋排骨', ['list']],
    ['Beans · bread · soup', ['list']],
    ['How to make soup!', ['how-to', 'exclamation']],
    ['Warm bean soup', ['plain']],
  ] as const)('of %s are %j', (text, styles) => {
    expect(STYLES.filter((style) => hasStyle(text, style))).toEqual(
      STYLES.filter((style) => (styles as readonly string[]).includes(style)),
    );
  });
});

describe('banned terms', () => {
  it('match whole Latin words in either case, and anywhere in Han text', () => {
    const isBanned = createBannedMatcher(['ACE', '加微信']);
    expect(isBanned('an ace product')).toBe(true);
    expect(isBanned('a nice place')).toBe(false);
    expect(isBanned('快来加微信吧')).toBe(true);
    expect(isBanned('GUARANTEED results')).toBe(true);
    expect(isBanned('国家级工艺')).toBe(true);
  });

  it('are superlatives of anything, but no times and no likings', () => {
    const isBanned = createBannedMatcher([]);
    for (const text of [
      '最保湿的面霜',
      '口感最脆嫩',
      '最·好',
      'The most gentle cream',
      'the softest sofa',
      'Most effective cream',
      '有助增强免疫力',
      '１００％',
    ]) {
      expect(isBanned(text), text).toBe(true);
    }
    for (const text of [
      '最近的周末',
      '我最爱的口红',
      '最后一步',
      '最多三勺',
      'The forest in May',
      'Most of the time',
      'the rest',
      'A modest harvest',
    ]) {
      expect(isBanned(text), text).toBe(false);
    }
  });
});

describe('banned terms in other writing', () => {
  const isBanned = createBannedMatcher(['🚬', '竞品']);
  it.each([
    '全网No.1',
    'NO.1 口碑',
    'no1 choice',
    '行业TOP1',
    '销量第1',
    'top 1',
    'Best croissants in town',
    'Soup: best recipe',
    '100 %',
    '100 percent',
    '第✨一',
    '最✨佳',
    '第 一 名',
    '全国第 一',
    '第\u200c一',
    '竞✨品',
    '来一根🚬',
    '温中散寒',
    '促进食欲',
    'A healing soup',
    'Boosts your immunity',
  ])('%s', (text) => {
    expect(isBanned(text)).toBe(true);
  });
  it.each([
    '第一次做也成功',
    '第一口就爱上',
    '第 1 次',
    '第10天',
    'top 10 soups',
    'no. 12 street',
    'Best served warm',
    'Best eaten fresh',
    'best friends',
    '100 g',
    '易于消化',
  ])('are not in: %s', (text) => {
    expect(isBanned(text)).toBe(false);
  });
});

describe('fragments', () => {
  it('are pieces torn from their sentence', () => {
    for (const text of ['因为好吃', '的做法', '适合在', '酸甜可口，', '（可选', '好吃｜但贵'])
      expect(isFragment(text, 'zh') || !isBalanced(text), text).toBe(true);
    for (const text of ['and then rest', 'Soup with', 'Served in the', 'Soup: because']) expect(isFragment(text, 'en'), text).toBe(true);
  });

  it('end on no time, no bare figure and no amount', () => {
    for (const text of [
      '今年带了一支防晒乳，三天下来',
      '只剩一把小葱的晚上',
      '薄荷和三盆天竺葵，六十五',
      '傍晚六点四十',
      '终于下手，四百块，一个周末',
      '一杯｜小阳台',
      '我就做这个',
    ])
      expect(isFragment(text, 'zh'), text).toBe(true);
    for (const text of ['四百块，改成了晚风酒馆', '脖子和脸像两个人', '一周都有好日子', '补一次就够', '质地：半哑光'])
      expect(isFragment(text, 'zh'), text).toBe(false);
  });

  it('have one colon at most, and after it more than a stub', () => {
    for (const text of ['小葱｜拌面：秘诀只有一个：别急']) expect(isFragment(text, 'zh'), text).toBe(true);
    for (const text of [
      'A slow weekend: Bring',
      'The armchair came first: second-hand',
      'Spider plant: makes babies',
      'Weekends saved so far: four',
      'Week one: less tightness after washing',
      'Reading corner: Total cost: a weekend away',
      'Behind the glass',
    ])
      expect(isFragment(text, 'en'), text).toBe(true);
    for (const text of ['Rubber plant: dust the leaves on Sundays', 'Total cost: less than a weekend away', 'Weeknight: Bean Soup'])
      expect(isFragment(text, 'en'), text).toBe(false);
  });

  it('are not the parts of a title its author set', () => {
    const title = '黄皮亲测！这支口红太会了';
    expect(isFragment('黄皮口红｜这支口红太会了', 'zh')).toBe(true);
    expect(isFragment('黄皮口红｜这支口红太会了', 'zh', new Set(partsOf(title)))).toBe(false);
    expect(isFragment('Croissant: The bakery worth waking up for', 'en', new Set(['The bakery worth waking up for']))).toBe(false);
  });

  it('are not words that merely begin or end like one', () => {
    for (const text of ['地道川味', '和牛汉堡', '15 分钟即可', '做法简单']) expect(isFragment(text, 'zh'), text).toBe(false);
    for (const text of ['Andes soup', 'Island bread', 'How to make tofu']) expect(isFragment(text, 'en'), text).toBe(false);
  });
});

describe('emoji', () => {
  it('count as their grapheme clusters', () => {
    expect(countEmoji('a👨‍👩‍👧b🇨🇳c1️⃣')).toBe(3);
    expect(countEmoji('1 # * plain')).toBe(0);
    expect(stripEmoji('🍜 汤面 👍🏽')).toBe('汤面');
  });

  it('come from the title first, then from the note, then neutral ones', () => {
    const chosen = chooseEmoji('番茄鸡蛋', picturesFor('番茄鸡蛋 洋葱'), 4);
    expect(new Set(chosen.slice(0, 2))).toEqual(new Set(['🍅', '🥚']));
    expect(chosen[2]).toBe('🧅');
    expect(new Set(chosen).size).toBe(4);
  });
});
