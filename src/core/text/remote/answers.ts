import { bareText } from '../controls.ts';

const LONGEST_REPLY = 20_000; // characters that are read
const MOST_CANDIDATES = 50;
const LONGEST_CANDIDATE = 300; // characters: longer ones are explanations
/** Letters of a prompt's own text that no title shares with it by chance. */
const ECHO_LENGTH = { han: 8, latin: 24 } as const;

const OPENING_LABEL =
  /^(?:(?:new|suggested|rewritten|final|best|short)\s+)?(?:title|headline|highlight|option|candidate|answer|output|selling point)s?\s*(?:#?\d+)?\s*[:：]\s*|^(?:新|改写|推荐|最终)?(?:标题|卖点|亮点|选项|答案|输出)\s*[一二三四五六七八九十\d]*\s*[:：]\s*/iu;
/** A sign, or a number that is set apart from what follows: "3 ways", "2.5 km" and "7:30" are no items 3, 2 and 7. */
const LIST_MARK = /^(?:[-+•●▪◦·–—]\s*|\*(?!\*)\s*|[（(]\d{1,2}[)）]\s*|\d{1,2}(?:[.．:：](?!\d)|[)）、])\s*|[①-⑳]\s*)/u;
const QUOTES: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ['“', '”'],
  ['‘', '’'],
  ['「', '」'],
  ['『', '』'],
  ['《', '》'],
  ['`', '`'],
  ['**', '**'],
  ['__', '__'],
];
/** Names of the field that holds the text, in an object that says more. */
const TEXT_FIELD = /^(?:title|headline|highlight|text|标题|卖点)/i;
/** What models say around their list. */
const TALK = [
  /^(?:sure|certainly|of course|okay|as requested|i hope|i['’]ve|i have (?:written|created|kept)|let me know|please let)\b/iu,
  /^(?:here(?:['’]s| are| is)|below (?:are|is)|these are)\b.*\b(?:titles?|headlines?|highlights?|options|list|suggestions)\b/iu,
  /^(?:note|explanation|reason(?:ing)?)\s*[:：]/iu,
  /^(?:(?:好的|当然)[，,！!。]|以下是?|下面是|这里是|根据(?:您|你)|希望(?:这|以上|对)|(?:说明|解释|理由|注)[:：])/u,
  /[:：]$/u,
];
/** A title in bold or straight quotes, and then a remark on it. */
const REMARKED = /^(?:\*\*(.+?)\*\*|"([^"]+)")\s*(?:[(（]|[-–—:：]\s).*$/u;

/**
 * The candidate texts of a model's reply, in its order: a JSON array (also inside a code fence, inside an object, or cut off), a
 * numbered or bulleted list, or plain lines; without quotes, labels ("Title:"), thinking and explanations. Where the reply was cut at
 * its limit of tokens, the last text is left out, because its end is missing. Never throws; empty where there is nothing.
 */
export function readCandidates(reply: string, cut: boolean): string[] {
  const said = withoutThinking(reply.slice(0, LONGEST_REPLY)).trim();
  const found = fromJson(said) ?? fromLines(said, cut || reply.length > LONGEST_REPLY);
  const candidates = found.map(trimmed).filter((text) => text !== '' && text.length <= LONGEST_CANDIDATE);
  return [...new Set(candidates)].slice(0, MOST_CANDIDATES);
}

/**
 * Whether a text repeats the prompt: it holds the fence, or a line of the prompt's own text, or it is a stretch of such a line that is
 * too long to be a title by chance.
 * @param lines the prompt's own texts as {@link tellingLines} has them
 */
export function repeatsPrompt(text: string, fence: string, lines: readonly string[]): boolean {
  if (text.includes(fence) || /<<<|>>>/.test(text)) return true;
  const bare = bareText(text);
  return lines.some((line) => bare.includes(line)) || (isTelling(bare) && lines.some((line) => line.includes(bare)));
}

/** The bare texts of lines that are too long to stand in a title by chance. */
export function tellingLines(lines: readonly string[]): string[] {
  return lines.map(bareText).filter(isTelling);
}

function isTelling(bare: string): boolean {
  return bare.length >= (/\p{Script=Han}/u.test(bare) ? ECHO_LENGTH.han : ECHO_LENGTH.latin);
}

/** Thinking that was never closed reaches to the end: what follows it was never said. */
function withoutThinking(reply: string): string {
  const closed = reply.replace(/<(think|thinking|thought|reasoning|analysis)>[\s\S]*?<\/\1>/gi, '');
  const opened = closed.replace(/<(?:think|thinking|thought|reasoning|analysis)>[\s\S]*$/i, '');
  // Some servers leave out the opening tag.
  return opened.replace(/^[\s\S]*<\/(?:think|thinking|thought|reasoning|analysis)>/i, '');
}

/** The texts of the first JSON array or object, however deep, or of objects one after another; undefined where the reply has neither. */
function fromJson(said: string): string[] | undefined {
  const json = said.slice(Math.max(0, said.search(/\[\s*["{\]]|\{\s*"/)));
  const at = json.search(/\[\s*["{\]]/);
  const array = at < 0 ? '' : json.slice(at);
  if (array !== '') {
    const texts = textsOf(array.slice(0, array.lastIndexOf(']') + 1)) ?? textsOf(array.slice(0, array.indexOf(']') + 1));
    if (texts) return texts;
    // Half an array: the texts that are closed count, and the one that was being written does not.
    return wholeTexts(array, /"((?:[^"\\\n]|\\.)*)"\s*(?=[,\]}])/g);
  }
  if (!json.startsWith('{')) return undefined;
  return (
    wholeTexts(json, /"(?:title|headline|highlight|text|标题|卖点)[_ ]?\d*"\s*:\s*"((?:[^"\\\n]|\\.)*)"/gi) ??
    numberedTexts(json) ??
    wholeTexts(json, /"\w{1,20}"\s*:\s*"((?:[^"\\\n]|\\.)*)"/g)
  );
}

/** `{"1": "…", "2": "…"}` */
function numberedTexts(json: string): string[] | undefined {
  return wholeTexts(json, /"\d{1,2}"\s*:\s*"((?:[^"\\\n]|\\.)*)"/g);
}

function wholeTexts(json: string, pattern: RegExp): string[] | undefined {
  const texts = Array.from(json.matchAll(pattern), (match) => unescaped(match[1] ?? ''));
  return texts.length > 0 ? texts : undefined;
}

function textsOf(json: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: unknown) => {
    if (typeof item === 'string') return [item];
    if (typeof item !== 'object' || item === null) return [];
    const fields = Object.entries(item).filter((field): field is [string, string] => typeof field[1] === 'string');
    const named = fields.find(([name]) => TEXT_FIELD.test(name)) ?? fields[0];
    return named ? [named[1]] : [];
  });
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

function fromLines(said: string, cut: boolean): string[] {
  const all = said.split('\n').map((line) => line.trim());
  // A reply of one line that was cut has nothing whole.
  const lines = (cut ? all.slice(0, -1) : all).filter((line) => line !== '' && !/^(?:```|~~~|---)/.test(line) && !/^[[\]{},]+$/.test(line));
  const items = lines.filter((line) => LIST_MARK.test(line) || OPENING_LABEL.test(line));
  // In a reply with a list, everything beside the list is talk.
  if (items.length > 1) return items;
  return lines.filter((line) => !TALK.some((talk) => talk.test(line)));
}

/** One text without list mark, label, quotes around it, a remark after it and a full stop. */
function trimmed(text: string): string {
  let rest = text.replace(/\s+/g, ' ').trim();
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(LIST_MARK, '').replace(OPENING_LABEL, '').replace(/,$/, '').trim();
    rest = unquoted(rest.replace(REMARKED, (_, bold?: string, quoted?: string) => bold ?? quoted ?? ''));
  }
  // "…" and "U.S." keep theirs.
  return rest.replace(/[。．]$|(?<!\.\p{L}?)\.$/u, '').trim();
}

function unquoted(text: string): string {
  const pair = QUOTES.find(([open, close]) => text.length > open.length + close.length && text.startsWith(open) && text.endsWith(close));
  if (!pair) return text;
  const inner = text.slice(pair[0].length, -pair[1].length);
  // "A" and "B": these quotes are not around the whole.
  return inner.includes(pair[0]) || inner.includes(pair[1]) ? text : inner.trim();
}
