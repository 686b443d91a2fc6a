import type { TextLanguage } from './language.ts';

const CHINESE = `
的 了 着 过 地 得 是 在 有 和 与 及 或 而 且 但 也 还 又 再 就 都 才 却 则 并 把 被 将 让 使 令 给 对 从 到 向 往 由 以 为 于 用 按
这 那 此 该 其 它 他 她 我 你 您 们 咱 自己 我们 你们 他们 它们 大家 什么 怎么 怎样 如何 哪 哪些 哪里 谁 多少 几 吗 呢 吧 啊 呀 哦 嘛 啦 哈
一 一个 一道 一款 一种 一些 一点 一下 一样 这个 那个 这道 这款 这种 这些 那些 这样 那样 每 每次 各 个 只 些 种 次 道 款 份 位 件
不 没 没有 不是 不会 不要 不能 可 可以 能 能够 会 要 需 需要 应 应该 想 必须 可能 即可 只需 只要 很 非常 十分 太 更 最 较 比较 特别 相当 挺 真 真的
上 下 里 中 内 外 前 后 时 之 之后 之前 以后 以前 然后 接着 最后 首先 其次 同时 因为 所以 因此 由于 如果 虽然 但是 不过 而且 或者 以及 并且 即使
大约 约 大概 左右 一般 通常 全程 预计 从 做 作 成 来 去 出 等 等等 例如 比如 包括 其他 另外 此外 有助于 属于 作为 进行 完成 做好
要是 还是 就是 都是 也是 便 即 若 至 至于 关于 对于 通过 随着 根据 起来 下来 出来 上去 之一 无 非 跟 比 试试 想要 了解 备好 准备
分钟 小时 克 毫升 步 教程 步骤`;

const ENGLISH = `
a an the this that these those it its it's he she they them their his her i i'm i've i'd i'll me my mine we us our you your yours
is are was were be been being am isn't aren't wasn't do does did don't doesn't didn't have has had having will would can could shall should may might must
cannot can't won't and or but nor so yet if then else than as at by for from in into of off on onto out over to up with without within
about above after again against all also although any because before below between both down during each few further here how however
just like more most much many no not now only other once own same some such still there though through too under until unless very
what when where whether which while who whom whose why one two first second etc e.g i.e per via get got go goes going make makes made
making use used using try want well way really quite lot lots thing things something anything don't let lets let's put take see
recipe recipes step steps ingredient ingredients minute minutes min mins hour hours cook cooking ready anyone curious inside guide
love craving ever tried`;

/** Typographic apostrophes as well as plain ones. */
const ENGLISH_WORDS = ENGLISH.split(/\s+/).flatMap((word) => [word, word.replaceAll("'", '’')]);

const WORDS: Readonly<Record<TextLanguage, ReadonlySet<string>>> = {
  zh: new Set([...CHINESE.split(/\s+/), ...ENGLISH_WORDS]),
  en: new Set(ENGLISH_WORDS),
  other: new Set(ENGLISH_WORDS),
};

/** Whether a word only holds a sentence together (or belongs to a title pattern) and says nothing about its subject. */
function isStopWord(word: string, language: TextLanguage): boolean {
  return WORDS[language].has(word.toLowerCase());
}

/** A word that says something: not a stop word; single Latin letters and bare signs do not count. */
export function isContentWord(word: string, language: TextLanguage): boolean {
  if (isStopWord(word, language)) return false;
  return word.length > 1 || /[\p{Script=Han}\p{N}]/u.test(word);
}
