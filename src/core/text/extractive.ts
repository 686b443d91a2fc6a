import { bareText, hasStyle, includesTerm } from './controls.ts';
import { decorate } from './decorate.ts';
import { picturesFor } from './emoji.ts';
import type { TextLanguage } from './language.ts';
import type { NoteText, Passage } from './note_text.ts';
import { capitalised, fillPatterns } from './patterns.ts';
import type { Candidate, TitleRequest, TitleWriter } from './writer.ts';

const ADDED_TERM_LOSS = 0.05; // a keyword set beside a title reads worse than one inside it
const CAVEAT_LOSS = 0.6;
const ENOUGH = 6; // clauses and listed things, from which three distinct titles can be made
const STEP_LIKE = 0.4;
const QUERY_PRIOR = 0.75;
const QUERY_FIT_PRIOR = 0.25;
const LONGEST_POINT = { han: 10, latin: 32 };
const CLAUSES_BESIDE_QUERY = 8;
const WITHOUT_QUERY = 0.7; // of its prior is left to a rewriting that uses no query where one fits

/** Hurdles, warnings and asides: true, but nobody advertises with them. */
const CAVEATS: Readonly<Record<TextLanguage, RegExp>> = {
  zh: /^(?:先|将|把|往|取|加|放|倒|切|推荐|使用|用|在)|难度|挑战|不建议|不宜|不适合|不推荐|不算|较高|稍高|考验|注意|小心|避免|不要|不能|切记|必须|否则|中毒|需要|需|零基础|有一定|经验|时长|耗时|花费|过多|会使|容易|麻烦|失败|可惜|遗憾|如下|以下|上述|参考|链接|视频|图片|本文|步骤[稍略]多|应当|时应|门槛|胆固醇|酒精|备用|替代|代替|可选|原材料|我/,
  en: /\b(?:don['’]?t|avoid|careful|warning|not|never|however|unfortunately|but|bare minimum|notoriously|page|homepage|website|link|video|photo|above|below|following|youtube|instructions?|fyi|credits?|you will need|you can|you may|feel free|suggest(?:ed|ions)?|adapted|optional(?:ly)?|i|i['’]\w+|my|me|we|our|us|you['’]re|too|bad|hard|difficult|replace[sd]?|instead|works|substitut\w+|leftovers?)\b/i,
  other: /^$/,
};

/** Titles without a model: whole clauses of the note, patterns filled from it, and its own title beside fitting queries. */
export const extractiveWriter: TitleWriter = { name: 'extractive', propose };

function propose(note: NoteText, request: TitleRequest): Candidate[] {
  const { controls, kind, paradigm } = request;
  const drafts = kind === 'highlight' ? highlights(note) : paradigm === 'rewrite' ? rewrites(note, request) : titles(note, request);
  const styled = drafts.flatMap((draft) => inStyle(draft, request, note));
  const pictures = controls.emoji === 'none' ? [] : picturesFor([note.title, ...note.items].join('\n'));
  return styled.map(({ text, prior }) => {
    const decorated = decorate(text, controls, note.language, pictures);
    return { text: decorated.text, prior: Math.max(0, prior - ADDED_TERM_LOSS * decorated.added) };
  });
}

/** A draft as it is when no style is asked for or it has the style; with the style's mark where that is all it lacks. */
function inStyle(draft: Candidate, { controls: { style }, kind }: TitleRequest, note: NoteText): Candidate[] {
  if (style === null || hasStyle(draft.text, style)) {
    // Exclamations and lists are for those who ask for them.
    const loud = style === null && (hasStyle(draft.text, 'exclamation') || draft.text.includes('·'));
    return loud ? [{ ...draft, prior: draft.prior / 2 }] : [draft];
  }
  if (!hasStyle(draft.text, 'plain') || /[？?]/.test(draft.text)) return [];
  const chinese = note.language === 'zh';
  if (style === 'exclamation') return [{ text: `${draft.text}${chinese ? '！' : '!'}`, prior: draft.prior }];
  if (style === 'question' && kind === 'title')
    return [{ text: `${draft.text}${chinese ? '，想试试吗？' : ' – curious?'}`, prior: draft.prior - 0.2 }];
  if (style === 'question') return [{ text: `${draft.text}${chinese ? '？' : '?'}`, prior: draft.prior - 0.3 }];
  return [];
}

/** New titles from the full note: clauses alone, clauses beside the subject, and patterns. */
function titles(note: NoteText, request: TitleRequest): Candidate[] {
  const drafts = [...fillPatterns(note), ...(request.controls.style === 'list' ? pointLists(note) : [])];
  for (const passage of usablePassages(note)) {
    const worth = worthOf(passage, note);
    drafts.push({ text: marked(standalone(passage, note), passage, note), prior: 0.8 * worth });
    drafts.push(...besideSubject(passage, note, worth));
  }
  return drafts;
}

/** The subject and two short clauses, set apart by "·". */
function pointLists(note: NoteText): Candidate[] {
  const chinese = note.language === 'zh';
  const points = usablePassages(note).filter(
    ({ text, mark }) => mark === 'none' && !/[，,：:·]/.test(text) && text.length <= (chinese ? LONGEST_POINT.han : LONGEST_POINT.latin),
  );
  const dot = chinese ? '·' : ' · ';
  return note.subjects.flatMap((subject) =>
    points.flatMap((point, index) => {
      const next = points[index + 1];
      if (next === undefined || [point, next].some(({ text }) => includesTerm(text, subject))) return [];
      return [
        {
          text: [subject, ...[point, next].map((each) => standalone(each, note))].join(dot),
          prior: (worthOf(point, note) + worthOf(next, note)) / 2,
        },
      ];
    }),
  );
}

/** Short selling points: clauses of the note as they stand. */
function highlights(note: NoteText): Candidate[] {
  return note.passages.map((passage) => ({ text: marked(standalone(passage, note), passage, note), prior: worthOf(passage, note) }));
}

/** The note's own title, reworked: its subject (or the whole title) beside queries and clauses. */
function rewrites(note: NoteText, request: TitleRequest): Candidate[] {
  const kept = note.subjects.length > 0 ? note.subjects : [note.title.replace(/[\s。.，,！!？?…]+$/u, '')].filter((title) => title !== '');
  const drafts: Candidate[] = [];
  for (const subject of kept) {
    for (const { query, fit } of request.queries) drafts.push(...besideQuery(subject, query, QUERY_PRIOR + QUERY_FIT_PRIOR * fit, note));
  }
  const own = kept.map(bareText);
  const keepsTitle = (text: string): boolean => own.some((name) => bareText(text).includes(name));
  const left = request.queries.length > 0 ? WITHOUT_QUERY : 1;
  drafts.push(
    ...titles(note, request)
      .filter((draft) => keepsTitle(draft.text))
      .map(({ text, prior }) => ({ text, prior: prior * left })),
  );
  if (note.subjects.length === 0) {
    drafts.push(...note.passages.filter((passage) => passage.origin === 'title').map((passage) => ({ text: passage.text, prior: 0.5 })));
    for (const subject of kept) {
      for (const phrase of note.phrases) drafts.push(...besideQuery(subject, phrase, 0.5, note));
    }
  }
  return drafts;
}

function besideQuery(subject: string, query: string, prior: number, note: NoteText): Candidate[] {
  const chinese = note.language === 'zh';
  if (bareText(subject).includes(bareText(query))) return [];
  if (bareText(query).includes(bareText(subject)))
    return [{ text: chinese ? query : capitalised(query), prior }, ...besideClauses(query, prior, note)];
  if (!chinese)
    return [
      { text: `${capitalised(query)}: ${subject}`, prior },
      { text: `${subject} | ${query}`, prior: prior - 0.05 },
    ];
  return [
    { text: `${query}｜${subject}`, prior },
    { text: `${subject}｜${query}`, prior },
    ...besideClauses(`${query}｜${subject}`, prior, note),
  ];
}

/** A query and the note's most worthy clauses. */
function besideClauses(head: string, prior: number, note: NoteText): Candidate[] {
  const worthy = note.passages.filter(
    (passage) => passage.mark === 'none' && worthOf(passage, note) === 1 && !includesTerm(passage.text, head),
  );
  return worthy
    .slice(0, CLAUSES_BESIDE_QUERY)
    .map(({ text }) => ({ text: note.language === 'zh' ? `${head}：${text}` : `${capitalised(head)}: ${capitalised(text)}`, prior }));
}

/** Steps are for notes that have little else to say. */
function usablePassages(note: NoteText): readonly Passage[] {
  const told = note.passages.filter((passage) => passage.origin !== 'step');
  const telling = told.filter((passage) => worthOf(passage, note) > STEP_LIKE);
  return telling.length + note.items.length < ENOUGH ? note.passages : told;
}

function worthOf(passage: Passage, note: NoteText): number {
  return Math.max(0, passage.worth - (CAVEATS[note.language].test(passage.text) ? CAVEAT_LOSS : 0));
}

function standalone(passage: Passage, note: NoteText): string {
  return note.language === 'zh' ? passage.text : capitalised(passage.text);
}

function marked(text: string, passage: Passage, note: NoteText): string {
  if (passage.mark === 'none') return text;
  const chinese = note.language === 'zh';
  return `${text}${passage.mark === 'question' ? (chinese ? '？' : '?') : chinese ? '！' : '!'}`;
}

function besideSubject(passage: Passage, note: NoteText, worth: number): Candidate[] {
  if (passage.mark !== 'none') return [];
  const drafts: Candidate[] = [];
  for (const subject of note.subjects) {
    const text = withoutSubject(passage.text, subject, note.language);
    if (text === '' || text.toLowerCase().includes(subject.toLowerCase())) continue;
    if (note.language === 'zh') {
      drafts.push({ text: `${subject}｜${text}`, prior: worth });
      if (note.form === 'recipe') {
        drafts.push(
          { text: `${subject}怎么做？${text}`, prior: worth - 0.05 },
          { text: `${text}，${subject}怎么做？`, prior: worth - 0.1 },
        );
        drafts.push({ text: `${subject}做法：${text}`, prior: worth - 0.1 });
      }
      continue;
    }
    const clause = capitalised(text);
    drafts.push({ text: `${subject}: ${clause}`, prior: passage.describesSubject ? worth : worth - 0.05 });
    if (note.form === 'recipe') drafts.push({ text: `How to make ${subject}: ${clause}`, prior: worth - 0.1 });
  }
  return drafts;
}

/** "响油鳝丝是一道经典的家常菜" beside its subject is "经典的家常菜"; "Ceviche is a dish …" is "a dish …". */
function withoutSubject(text: string, subject: string, language: TextLanguage): string {
  if (!text.toLowerCase().startsWith(subject.toLowerCase())) return text;
  const rest = text.slice(subject.length).trim();
  const predicate =
    language === 'zh'
      ? /^(?:是|属于)(?:一|二)?(?:道|款|种|份|碗|杯)?(.+)/.exec(rest)
      : /^(?:is|are)\s+((?:an?|the|one of)\s.+)/i.exec(rest);
  return predicate?.[1] ?? text;
}
