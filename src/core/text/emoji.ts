import { graphemes } from './length.ts';

/** What `--emoji` may ask for, and how many emoji each allows. */
export const EMOJI_LEVELS = ['none', 'some', 'many'] as const;
export type EmojiLevel = (typeof EMOJI_LEVELS)[number];
export const EMOJI_COUNTS: Readonly<Record<EmojiLevel, { readonly min: number; readonly max: number }>> = {
  none: { min: 0, max: 0 },
  some: { min: 1, max: 2 },
  many: { min: 3, max: 5 },
};

const EMOJI_CLUSTER = /(?![©®™](?!\ufe0f))\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3/u;
const EMOJI_PARTS =
  /(?:(?![©®™](?!\ufe0f))\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3)[\u200d\ufe0e\ufe0f\p{Emoji_Modifier}\p{Extended_Pictographic}]*/gu;

/** Most texts: no emoji, nothing invisible, nothing that Unicode writes in two ways. */
const PLAIN = /^[\x20-\x7e\u4e00-\u9fff，。！？、；：｜·（）“”]*$/;

/** Whether a text is of ASCII, Han and their usual punctuation only, and so needs no looking for emoji and the like. */
export function isPlainText(text: string): boolean {
  return PLAIN.test(text);
}

/** Number of emoji: grapheme clusters that are pictures, flags or keycaps. */
export function countEmoji(text: string): number {
  return !PLAIN.test(text) && EMOJI_CLUSTER.test(text) ? graphemes(text).filter((cluster) => EMOJI_CLUSTER.test(cluster)).length : 0;
}

/** What a text says aloud: keycaps are their digits, and other emoji are nothing. */
export function spoken(text: string): string {
  return PLAIN.test(text) ? text : stripEmoji(text.replace(/([#*0-9])\ufe0f?\u20e3/gu, '$1'));
}

/** The text without its emoji; runs of spaces that this leaves become one. */
export function stripEmoji(text: string): string {
  return !PLAIN.test(text) && EMOJI_CLUSTER.test(text) ? text.replace(EMOJI_PARTS, ' ').replace(/ {2,}/g, ' ').trim() : text;
}

/** Fits any note and says nothing about it. */
const NEUTRAL = ['✨', '📌', '💡', '💫', '🔖'];

/**
 * What words a picture stands for. Only emoji of one code point, so every font and every counter agrees that each is one.
 * Earlier rows win, so a dish comes before its ingredients.
 */
const PICTURES: readonly (readonly [emoji: string, words: RegExp])[] = [
  ['🍕', /披萨|比萨|\bpizza/i],
  ['🍔', /汉堡|\b(?:ham)?burger/i],
  ['🌮', /\b(?:tacos?|fajitas?|quesadillas?|burritos?)\b/i],
  ['🍣', /寿司|\bsushi\b/i],
  ['🥟', /饺子|馄饨|抄手|\bdumplings?\b/i],
  ['🍰', /蛋糕|甜点|\b(?:cakes?|dessert)\b/i],
  ['🍪', /饼干|曲奇|\bcookies?\b/i],
  ['🥧', /\b(?:pies?|potpie|quiche)\b/i],
  ['🥞', /煎饼|松饼|\bpancakes?\b/i],
  ['🍞', /面包|吐司|\b(?:bread|toast|sourdough|loaf)\b/i],
  ['🍝', /意面|意大利面|\b(?:pasta|spaghetti|lasagna|ravioli)\b/i],
  ['🍜', /面条|拉面|拌面|汤面|炒面|凉面|\b(?:noodles?|ramen|pho)\b/i],
  ['🍲', /火锅|汤(?!匙|圆)|煲|炖|\b(?:soup|stew|chowder|bisque)\b/i],
  ['🍛', /咖喱|\bcurry\b/i],
  ['🥗', /沙拉|凉拌|\bsalad\b/i],
  ['🍚', /米饭|炒饭|拌饭|盖饭|粥|\b(?:rice|risotto)\b/i],
  ['🍗', /鸡(?!蛋|精|尾|粉)|\bchicken\b/i],
  ['🦐', /虾|\b(?:shrimps?|prawns?)\b/i],
  ['🦀', /蟹|\bcrab\b/i],
  ['🐟', /鱼(?!香|露|粉)|鳝|\b(?:fish|salmon|tuna|cod|mackerel|sardines?)\b/i],
  ['🥩', /牛肉|牛排|羊肉|羊排|牛腩|\b(?:beef|steak|lamb)\b/i],
  ['🍖', /排骨|猪肉|肉(?!桂|蔻)|\b(?:pork|ribs|meat|meatballs?)\b/i],
  ['🥚', /蛋(?!白|糕|挞)|\b(?:eggs?|omelet)\b/i],
  ['🍅', /番茄|西红柿|\btomato(?:es)?\b/i],
  ['🥔', /土豆|马铃薯|\bpotato(?:es)?\b/i],
  ['🌽', /玉米(?!淀粉|油)|\bcorn\b/i],
  ['🍆', /茄子|\beggplants?\b/i],
  ['🥒', /黄瓜|\bcucumbers?\b/i],
  ['🥕', /胡萝卜|\bcarrots?\b/i],
  ['🥦', /西兰花|花菜|\bbroccoli\b/i],
  ['🥬', /青菜|白菜|包菜|生菜|菠菜|蔬菜|\b(?:vegetables?|spinach|kale|lettuce)\b/i],
  ['🍄', /蘑菇|香菇|菌|\bmushrooms?\b/i],
  ['🧀', /奶酪|芝士|\bchees[ey]/i],
  ['🧄', /蒜|\bgarlic\b/i],
  ['🧅', /洋葱|\bonions?\b/i],
  ['🔥', /辣|\b(?:spicy|chil[il]i?)\b/i],
  ['🍎', /苹果|\bapples?\b/i],
  ['🍌', /香蕉|\bbananas?\b/i],
  ['🍋', /柠檬|\blemons?\b/i],
  ['🍊', /橙|橘|柑|\boranges?\b/i],
  ['🍍', /菠萝|凤梨|\bpineapples?\b/i],
  ['🍓', /草莓|\bstrawberr/i],
  ['🥥', /椰|\bcoconut\b/i],
  ['🍫', /巧克力|\bchocolate\b/i],
  ['🍯', /蜂蜜|蜜汁|\bhoney\b/i],
  ['☕', /咖啡|拿铁|\b(?:coffee|espresso|latte)\b/i],
  ['🍵', /茶(?!匙|树菇|籽)|\btea\b/i],
  ['🍹', /鸡尾酒|果汁|饮品|\b(?:cocktails?|juice|mimosa)\b/i],
  ['🍷', /红酒|葡萄酒|\bwine\b/i],
  ['🥛', /牛奶|酸奶|\b(?:milk|yogh?urt)\b/i],
  ['🧳', /旅行|旅游|攻略|\b(?:travel|trip)\b/i],
  ['🏨', /酒店|民宿|\bhotel\b/i],
  ['🌊', /海边|大海|沙滩|\b(?:sea|beach|ocean)\b/i],
  ['🌸', /鲜花|花束|樱花|赏花|\bflowers?\b/i],
  ['🧴', /护肤|面霜|防晒|精华|\b(?:skincare|sunscreen|lotion)\b/i],
  ['💄', /口红|化妆|彩妆|\b(?:lipstick|makeup)\b/i],
  ['👗', /穿搭|裙|衣服|大衣|\b(?:dress|outfits?|fashion)\b/i],
  ['👟', /鞋|\b(?:shoes?|sneakers?)\b/i],
  ['🐱', /猫|\bcats?\b/i],
  ['🐶', /狗|\bdogs?\b/i],
  ['💪', /健身|运动|\b(?:fitness|workout)\b/i],
  ['📚', /读书|书单|学习|\b(?:books?|reading)\b/i],
  ['📷', /拍照|摄影|相机|\b(?:photos?|camera)\b/i],
  ['🏠', /家居|装修|收纳|\bhouse\b/i],
  ['🎁', /礼物|礼盒|\bgifts?\b/i],
];

/** A picture and the words it stands for. */
export type Picture = (typeof PICTURES)[number];

/** The pictures the words of a note's title and lists call for. */
export function picturesFor(note: string): readonly Picture[] {
  return PICTURES.filter(([, words]) => words.test(note));
}

/** `count` different emoji: those the title's words call for, then those of the rest of the note, then neutral ones. */
export function chooseEmoji(title: string, notePictures: readonly Picture[], count: number): string[] {
  const inTitle = notePictures.filter(([, words]) => words.test(title));
  return [...new Set([...inTitle, ...notePictures].map(([emoji]) => emoji).concat(NEUTRAL))].slice(0, count);
}
