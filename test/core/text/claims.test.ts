import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClaimCheck } from '../../../src/core/text/claims.ts';

const CREAM =
  '这款面霜含酒精和香精，敏感肌慎用。价格是 299 元，50 毫升。用了三天，泛红没有减轻，也不粘腻。大约 15 分钟吸收，无需揉搓。十分好闻。';
const SERUM =
  'this serum costs 30 dollars for 50 ml. it contains alcohol and fragrance. it is not safe for babies. i tried it for 3 weeks without sunscreen, and it is silicone-free. half of it is left. the one i love.';

describe('claims of a Chinese text', () => {
  const check = createClaimCheck(CREAM, 'zh', [5]);
  it.each([
    '299元的面霜',
    '￥299 的面霜',
    '面霜 50 毫升，299 元',
    '50ml 面霜',
    '十五分钟吸收',
    '用了 3 天',
    '泛红没有减轻',
    '不粘腻，无需揉搓',
    '十分好闻的面霜',
    '5步护肤',
    '面霜非常好闻',
  ])('%s is what the note says', (text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ['面霜 50 元', '50 元'],
    ['299 毫升面霜', '299 毫升'],
    ['￥50 的保湿面霜', '¥50 的'],
    ['面霜 5 折', '5 折'],
    ['50% 面霜', '50%'],
    ['两天见效', '2天'],
    ['面霜无酒精无香精', '无酒精'],
    ['没有香精的面霜', '没有香精'],
    ['用了三天，泛红减轻', '减轻'],
    ['不含酒精', '不含酒精'],
  ])('%s is not: %s', (text, claim) => {
    expect(check(text).map((found) => found.replace(/\s/g, ''))).toContain(claim.replace(/\s/g, ''));
  });
});

describe('claims that others made in the same words', () => {
  it.each([
    ['zh', '牛排煎到 7 分熟', '香煎牛排 7 分钟'],
    ['zh', '盐 2 小勺', '葱油拌面 2 小时'],
    ['zh', '鸡胸 3 公斤', '鸡胸 3 公里'],
    ['zh', '三百平米的院子，五百元一晚', '三百元一晚，安静又舒服'],
    ['zh', '一共 12000 元', '一万五的旅行'],
    ['zh', '这款面霜不含酒精，含香精，适合干皮', '小满面霜不含香精'],
    ['zh', '不添加酒精，添加香精', '小满面霜不添加香精'],
    ['zh', '不会搓泥，会泛白', '不会泛白'],
    ['zh', '不含酒精，不适合孕妇使用', '适合孕妇使用的面霜'],
    ['zh', '不能去皱，我不推荐油皮买', '能去皱的面霜'],
    ['zh', '不能去皱，我不推荐油皮买', '推荐油皮买的面霜'],
    ['zh', '无需冷藏保存，未经动物实验', '需冷藏保存'],
    ['zh', '无需冷藏保存，未经动物实验', '经动物实验'],
    ['zh', '口红不含酒精，不是所有人都适合', '含酒精的口红'],
    ['zh', '这顶帐篷不防水，搭建不简单', '两个人简单搭建的防水帐篷'],
    ['en', 'it is far from simple to set up', 'Simple to set up'],
    ['en', 'makes thirty cookies. they bake for 90 minutes in all.', 'Oat cookies in thirty minutes'],
    ['en', 'makes fifteen cookies. 90 minutes.', 'Cookies bake in fifteen minutes'],
    ['en', 'two hundred guests for 90 dollars', 'Two hundred dollars a night'],
    ['en', 'servings: 4\nminutes pass', '4 minutes'],
  ] as const)('%s: %s does not say "%s"', (language, source, text) => {
    expect(createClaimCheck(source, language, [])(text)).not.toEqual([]);
  });

  it.each([
    ['zh', '三百五十克面粉，一万二千元', '350 g 面粉，12000 元'],
    ['zh', '三百五住一晚，三百零五号房', '350住一晚'],
    ['zh', '煎 2 小时', '两个小时的慢炖'],
    ['zh', '不含酒精，也不油腻', '不油腻'],
    ['zh', '不适合油皮，适合干皮', '适合干皮'],
    ['zh', '不太辣，带一点麻辣', '带一点麻辣'],
    ['zh', '千层面配百香果', '百香果千层面'],
    ['zh', '用三四天慢慢晒', '三四天慢慢晒'],
    ['en', 'bake for twenty-five minutes', '25 min in the oven'],
    ['en', 'a hundred guests, 1,200 dollars', '100 guests for $1200'],
  ] as const)('%s: %s says "%s"', (language, source, text) => {
    expect(createClaimCheck(source, language, [])(text)).toEqual([]);
  });
});

describe('claims of an English text', () => {
  const check = createClaimCheck(SERUM, 'en', [5]);
  it.each([
    '$30 for 50 ml of serum',
    'Three weeks without sunscreen',
    'Not safe for babies',
    'Silicone-free serum',
    'Serum with alcohol and fragrance',
    '5 steps to serum',
    'The one serum',
    'Half of it is left',
  ])('%s is what the note says', (text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ['Serum: 50 dollars', '50 dollars'],
    ['50% serum', '50%'],
    ['Serum in 3 dollars', '3 dollars'],
    ['Two weeks with a serum', '2 weeks'],
    ['One week with a serum', '1 week'],
    ['Serum without alcohol and fragrance', 'alcohol'],
    ['Serum with no alcohol', 'alcohol'],
    ['Serum safe for babies', 'safe'],
    ['Alcohol-free serum', 'alcohol'],
    ['Half price serum', '0.5 price'],
    ['Serum with sunscreen', 'sunscreen'],
  ])('%s is not: %s', (text, claim) => {
    expect(check(text)).toContain(claim);
  });
});

it('a source claims nothing that it does not say, nor does any of its clauses', () => {
  const piece = fc.constantFrom(
    '三天',
    '没有减轻',
    '不粘',
    '无糖',
    '50 元',
    '十五',
    '分钟',
    '好闻',
    '面霜',
    '半',
    '¥3',
    'no sugar',
    'not safe',
    '2 cups',
    '，',
    ' ',
    '。',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), fc.constantFrom('zh', 'en', 'other'), (pieces, language) => {
      const source = pieces.join('');
      expect(createClaimCheck(source, language, [])(source)).toEqual([]);
      const clauses = source.split(/[，。]/);
      if (language === 'zh') for (const clause of clauses) expect(createClaimCheck(source, language, [])(clause)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
