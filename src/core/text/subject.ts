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

/**
 * The name of the thing a title is about, then its shorter forms: "Älplermagronen (Alpine macaroni)" → "Älplermagronen";
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
  if (language === 'en') return englishSubjects(bare);
  return bare.length <= 40 && !/[.!?:;。！？]/.test(bare) ? [bare] : [];
}

/** The entities a title names, longest first, as the title writes them; none inside another. */
export function entitiesIn(title: string, entities: ReadonlySet<string>): string[] {
  const lower = title.toLowerCase();
  const found = [...entities].filter((entity) => lower.includes(entity)).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return found
    .filter((entity, index) => !found.slice(0, index).some((longer) => longer.includes(entity)))
    .map((entity) => title.slice(lower.indexOf(entity), lower.indexOf(entity) + entity.length));
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
    /\s+(?:(?:in|on|from|alla)\s|all['’]).*$/i,
  ];
  const names = [name];
  for (const tail of shorter) {
    const short = (names.at(-1) ?? '').replace(tail, '').trim();
    if (short !== names.at(-1) && short.length >= 4 && !AMOUNT.test(short)) names.push(short);
  }
  // "Schinkenfleckerl überbacken, Viennese …": what is left before a comma may be the first of an enumeration.
  return names.filter((candidate, index) => index === 0 || !/\b(?:and|or|&)$/i.test(candidate));
}
