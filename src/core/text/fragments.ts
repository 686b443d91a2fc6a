import type { TextLanguage } from './language.ts';

/** Openings that point back at words the title does not have, or depend on them. */
const CHINESE_OPENINGS =
  startsWith(`但 而 且 并 也 还 又 再 就 都 才 却 则 因为 因此 所以 由于 于是 连 说 问 若 如 否则 不然 虽 即 尽管 只要 只有 除 无论 不管 不仅 不但 从 以 使 令 让 尤其 两者 二者 相比 相较 勿 不可缺
  然后 接着 随后 之后 后 此 这 那 该 其 它 他 她 便 直到 至 为 对于 当 同时 例 比如 等 的 地 得 和 与 及 或 把 被 将 给 由 按 于 不过 可是 甚至 是 反而 建议参考 要`);
/** Words of their own that merely begin like one. */
const CHINESE_OPENING_WORDS =
  startsWith(`如意 地道 地瓜 地方 的确 和牛 和风 和面 等级 以色列 还原 再生 就近 都市 并排 及第 或许 为你 其乐 便当 便利 便捷 便宜 即食 即溶 由内 后厨 后味 后腿
  后院 后劲 当季 当地 当归 当红 按摩 按压 令人 让人 至尊 至少 除湿 除皱 除螨 从容 从零 说明 说走就走 要点 要素 要紧 问答 问题 连锁 连衣 连续 连皮 连骨 连汤 连带 给力 还是 将军 例汤 都能`);
const CHINESE_ENDINGS = endsWith(
  `这个 那个 这样 那样 时 之后 以后 之前 以前 的话 例如 比如 包括 是 和 与 及 或 在 把 将 被 从 为 对 以 并 且 但 而 如果 即 约 需 要 可 能 会 下 也 还 更 所 就 比 当 向 的 地 得 着`,
);
/** Words of their own that merely end like one. */
const CHINESE_ENDING_WORDS =
  endsWith(`小时 及时 准时 随时 同时 按时 平时 定时 天地 质地 产地 草地 基地 当地 场地 各地 土地 心得 值得 获得 觉得 社会 机会 聚会 约会 简约 预约 节约 重要 主要 必要
  功能 技能 性能 智能 认可 许可 即可 皆可 均可 也可 都可 可可 还是 存在 所在 总和 温和 柔和 暖和 饱和 亲和 对比 行为 认为 作为 方向 面向 参与 普及 入会 地下 天下 乡下 一下 剩下 留下`);

/** "三天下来", "…的晚上": what happened then is still to come. */
const CHINESE_TIME_ENDING =
  /(?:的(?:时候|晚上|早上|下午|夜里|夜晚|清晨|日子|瞬间|一刻)|[天周月年晚夜路趟轮圈]下来|那(?:天|年|晚|一刻)|刚过|前到)$/;
const NUMERAL = '[\\d一二两三四五六七八九十百千万半几]';
/** "…，六十五", "傍晚六点四十": a figure without what it counts. */
const CHINESE_FIGURE_ENDING = new RegExp(`(?:[一二两三四五六七八九十百千万]{2,}|[\\p{Script=Han}，、]\\s?\\d+|[，、]${NUMERAL}+)$`, 'u');
/** "一杯", "三天", "四百块", "一个周末": an amount or a time, and nothing said of it. */
const CHINESE_AMOUNT = new RegExp(
  `^(?:大?约|只要|才)?${NUMERAL}+(?:个|块|元|天|次|周|年|月|点|分|秒|夜|晚|杯|碗|格|米|克|勺|根|颗|把|份|套|支|条|盆|垄|泡|罐|平米|小时|分钟|周末|星期|晚上|早上|上午|下午)+[钱半]?$`,
  'u',
);

function startsWith(words: string): RegExp {
  return new RegExp(`^(?:${words.trim().split(/\s+/).join('|')})`);
}

function endsWith(words: string): RegExp {
  return new RegExp(`(?:${words.trim().split(/\s+/).join('|')})$`);
}

const ENGLISH_OPENINGS =
  /^(?:and|but|or|nor|so|because|which|that|who|whom|whose|if|when|whenever|while|although|though|unless|until|since|as|after|before|then|also|however|therefore|to|of|with|without|by|from|for|in|on|at|into|it|it['’]s|they|them|these|those|this|he|she|his|her|their|its|such|than|very|quite|behind|under|over|above|below|between|through|across|around|along|near|inside|outside|beyond|beside|against|among|towards?|throughout|within|upon|be|is|are|was|were|has|have|had|will|would|can|could|should|not|either|some|well|even|notes?:?|tips?:|hint|warning|nb|credits?|basically|essentially|any|someone|despite|besides|other|another|both|unlike|due|per|via|instead|otherwise|once|here|there|adapted|originally|optionally|optional|meanwhile|conversely|likewise|similarly|furthermore|moreover|thus|hence|alternatively|additionally|next|finally|again|there['’]s|that['’]s|they['’]re)\b/i;
const ENGLISH_ENDINGS =
  /(?:^|\s)(?:and|but|or|nor|so|because|which|that|who|if|when|while|although|unless|until|since|as|to|of|with|without|by|from|for|in|on|at|into|the|a|an|its|it's|their|his|her|your|my|our|be|is|are|was|were|has|have|had|will|would|can|could|should|not|very|e\.g|i\.e|like|such|than|about|also|both|either|some|any|this|these|those|i|we|they|he|she|do|does)$/i;
/** "牛奶则提供蛋白": what it is set against is not there. */
const CHINESE_CONTRAST = /^\p{Script=Han}{1,8}(?<![规原守准法细否])则/u;
/** "The soup, which is eaten in winter": a name and a clause about it, and nothing said. */
const ENGLISH_RELATIVE = /^[^,]+, (?:which|who|that)\b/i;
/** "Week two: the dry patch …": one of a series whose beginning is not there. */
const ENGLISH_ORDINAL = /^(?:week|day|step|part|month|year|round|stage|tip)\s+(?:one|two|three|four|five|six|seven|\d+)$/i;
const ENGLISH_COMPARISON = /^(?:less|more|fewer)\b(?!.*\bthan\b)/i;
/** What stands after a colon is a clause or a noun phrase: not one word, not two torn from a sentence. */
const ENGLISH_STUB = /:\s+(?:\S+|[a-z]\S*\s+\S+|(?:An?|The)\s+\S+)$/;

/** More things than that in a row are a list that was torn from the note. */
const MOST_LISTED = 5;

/** Parts a title puts side by side: "S｜clause", "S：clause", "Title | Brand". */
const PART_BORDER = /[｜|：？?！!；;·]|:\s/u;

const PAIRS: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['（', '）'],
  ['[', ']'],
  ['【', '】'],
  ['「', '」'],
  ['『', '』'],
  ['《', '》'],
  ['“', '”'],
];

/** Whether brackets and quotes of every kind come in pairs, in order. */
export function isBalanced(text: string): boolean {
  if ((text.split('"').length - 1) % 2 !== 0) return false;
  if (!/[()（）[\]【】「」『』《》“”]/.test(text)) return true;
  return PAIRS.every(([open, close]) => {
    let depth = 0;
    for (const character of text) {
      if (character === open) depth += 1;
      if (character === close) depth -= 1;
      if (depth < 0) return false;
    }
    return depth === 0;
  });
}

/**
 * Whether a title is, or holds, a piece that was torn from its sentence: it opens with a word that needs what stood before,
 * ends on a word that needs what came after, carries Markdown, has stray punctuation at either end, or a colon after a colon.
 * `text` comes without emoji. What an author set as a title stands alone by that: parts in `ownParts` are never torn.
 */
export function isFragment(text: string, language: TextLanguage, ownParts: ReadonlySet<string> = new Set()): boolean {
  if (/[*_`~<>\\]|--|\]\(|^#|!\[|^[-+]\s|^\d+[.)、]\s|\n/.test(text)) return true;
  if (/^[，,。.、；;：:!！?？·｜|)\]）】”]|[，,。.、；;：:·｜|(（[【“—–-]$/u.test(text)) return true;
  if (/[，,、；;：:。]\s*[，,、；;：:。]|\s[，。！？]/u.test(text)) return true;
  if (/^[…/&=+＋→★☆]|[…/&=+＋→★☆'‘’]$/u.test(text)) return true;
  if ((text.match(/：|:\s/g)?.length ?? 0) > 1) return true;
  if (language === 'en' && (ENGLISH_STUB.test(text) || /\p{L},\p{L}/u.test(text))) return true;
  if (/(?:^|[\s，。！])@[\p{L}\p{N}]/u.test(text) || /(?:^|[:：｜|·]\s*)[-–—]/u.test(text) || text.split('、').length > MOST_LISTED)
    return true;
  return partsOf(text).some((part) => !ownParts.has(part) && isTornPart(part, language));
}

/** The parts a title puts side by side. */
export function partsOf(text: string): string[] {
  return text
    .split(PART_BORDER)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function isTornPart(part: string, language: TextLanguage): boolean {
  if (language === 'zh') {
    const opens = CHINESE_OPENINGS.test(part) && !CHINESE_OPENING_WORDS.test(part);
    if (opens || (CHINESE_ENDINGS.test(part) && !CHINESE_ENDING_WORDS.test(part))) return true;
    const last = part.slice(part.lastIndexOf('，') + 1);
    return CHINESE_CONTRAST.test(part) || CHINESE_TIME_ENDING.test(part) || CHINESE_FIGURE_ENDING.test(part) || CHINESE_AMOUNT.test(last);
  }
  if (language !== 'en') return false;
  return [ENGLISH_OPENINGS, ENGLISH_ENDINGS, ENGLISH_ORDINAL, ENGLISH_COMPARISON, ENGLISH_RELATIVE].some((torn) => torn.test(part));
}
