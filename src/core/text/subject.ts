import { includesTerm } from './controls.ts';
import type { TextLanguage } from './language.ts';

const CHINESE_TAILS = /(?:的(?:家常|正宗|简单|详细|快手)?做法|怎么做|如何做|做法|食谱|教程|制作方法|的制作)$/;
const CHINESE_HEADS = /^(?:如何制作|如何做|怎么做|怎样做|教你做)/;
const CHINESE_SENTENCE = /[，。！？!?：:；…]|[我你他她们吗呢吧啊]|怎么|什么|如何|为什么|居然|终于|不要|别|太.+了|了$/;
const MOST_HAN = 14;

const ENGLISH_HEADS = /^(?:how\s+to\s+(?:make|cook|bake|prepare)|recipe\s+for)\s+/i;
const ENGLISH_TAILS = /\s+recipes?$/i;
const ENGLISH_SENTENCE =
  /[.!?:;]|\b(?:is|are|was|were|be|been|has|have|had|did|will|would|can|could|should|i|you|your|he|she|they|them|we|us|our|my|this|that|these|those|how|why|what|when|where|who|which|here|there|it|its|just|ever|never)\b|\b\w+n['’]t\b/i;
const MOST_WORDS = 10;
/** "Three weeks" (with one bottle of serum) is an amount, not a thing. */
const AMOUNT = /^(?:\S+\s+)?(?:minutes?|hours?|days?|nights?|weeks?|months?|years?|pieces?|cups?|bottles?|kinds?|ways?)$/i;

/** Words before the name of a dish or thing that can go: possessives, "slow-cooked", "Turkish-Style", origins, praise. */
const MANNER =
  /^(?:\p{L}+['’]s|\p{L}+s['’]|\p{L}+-(?:cooked|style|seared|pot|pan|baked|knead|based)|\p{L}{2,}(?:ese|ian|ican)|Dutch|English|French|German|Greek|Irish|Polish|Southwestern|Spanish|Swedish|Swiss|Turkish|basic|best|classic|country|creamy|delicious|easy|exotic|fall|autumn|winter|famous|fancy|favou?rite|full|hearty|homemade|instant|loaded|lovely|medieval|old-fashioned|original|perfect|plain|quick|real|rustic|simple|smooth|spicy|tasty|traditional|ultimate|yummy)$/iu;
/** Words that the one before belongs to. */
const JOINT = /^(?:and|or|with|in|on|style|e|et|y|o|d[eiu]|del|della|al|alla|au|aux|con|la|le|&|\/|-|–)$|,$/i;

/**
 * The name of the thing a title is about, then its shorter forms and its other name: "Älplermagronen (Alpine macaroni)" →
 * "Älplermagronen", "Alpine macaroni";
 * "响油鳝丝的做法" → "响油鳝丝". Nothing for a title that is a sentence.
 */
export function subjectsOf(title: string, language: TextLanguage): string[] {
  const bare = title
    .replace(/（[^（）]*）|\([^()]*\)|【[^【】]*】|\[[^[\]]*\]/g, ' ')
    .replace(/["“”「」『』]|^['‘]|['’]$/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (bare === '') return [];
  if (language === 'zh') return chineseSubjects(bare);
  if (language === 'en') return [...englishSubjects(bare), ...otherName(title)];
  return bare.length <= 40 && !/[.!?:;。！？]/.test(bare) ? [bare] : [];
}

/**
 * The last words of a name, two at least, that name the same thing: without manner, origin and praise ("Slow-cooked Chicken
 * Tacos" → "Chicken Tacos"), or as the note itself says ("Garlic Butter Seafood Pasta" is "a creamy seafood pasta");
 * undefined where there are none. `prose` is what the note says of it, in sentences.
 */
export function plainName(name: string, prose: string): string | undefined {
  const words = name.split(' ');
  for (let start = words.length - 2; start > 0; start--) {
    const dropped = words.slice(0, start);
    if (JOINT.test(dropped.at(-1) as string) || JOINT.test(words[start] as string)) continue;
    const plain = words.slice(start).join(' ');
    // "Pickled Red Onions" are no red onions any more.
    const isSaid = !dropped.some((word) => /ed$/i.test(word)) && includesTerm(prose, plain);
    if (isSaid || dropped.every((word) => MANNER.test(word))) return plain;
  }
  return undefined;
}

/** The entities a title names, longest first, as the title writes them; none inside another. */
export function entitiesIn(title: string, entities: ReadonlySet<string>): string[] {
  const lower = title.toLowerCase();
  const found = [...entities].filter((entity) => lower.includes(entity)).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return found
    .filter((entity, index) => !found.slice(0, index).some((longer) => longer.includes(entity)))
    .map((entity) => title.slice(lower.indexOf(entity), lower.indexOf(entity) + entity.length));
}

/** "Älplermagronen (Alpine macaroni)": what stands in brackets at the end and begins like a name is the name in other words. */
function otherName(title: string): string[] {
  const name = /\S\s+\((\p{Lu}[\p{L}'’-]+(?:\s[\p{L}'’-]+)+)\)$/u.exec(title)?.[1];
  return name === undefined ? [] : englishSubjects(name).slice(0, 1);
}

function chineseSubjects(title: string): string[] {
  const name = title.replace(CHINESE_HEADS, '').replace(CHINESE_TAILS, '').trim();
  if (name === '' || name.length > MOST_HAN || CHINESE_SENTENCE.test(name)) return [];
  return [name];
}

function englishSubjects(title: string): string[] {
  const name = title.replace(ENGLISH_HEADS, '').replace(ENGLISH_TAILS, '').trim();
  if (name === '' || name.split(' ').length > MOST_WORDS || ENGLISH_SENTENCE.test(name)) return [];
  const shorter = [
    /\s+[–—-]\s+.*$/,
    /\s+\/\s+.*$/,
    /,\s(?!.*\b(?:and|or|&)\s).*$/,
    /\s+(?:with|w\/)\s+.*$/i,
    /\s+(?:(?:in|on|from|alla)\s(?!an?\s|the\s)|all['’]).*$/i,
  ];
  const names = [name];
  for (const tail of shorter) {
    const short = (names.at(-1) ?? '').replace(tail, '').trim();
    if (short !== names.at(-1) && short.length >= 4 && !AMOUNT.test(short)) names.push(short);
  }
  // "Schinkenfleckerl überbacken, Viennese …": what is left before a comma may be the first of an enumeration.
  return names.filter((candidate, index) => index === 0 || !/\b(?:and|or|&)$/i.test(candidate));
}
