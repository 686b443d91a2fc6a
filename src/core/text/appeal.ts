import type { TextLanguage } from './language.ts';
import type { NoteText, Passage } from './note_text.ts';

const POST_WORTH = 0.75; // what a post says last may sell as well as what it says first
const BASE_SHARE = 0.75;
const REASON_BONUS = 0.125;
const MOST_REASONS = 2;
const WHOLE_BONUS = 0.05;
const CAVEAT_LOSS = 0.8;
const NARRATIVE_LOSS = 0.5;
const INHERITED = 0.3; // of the loss, for a clause whose sentence begins as a story

/** Reasons to buy that a clause can give: a figure, what the senses meet, a comparison, an advantage. */
const REASONS: Readonly<Record<TextLanguage, readonly RegExp[]>> = {
  zh: [
    /[\d一二两三四五六七八九十半百千几]+(?:个)?(?:分钟|小时|天|块|元|层|米|平米|度|秒|滴|周|步|倍|次|罐|支|%|％)/,
    /[香甜酸辣鲜脆嫩软糯爽酥浓醇暖凉亮柔弹润]|温柔|光泽|哑光|金黄|焦黄|细腻|多汁|入味|回甘|水感|气色|声音|银河|日落|[红橘紫绿青]色/,
    /像|比|一样|胜过|不输|更|融合|兼具/,
    /放心|足够|[也就]够|刚刚好|搭好|省|方便|简单|新手|富含|营养|友好|耐|防|百搭|自然|开胃|下饭|解腻|饱腹|好看|安静|抢手|好日子|有助|提供|经典|传统|特色|几乎没有|不(?:搓|拔|糊|粘|腻|卡|干|柴|晒|发)/,
  ],
  en: [
    /\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|half|dozen)\b/i,
    /\b(?:warm|crispy?|crunchy?|soft|sweet|salt(?:ed|y)|smok[ey]|cream[ey]?|butter\w*|fresh|light|rich|linen|wide|quiet|bright|smells?|tastes?|melts?|layers?|aroma\w*|flavou?r\w*|tender|juicy|thick|spic[ey]|delicious|tangy|hearty|silver|green|flaky|moist|padded|waxed|copper)\b/i,
    /\b(?:like an?|than|as \w+ as|better|similar to|size of)\b/i,
    /\b(?:enough|easy|easily|quick(?:ly)?|keeps?|lasts?|stays?|comfortable|free|saves?|less|shorter|simple|classic|traditional|perfect|great|good|right|walk is|filling|popular|kind to|whole|healthy|cheap|reason)\b/i,
  ],
  other: [],
};

/** What happened to the writer, and what somebody said: stories, not reasons. */
const NARRATIVE: Readonly<Record<TextLanguage, RegExp>> = {
  zh: /^(?:昨天|今天|前天|上周|上个月|去年|今年|当时|后来|那|返程|回程|搬进来|清明|清早|清晨|凌晨|傍晚|半夜|上次|有一天)|(?:^|，)第[二三]天|我(?!家)|[他她]|朋友|邻居|阿姨|阿婆|妈妈|爸爸|老板|谁|说|问我|告诉|觉得|第一句话|忘了|留下来|翻出/,
  en: /\b(?:i|we|he|she|me|us|my|our|his|her|said|says|asked|tells?|told|heard|thought|meant|nobody|nothing|someone|somebody|everyone|friends?|yesterday)\b|^(?:on|last|after|around|by|at|in)\s|^this (?:autumn|spring|summer|winter|year|week|month)\b|\b(?:was|were|had|did|came|went|took|gave|got|moved)\b|^(?:bring|pack|put|turn|book|wear|group|go|take|come|ask)\b/i,
  other: /^$/,
};

/** Hurdles, warnings and asides: true, but nobody advertises with them. */
const CAVEATS: Readonly<Record<TextLanguage, RegExp>> = {
  zh: /^(?:先|将|把|往|取|加|放|倒|切|推荐|使用|用|在(?!.*不)|穿|选|记得|提前|带(?![来着有])|最好)|难度|挑战|建议|不宜|不太?适合|不推荐|不算|较高|稍高|考验|注意|小心|避免|不要|不能|切记|必须|否则|中毒|需要|需|零基础|有一定|经验|时长|耗时|花费|过多|会使|麻烦|失败|可惜|遗憾|缺点|如下|以下|上述|参考|就医|伤口|取决于|胜任|食用前|时候|稍加|务必|关键在于|调整|切勿|尽量|直至|繁琐|可以加入|可以缩短|可以(?:根据|选择|选用|端|拿|用)|[倒放]入|调至|链接|视频|图片|本文|步骤[稍略]多|应当|时应|门槛|胆固醇|酒精|备用|替代|代替|可选|原材料|苦了|苦味|偏苦|发麻|警告|感染|勿|不宜|不健康|浪费|美观|防止|不过|风险|变软|变蔫|口感差|会影响|请参考|百科|导致|破裂|沉底|粘锅|容易(?!消化|上手|学|掌握)|垃圾|打架/,
  en: /\b(?:don['’]?t|do not|avoid|careful|warning|stale|otherwise|raw pre-|not|never|however|unfortunately|but|bare minimum|notoriously|page|homepage|website|link|video|photo|short film|above|below|following|youtube|instructions?|fyi|credits?|you will need|feel free|suggest(?:ed|ions)?|adapted|optional(?:ly)?|complaint|you['’]re|too|bad|hard|difficult|lost|skip(?:ped)?|replace[sd]?|instead|works|substitut\w+|leftovers?|demanding|adjust|depending|make sure|anything else|any other|one serving|serving sizes?|last step|proportions|prep time|upside-down|prefer(?:red|ably)?|your choice|author['’]s recipe|taken from|site|can be (?:added|expanded|omitted)|(?:are|is) added|may be|if desired)\b|(?:^|, )you (?:can|may)\b|(?:^|, )(?:shape|mash|grate|combine|season|whisk|garnish|drain|toss|sear|marinate|refrigerate|store|blend|strain|taste|top|chop|leave|flip|let|use|used|add|stir|pour|mix|bake|boil|fry|serve|remove|place|heat|cut|slice|cover|keep|melt|roll|knead|preheat|simmer|season|sprinkle|wash|peel|release|grind|fill|plate|let['’]s)\s(?!and\b)|^\d+\s*(?:lbs?|oz|g|kg|ml|cups?)\b|^DR:/i,
  other: /^$/,
};

/**
 * How well a clause of the note would sell, in [0, 1]: what its place is worth, more for each reason to buy, less for a
 * story, a hurdle or an aside.
 */
export function worthOf(passage: Passage, note: NoteText): number {
  const { text } = passage;
  const language = note.language;
  const place = note.form === 'post' && passage.origin === 'prose' ? POST_WORTH : passage.worth;
  const reasons = Math.min(MOST_REASONS, REASONS[language].filter((reason) => reason.test(text)).length);
  // What the author set as a title is meant to be told like that.
  const narrative = NARRATIVE[language];
  const storyShare = passage.origin === 'title' ? 0 : narrative.test(text) ? 1 : narrative.test(passage.opening) ? INHERITED : 0;
  const worth =
    BASE_SHARE * place +
    REASON_BONUS * reasons +
    (passage.isWhole ? WHOLE_BONUS : 0) -
    NARRATIVE_LOSS * storyShare -
    (CAVEATS[language].test(text) ? CAVEAT_LOSS : 0);
  return Math.min(1, Math.max(0, worth));
}
