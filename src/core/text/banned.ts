import { isPlainText, spoken, stripEmoji } from './emoji.ts';
import { createEntityFinder } from './entity_terms.ts';

/**
 * Absolute claims that advertising rules forbid in many countries (China's advertising law, article 9; platform policies),
 * and effects on health, which none but medicines may claim (articles 17 and 18). A store's lexicon of type `banned` comes on top.
 */
const CHINESE = `最佳 最好 最优 最强 最大 最低价 最便宜 最高级 最先进 第一名 第一品牌 全网第一 全国第一 世界第一 唯一 独一无二 顶级 极致 极品 绝无仅有 史无前例
国家级 世界级 全球级 宇宙级 王牌 冠军 首选 销量冠军 全网最低 百分百 百分之百 100% 100％ 永久 万能 根治 治愈 包治 特效 神效 无副作用 零风险 稳赚 保证 绝对 立竿见影 国家领导人 驰名商标 免检
增强免疫 提高免疫 提升免疫 增强抵抗力 增强体质 补血 补肾 补脾 明目 养颜 养心安神 安神 润肺 清肺 健脾 降血压 降血糖 降血脂 抗癌 防癌 排毒 食疗 滋补 养胃 驱寒 祛湿 清热 散寒 解毒 降火 去火 生津 消食 补气 暖胃 润肠 通便 护肝 消炎 抗炎 抗敏 祛斑 助消化 促进消化 帮助消化 促进食欲 促进代谢 改善睡眠 减肥 瘦身 治疗 治病 糖尿病 降三高`;
const ENGLISH = `guaranteed|guarantee|#1|no. 1|number one|world's best|the best|best ever|best-selling|risk-free|risk free|100%|miracle cure|no side effects|once in a lifetime|unbeatable|cheapest|lowest price|permanent|the greatest`;

/**
 * Superlatives of any other word: 最 before what is no time, amount or liking ("最近", "最多", "我最爱"), and English ones that are no nouns
 * ("the forest").
 */
const SUPERLATIVES = String.raw`最(?!近|后|终|初|多|少|爱|怕|喜欢|难忘|好(?:别|不|先|在|是|能|用|提前|选|要))\s*·?\s*(?=\p{Script=Han})|\bthe\s+most\s+(?!of\b)\p{L}|\bmost\s+\p{L}+(?:ive|ous|able|ible|ful|ed|ent|ant)\b|\b(?:the\s+|['’]s\s+)(?:cheap|fast|strong|soft|safe|fresh|smooth|quick|easi|healthi|tasti|great|high|low|small|bigg|larg|fin|nic|warm|light|pur|rich|crispi|juici|sweet|clean|cool|hott|thinn|thick|new|happi|pretti|cosi|lovli)est\b`;

/** Ranks and shares that are written in many ways, ways to get in touch, which no platform takes in a title, and effects on health in English. */
const WRITTEN_OTHERWISE = String.raw`第一(?![次天步眼口遍顿回杯周晚])|第\s?1(?![\d次天步眼口遍顿回杯周晚])|\bno\.?\s?1\b|\btop\s?1\b|加(?:我|个)?(?:微信|v信|vx|qq)|微信号|qq群|手机号|扫码|领红包|点击链接|\bdot\s+com\b|\b(?:call|phone|text)\s+\d|(?<!\d)1[3-9]\d{9}(?!\d)|\b100\s?(?:percent|per cent)\b|100\s?%|(?:^|[:|·–]\s)best\s+(?!served|eaten|enjoyed|made|kept|when|with|before|after|if|for|to|of|friends?)\p{L}|\bbest\s+\p{L}+\s+(?:in|ever)\b|\b(?:heals|healing|detox\p{L}*|anti-?inflammatory|boosts?\s+(?:your\s+)?immun\p{L}+|weight[ -]loss|lose\s+weight|burns?\s+fat)\b`;

/** The built-in list, lower case. */
const DEFAULT_BANNED: readonly string[] = [...CHINESE.split(/\s+/), ...ENGLISH.split('|')];

/** Says whether a text holds a banned term. */
export type BannedMatcher = (text: string) => boolean;

const BUILT_IN = new RegExp([...DEFAULT_BANNED.map(whole), SUPERLATIVES, WRITTEN_OTHERWISE].join('|'), 'u');

/**
 * A matcher for the built-in terms and `terms`: they match anywhere in Han text, as whole words in Latin text, in either case. However
 * many terms there are, a text takes the same time.
 */
export function createBannedMatcher(terms: readonly string[]): BannedMatcher {
  const own = terms.map(normalised).filter((term) => term !== '');
  const findOwn = createEntityFinder(own);
  // One character is no word, and a picture is none either: both are looked for as they are.
  const signs = [...own.filter((term) => term.length === 1), ...terms.filter((term) => stripEmoji(term) !== term)];
  return (text) => {
    const plain = normalised(text);
    return (
      BUILT_IN.test(plain) ||
      (own.length > 0 && findOwn(plain).length > 0) ||
      signs.some((sign) => text.includes(sign) || plain.includes(sign))
    );
  };
}

/** Emoji, invisible signs and spaces between Han characters hide no term. */
function normalised(text: string): string {
  const visible = isPlainText(text)
    ? text
    : spoken(text.normalize('NFKC'))
        .replaceAll('’', "'")
        .replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  const lower = visible.toLowerCase().trim();
  if (!lower.includes(' ')) return lower;
  return lower.replace(/(?<=\p{Script=Han})\s+(?=[\p{Script=Han}\d])|(?<=\d)\s+(?=\p{Script=Han})/gu, '');
}

/** The term's pattern; an edge that is a Latin letter or digit must be the edge of its word. */
function whole(term: string): string {
  const edge = String.raw`[\p{Script=Latin}\p{N}]`;
  const isEdge = (character: string | undefined): boolean => character !== undefined && new RegExp(edge, 'u').test(character);
  const escaped = term.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return `${isEdge(term[0]) ? `(?<!${edge})` : ''}${escaped}${isEdge(term.at(-1)) ? `(?!${edge})` : ''}`;
}
