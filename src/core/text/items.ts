import type { TextLanguage } from './language.ts';
import { withoutBrackets } from './sentences.ts';
import { isContentWord } from './stop_words.ts';

const CHINESE_LABELS = /^(?:原料|主料|辅料|配料|食材|材料|调料|工具|酱汁|腌料|汤底|装饰|其他|可选|必备|注意|参考)/;
const CHINESE_TOOLS =
  /锅|碗|刀|勺|筷|机|盘|杯|秤|箱|纸|模|板|器|膜|盆|屉|铲|瓶|签|网|架|棒|吸管|手套|冰箱|炉|罐|剪|夹|温度计|计时|绳|布|袋|盒|刷|壶|盖|托|锤|钳/;
/** What is done, not what is taken. */
const CHINESE_STEPS = /^(?:剁[成碎]|拍碎|撕成|捣碎|直接|用(?!盐))|切[成好碎段丝块片末]|洗净|[小中大]火|温度|效果|时$/;
const CHINESE_LINKS = /百科|教程|视频|链接|下厨房/;
const CHINESE_PANTRY =
  /^(?:食用)?(?:盐|食盐|水|清水|热水|开水|冷水|凉水|温水|油|食用油|植物油|白糖|糖|白砂糖|砂糖|味精|鸡精|生抽|老抽|料酒|酱油|淀粉|食用盐|冰块|花生油|菜籽油|玉米油|色拉油)$/;

const NUMBER = String.raw`(?:[~≈±]?\d+(?:[.,/]\d+)?|[¼½¾⅓⅔⅛⅜]|one|two|three|four|five|six|half)`;
const UNIT =
  'g|gr|gms?|grams?|spoonfuls?|leaf|leaves|jiggers?|kg|mg|ml|millilit(?:er|re)s?|cl|dl|l|qts?|liters?|litres?|oz|ounces?|lbs?|pounds?|c|cups?|tbsps?|tbs|tsps?|t|tablespoons?|teaspoons?|tblsp|cans?|jars?|cloves?|sticks?|slices?|pieces?|pinch(?:es)?|handfull?s?|bunch(?:es)?|sprigs?|dash(?:es)?|splash|drizzle|packets?|packages?|packs?|pkg|sachets?|bags?|bottles?|heads?|stalks?|ribs?|knobs?|cubes?|inch(?:es)?|cm|mm|quarts?|pints?|gallons?|parts?|boxe?s?|tins?|loaf|loaves|dozen';
const SIZE =
  'a|an|of|some|few|couple|about|around|approximately|approx|roughly|large|medium|medium-sized|small|big|heaped|level|generous|good|metric|whole|thin|thick|extra|your|favorite|x|each|the|to|optional|ripe|fresh|freshly|raw|little|bit|spoons?|tb|peeled|finely|roughly|thinly|coarsely|chopped|diced|minced|sliced|grated|shredded|crushed|melted|softened|prepared|cold|hot|warm|lukewarm';
const NAMES =
  /^(?:African|American|Arborio|Asian|Balsamic|Basmati|Belgian|Brazilian|British|Bulgarian|Cajun|Caribbean|Cheddar|Chinese|Creole|Danish|Dijon|Dutch|English|European|French|German|Gouda|Greek|Gruyère|Hungarian|Indian|Irish|Italian|Jamaican|Japanese|Kalamata|Korean|Lebanese|Manchego|Marzano|Mexican|Monterey|Moroccan|Norwegian|Parmesan|Parmigiano|Pecorino|Persian|Polish|Portuguese|Reggiano|Roma|Romano|Russian|San|Scottish|Sichuan|Spanish|Sriracha|Swedish|Swiss|Szechuan|Tabasco|Thai|Turkish|Tuscan|Ukrainian|Vietnamese|Worcestershire)$/;
const QUANTITY = new RegExp(`^(?:${NUMBER}\\s*(?:[-–]|to)?\\s*|(?:${UNIT})\\b\\.?\\s*|(?:${SIZE})\\b\\s*|[-–/+&~]\\s*)`, 'i');
const ENGLISH_CUT =
  /\s*(?:[,;:*/]|\s[\d~¼½¾⅓⅔]|\s[-–—]\s|\s(?:or|to|for|from|with|without|in|on|at|as|like|such|if|that|which|per|cut|plus|and\/or)\s).*$/i;
const PREPARED =
  /\s+(?:(?:finely|roughly|thinly|freshly|coarsely)\s+)?(?:chopped|minced|diced|sliced|grated|crushed|drained|rinsed|peeled|beaten|melted|softened|shredded|cubed|optional|cooked|uncooked|halved|quartered|needed|taste)$/i;
const ENGLISH_PANTRY =
  /^(?:(?:sea|table|kosher|black|ground|white|vegetable|cooking|boiling|brown|granulated|extra|extra-virgin|virgin|canola|sunflower|neutral)\s+)*(?:salt|pepper|water|oil|olive oil|sugar|flour|salt and pepper|salt & pepper|seasoning|seasonings|spices|condiments|ice|pan|bake|unflavored|mealy|unsalted|sweetened|unsweetened)$/i;
const ENGLISH_TOOLS =
  /\b(?:pan|pot|bowl|oven|knife|spoon|tray|sheet|paper|foil|mixer|blender|processor|jar|container|machine|thermometer|skillet|whisk|grill|rack|tin|dishe?|cloth|towel|bag|press|cooker|thermos|cheesecloth|twine|marble|sieve|strainer|colander|peeler|spatula|ladle|fork|cutter|film|toothpick|skewer|scale|mou?ld|ramekin|recipient|kettle|stove|fridge|freezer)s?$/i;

/** How something is, and not what it is. */
const UNNAMED =
  /^(?:as|or)\b|\bdry$|-$|^(?:juices?|fruits?|zest|frying oil)$|^(?:black|white|red|green|yellow|long|short|button|dijon|cayenne|imperial|bone-in|boneless|skinless|lean|fresh|dried|vegan|plain|dark|pre-cooked)$|\b(?:preferably|mixed|very|much|usual)\b/i;

/**
 * The name of a listed thing without quantity, unit and remarks: "~150g (1/3 lb) bacon cubes" → "bacon cubes"; several for
 * "姜、蒜瓣". Nothing for tools, labels, salt and water, and lines that are sentences.
 */
export function cleanItem(text: string, language: TextLanguage): string[] {
  const bare = withoutBrackets(text);
  if (language === 'zh') return bare.split(/[、，,/]|\s\+\s/).flatMap(chineseItem);
  return language === 'en' ? englishItem(bare) : [];
}

function chineseItem(text: string): string[] {
  const name = text
    .replace(/[：:].*$/, '')
    .replace(
      /\s*[~～约\d].*$|\s+[一二两三四五六七八九十半].*$|[一二两三四五六七八九十半]{1,2}(?:[个根勺克片颗瓣块只把条杯碗大小斤滴包袋罐份张头粒枚段匙]|汤匙|茶匙).*$/,
      '',
    )
    .trim();
  if (!/^\p{Script=Han}{2,7}$/u.test(name) && !/^\p{Script=Han}[\u002e]?$/u.test(name)) return [];
  if (name.length < 2 || CHINESE_LABELS.test(name) || CHINESE_TOOLS.test(name) || CHINESE_PANTRY.test(name)) return [];
  if (CHINESE_STEPS.test(name) || CHINESE_LINKS.test(name)) return [];
  return /[的了可按或和与不如有需等]|适量|少许|若干|注意|准备|以及/.test(name) ? [] : [name];
}

function englishItem(text: string): string[] {
  if (/[.!?]\s/.test(text)) return [];
  let name = text.replace(/[.!?]$/, '').trim();
  for (let rest = name.replace(QUANTITY, ''); rest !== name; rest = name.replace(QUANTITY, '')) name = rest;
  name = name.replace(ENGLISH_CUT, '').replace(PREPARED, '').replace(PREPARED, '').trim();
  if (!/^[\p{L}][\p{L}'’ -]{2,}$/u.test(name) || name.split(' ').length > 3) return [];
  if (
    ENGLISH_PANTRY.test(name) ||
    ENGLISH_TOOLS.test(name) ||
    UNNAMED.test(name) ||
    /\b(?:i|you|it|is|are|and|the|of|use|my|not|any|other|choice|feel|this|will|be|sized|based|more|servings?|recipe|some)\b/i.test(name)
  )
    return [];
  if (!name.split(' ').some((word) => isContentWord(word, 'en'))) return [];
  return [name.split(' ').map(lowerCased).join(' ')];
}

/** Lists begin every item with a capital; inside a title only names keep it. */
function lowerCased(word: string): string {
  const small = word.toLowerCase();
  return word.slice(1) === small.slice(1) && !NAMES.test(word) ? small : word;
}
