import type { TextLanguage } from './language.ts';
import { REMOVED_LINK } from './markdown.ts';

/** A sentence, and how it ended. */
export interface Sentence {
  readonly text: string;
  readonly mark: 'question' | 'exclamation' | 'none';
}

/** A full stop after these ends no sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|ca|mr|mrs|ms|dr|st|no|tsp|tbsp|oz|lb|lbs|min|mins|hr|hrs|temp|fig|\p{L})\.$/iu;
const ENDING = /[。！？!?…；;]+["”’」』）)]*|\n+|[.](?=["'”’)]?\s+["'“(]?[\p{Lu}\p{N}])["'”’)]?|[.]["'”’)]?$/gu;

/** The sentences of a block of text, without their final marks; sentences that pointed to a removed address are left out. */
export function splitSentences(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let start = 0;
  for (const match of text.matchAll(ENDING)) {
    const end = match.index;
    if (match[0].startsWith('.') && ABBREVIATION.test(text.slice(start, end + 1))) continue;
    push(sentences, text.slice(start, end), match[0]);
    start = end + match[0].length;
  }
  push(sentences, text.slice(start), '');
  return sentences;
}

function push(sentences: Sentence[], raw: string, ending: string): void {
  const text = raw.trim().replace(/^["'“‘]+(?=[^"'”’]*$)/, '');
  // "Bring:" announces a list and says nothing itself.
  if (text === '' || text.includes(REMOVED_LINK) || /[:：]$/.test(text)) return;
  sentences.push({ text, mark: /[？?]/.test(ending) ? 'question' : /[！!]/.test(ending) ? 'exclamation' : 'none' });
}

/** A stretch of whole clauses of one sentence that can stand alone. */
export interface ClauseRun {
  readonly text: string;
  readonly mark: Sentence['mark'];
  /** What the subject is ("a spice mixture for most Indian dishes"), said without naming it. */
  readonly describesSubject: boolean;
  /** The first clause of its sentence, which may be another: it says whose sentence it is, and when. */
  readonly opening: string;
  readonly isWhole: boolean;
}

const MOST_CLAUSES = 4;
const LEAST_CUT = 3; // words

/**
 * Compresses a sentence: brackets are dropped, and every stretch of up to four whole clauses is given that does not begin
 * inside a condition, end before the clause that limits it ("but …"), or cut an enumeration. Cuts are at clause borders only.
 */
export function clauseRuns(sentence: Sentence, language: TextLanguage): ClauseRun[] {
  const clauses = splitClauses(withoutBrackets(sentence.text), language);
  const runs: ClauseRun[] = [];
  for (let first = 0; first < clauses.length; first += 1) {
    if (!canBegin(clauses, first, language)) continue;
    let text = '';
    for (let last = first; last < Math.min(first + MOST_CLAUSES, clauses.length); last += 1) {
      text += clauses[last]?.text ?? '';
      const joiner = clauses[last]?.joiner ?? '';
      if (canEnd(clauses, last, language))
        runs.push({
          ...settle(text, last === clauses.length - 1 ? sentence.mark : 'none', language, first === 0),
          ...placeOf(clauses, first, last),
        });
      text += joiner;
    }
  }
  return runs.filter((run) => run.text !== '');
}

function placeOf(clauses: readonly Clause[], first: number, last: number): Pick<ClauseRun, 'opening' | 'isWhole'> {
  return { opening: clauses[0]?.text ?? '', isWhole: first === 0 && last === clauses.length - 1 };
}

interface Clause {
  readonly text: string;
  /** What stands between this clause and the next. */
  readonly joiner: string;
}

const BORDERS: Readonly<Record<TextLanguage, RegExp>> = {
  zh: /，|,\s*|：|:\s+|——|—/g,
  en: /,\s+(?!\d)|:\s+|\s+[–—-]\s+|\s*(?:-{2,}|—)\s*|\s+(?=(?:which|because|although|though|whereas|so that)\s)/g,
  other: /[,，、]\s*|[:：]\s*|\s+[–—-]\s+/g,
};

function splitClauses(text: string, language: TextLanguage): Clause[] {
  const clauses: Clause[] = [];
  let start = 0;
  for (const match of text.matchAll(BORDERS[language])) {
    clauses.push({ text: text.slice(start, match.index).trim(), joiner: match[0] });
    start = match.index + match[0].length;
  }
  clauses.push({ text: text.slice(start).trim(), joiner: '' });
  return clauses;
}

/** "（含腌制）", "(optional)": asides are not needed to understand the rest. */
export function withoutBrackets(text: string): string {
  return text
    .replace(/（[^（）]*）|\([^()]*\)|【[^【】]*】|\[[^[\]]*\]/g, ' ')
    .replace(/(?<=\p{Script=Han}|[，、：])\s+(?=\p{Script=Han}|[，、：])/gu, '')
    .replace(/\s+(?=[,.;:，。；：])/g, '')
    .replace(/\s{2,}/g, ' ')
    .trim();
}

const CONDITION = {
  zh: /^(?:如果|如|若|假如|要是|虽然|虽|尽管|即使|因为|由于|为了|当|只要|只有|除非|无论|不管|不仅|不但|既|对于|从|经|随着|通过|用|在|除了|自|算上|普通)/,
  en: /^(?:if|when|whenever|while|although|though|unless|because|since|as|after|before|once|until|for|in|on|at|with|without|by|to|unlike|instead|depending|whether|from|of|due|despite|besides|during)\b/i,
  other: /^$/,
};
const LIMIT = {
  zh: /^(?:但|不过|然而|可是|却|只是|除非|否则|仅限|若|如果|如需)|则|反而/,
  en: /^(?:but|however|except|unless|though|although|if|provided|only|or|and|while|whereas|not|with|without|below|above|under|over|in|on|at|from|to|for|of|by|even|still|because|which|who|whose|that)\b/i,
  other: /^$/,
};

/** "A very simple, …": the noun is still to come. */
const ADJECTIVE_AT_END =
  /\b(?:very|simple|quick|easy|delicious|hearty|light|rich|creamy|warm|spicy|sweet|healthy|traditional|classic|basic|great|good|fresh|tasty|savou?ry|cheap|fast|filling|fluffy|soft|crispy|moist|thick|thin|smooth|hot|cold|small|large|big|new|old|young|nice|beautiful|modern|popular|famous|versatile|flavou?rful|authentic|homemade)$/i;

/** ", and the difference is the shade": a full clause once its conjunction is gone. */
const INDEPENDENT =
  /^and\s+(?!(?:it|they|he|she|we|i|you|that|this|these|those|then|so|there|none|not|if|when|is|are|was|were|\w+ly)\b)(?:[\w'’-]+\s+){1,3}(?:is|are|was|were|has|have|takes?|keeps?|makes?|gives?|comes?|feels?|tastes?|smells?|costs?|lasts?|stays?|holds?|leaves?|opens?|looks?|needs?|brings?|adds?|goes)\s/i;

function canBegin(clauses: readonly Clause[], index: number, language: TextLanguage): boolean {
  if (index === 0) return true;
  const before = clauses[index - 1];
  if (language === 'zh') return !CONDITION.zh.test(before?.text ?? '') && before?.joiner !== '：';
  // A Latin clause stands alone only with a subject of its own, or as the main clause after an opening condition.
  if (language === 'en' && INDEPENDENT.test(clauses[index]?.text ?? '')) return true;
  return (
    language === 'en' && index === 1 && /^(?:when|while|although|though|because|since|as|for|with|besides)\b/i.test(clauses[0]?.text ?? '')
  );
}

function canEnd(clauses: readonly Clause[], index: number, language: TextLanguage): boolean {
  const next = clauses[index + 1];
  if (!next) return true;
  if (/[：:]/.test(clauses[index]?.joiner ?? '')) return false;
  if (LIMIT[language].test(next.text)) return false;
  if (language === 'zh') return !CONDITION.zh.test(clauses[index]?.text ?? '');
  if (CONDITION.en.test(clauses[0]?.text ?? '') && index === 0) return false;
  if (ADJECTIVE_AT_END.test(clauses[index]?.text ?? '')) return false;
  // "Four tables, no reservations": a word or two hang together with what follows.
  if ((clauses[index]?.text ?? '').split(' ').length < LEAST_CUT && index === 0) return false;
  // "quick, easy, and cheap": no cut inside an enumeration.
  const rest = clauses.slice(index + 1);
  const conjunction = rest.findIndex((clause) => /^(?:and|or)\b|\b(?:and|or)\s+\S+(?:\s+\S+){0,2}$/i.test(clause.text));
  const enumeration = rest.slice(0, conjunction + 1);
  // "two rooms, one kettle and no television": each is whole by itself, so the first may stand without the others.
  if (enumeration.every((clause) => /^(?:and\s+)?(?:an?|the|no|one|two|three|four|five)\s/i.test(clause.text))) return true;
  return !enumeration.every((clause) => clause.text.split(/\s+/).length <= 5);
}

const CHINESE_HEDGES = /^(?:一般|通常|预计|大致|整体|总体|另外|此外|同时|而且|并且|其实)+(?=.)/;
const CHINESE_DESCRIPTION = /^(?:这|此)?(?:就)?是(?:一|二)?(?:道|款|种|份|碗|杯|锅|个)|^一(?:道|款|种)(?=.{3})/;
const ENGLISH_DESCRIPTION =
  /^(?:This|It|These|Here)(?:\s+(?:one|dish|recipe|soup|sauce|bread|meal|salad|drink|cake|dessert))?(?:\s+(?:is|are)|['’]s)\s+(?=(?:an?|the|one of|very|quite|really)\s)/;

function settle(raw: string, mark: Sentence['mark'], language: TextLanguage, atStart: boolean): Omit<ClauseRun, 'opening' | 'isWhole'> {
  const text = raw.replace(/[，,、；;：:。.…\s—–-]+$/u, '').trim();
  if (language === 'zh') {
    const plain = text.replace(CHINESE_HEDGES, '');
    const described = plain.replace(CHINESE_DESCRIPTION, '');
    return { text: described, mark, describesSubject: described !== plain };
  }
  if (language === 'en' && atStart) {
    const described = text.replace(ENGLISH_DESCRIPTION, '');
    return { text: described, mark, describesSubject: described !== text || /^(?:An?|The)\s/.test(text) };
  }
  const alone = language === 'en' ? text.replace(/^and\s+/i, '') : text;
  return { text: alone.charAt(0).toUpperCase() + alone.slice(1), mark, describesSubject: false };
}
