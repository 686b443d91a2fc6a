import type { NoteText } from './note_text.ts';
import type { Candidate } from './writer.ts';

/** "23 steps to …" puts readers off. */
export const MOST_STEPS = 12;
const MOST_ITEMS = 6;

/**
 * Titles made from patterns of the note's language, filled with its subject and listed things only.
 * `prior` is how well titles of a pattern read in general.
 * No pattern says anything of its own about the subject: no praise, no number but the count of steps.
 */
export function fillPatterns(note: NoteText): Candidate[] {
  if (note.language === 'zh') return note.form === 'post' ? chinesePost(note) : chineseRecipe(note);
  if (note.language === 'en') return note.form === 'post' ? englishPost(note) : englishRecipe(note);
  return note.subjects.map((subject) => ({ text: subject, prior: 0.5 }));
}

function chineseRecipe(note: NoteText): Candidate[] {
  const drafts: Candidate[] = [];
  const add = (prior: number, text: string): void => void drafts.push({ text, prior });
  const items = note.items.slice(0, MOST_ITEMS);
  const people = servingsOf(note);
  for (const subject of note.subjects) {
    if (people !== undefined) add(0.55, `${people}人份的${subject}`);
    add(0.75, `${subject}怎么做？`);
    add(0.7, `${subject}怎么做`);
    add(0.65, `如何做${subject}`);
    add(0.55, `想做${subject}？`);
    add(0.55, `${subject}！`);
    add(0.4, subject);
    add(0.5, `${subject}教程`);
    if (note.steps >= 2 && note.steps <= MOST_STEPS) add(0.7, `${note.steps}步做${subject}`);
    for (const [index, a] of items.entries()) {
      add(0.55, `想用${a}做${subject}？`);
      const b = items[index + 1];
      const c = items[index + 2];
      if (b === undefined) continue;
      add(0.5, `${a}和${b}怎么做？试试${subject}`);
      add(0.66, `用${a}和${b}做${subject}`);
      add(0.6, `有${a}和${b}，做${subject}吗？`);
      add(0.55, `用${a}和${b}做${subject}！`);
      add(0.55, `${a}·${b}·${subject}`);
      if (c === undefined) continue;
      add(0.6, `${subject}：${a}、${b}和${c}`);
    }
  }
  for (const [index, a] of items.entries()) {
    const b = items[index + 1];
    const c = items[index + 2];
    if (b === undefined) continue;
    add(0.27, `${a}和${b}！`);
    add(0.27, `${a}和${b}`);
    if (c !== undefined) add(0.3, `${a}·${b}·${c}`);
  }
  return drafts;
}

function chinesePost(note: NoteText): Candidate[] {
  return [
    ...note.subjects.flatMap((subject) => [
      { text: `${subject}怎么样？`, prior: 0.4 },
      { text: `想了解${subject}吗？`, prior: 0.4 },
      { text: `${subject}！`, prior: 0.35 },
      { text: subject, prior: 0.35 },
    ]),
    ...listsOf([...note.subjects, ...note.items], '·'),
  ];
}

/** How many the note says it serves; undefined for one, a range, and where it says nothing. */
function servingsOf({ facts }: NoteText): string | undefined {
  const served = facts.map((fact) => /^(\d+)(?: servings|人份?)$/.exec(fact)?.[1]).find((count) => count !== undefined);
  return served === '1' ? undefined : served;
}

/** Three names side by side. */
function listsOf(names: readonly string[], dot: string): Candidate[] {
  const few = [...new Set(names)].slice(0, MOST_ITEMS);
  return few.slice(2).map((third, index) => ({ text: [few[index], few[index + 1], third].join(dot), prior: 0.4 }));
}

function englishRecipe(note: NoteText): Candidate[] {
  const drafts: Candidate[] = [];
  const add = (prior: number, text: string): void => void drafts.push({ text, prior });
  const items = note.items.slice(0, MOST_ITEMS);
  const people = servingsOf(note);
  for (const [index, subject] of note.subjects.entries()) {
    const loss = index * 0.05;
    if (people !== undefined) add(0.5 - loss, `${subject} for ${people}`);
    add(0.75 - loss, `How to make ${subject}`);
    add(0.6 - loss, `Making ${subject}`);
    add(0.55 - loss, `${subject} recipe`);
    add(0.4 - loss, `Make ${subject}`);
    add(0.45 - loss, subject);
    add(0.65 - loss, `How do you make ${subject}?`);
    add(0.6 - loss, `Craving ${subject}?`);
    add(0.55 - loss, `Ready for ${subject}?`);
    add(0.55 - loss, `What goes into ${subject}?`);
    add(0.5 - loss, `${subject}, anyone?`);
    add(0.5 - loss, `Let's make ${subject}!`);
    add(0.45 - loss, `${subject}!`);
    if (note.steps >= 2 && note.steps <= MOST_STEPS) {
      add(0.65 - loss, `${subject} in ${note.steps} steps`);
      add(0.65 - loss, `${note.steps} steps to ${subject}`);
    }
    for (const [at, a] of items.entries()) {
      const [b, c] = [items[at + 1], items[at + 2]];
      if (!/\bwith\b/i.test(subject)) add(0.6 - loss, `${subject} with ${a}`);
      if (b === undefined) continue;
      if (!/\bwith\b/i.test(subject)) {
        add(0.7 - loss, `${subject} with ${a} and ${b}`);
        add(0.68 - loss, `How to make ${subject} with ${a} and ${b}`);
        add(0.6 - loss, `Ever tried ${subject} with ${a}?`);
        add(0.5 - loss, `${subject} with ${a} and ${b}!`);
      }
      add(0.62 - loss, `Got ${a} and ${b}? Make ${subject}`);
      add(0.6 - loss, `${capitalised(a)} · ${b} · ${subject}`);
      if (c !== undefined) add(0.6 - loss, `${subject}: ${a}, ${b} and ${c}`);
    }
  }
  for (const [at, a] of items.entries()) {
    const [b, c] = [items[at + 1], items[at + 2]];
    add(0.25, `Cooking with ${a}?`);
    add(0.25, `How to cook with ${a}`);
    add(0.25, `Cooking with ${a}`);
    add(0.25, `Cooking with ${a}!`);
    if (b === undefined) continue;
    add(0.3, `Got ${a} and ${b}?`);
    add(0.28, `How to cook with ${a} and ${b}`);
    add(0.27, `${capitalised(a)} and ${b}`);
    add(0.27, `${capitalised(a)} and ${b}!`);
    if (c === undefined) continue;
    add(0.3, `${capitalised(a)}, ${b} and ${c}`);
    add(0.3, `${capitalised(a)} · ${b} · ${c}`);
  }
  return drafts;
}

function englishPost(note: NoteText): Candidate[] {
  return [
    ...note.subjects.flatMap((subject) => [
      { text: `Curious about ${inSentence(subject)}?`, prior: 0.45 },
      { text: `${capitalised(subject)}!`, prior: 0.35 },
      { text: capitalised(subject), prior: 0.4 },
    ]),
    ...listsOf([...note.subjects, ...note.items].map(capitalised), ' · '),
  ];
}

/** "A slow weekend" is "a slow weekend" after other words; names keep their capital. */
function inSentence(text: string): string {
  return text.replace(/^(?:A|An|The|One|Two|Three|Four|Five|My|Our|Your)(?=\s)/, (word) => word.toLowerCase());
}

/** The text with a capital first letter; a word that is written otherwise on purpose ("iPhone") stays. */
export function capitalised(text: string): string {
  return /^\p{Ll}+\p{Lu}/u.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
