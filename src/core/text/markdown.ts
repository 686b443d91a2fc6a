import { stripEmoji } from './emoji.ts';

/**
 * A readable piece of a note: the headline (a first-level heading at the top), other headings, prose (paragraphs, and list items that are
 * sentences), short list items (ingredients, features), steps of a section that says it holds steps, or facts (a label and
 * a figure).
 * Text has no Markdown, no links and no emoji left.
 */
export interface Block {
  readonly kind: 'headline' | 'heading' | 'prose' | 'item' | 'step' | 'fact';
  readonly text: string;
  /** The block stands before the first heading, where notes say what they are about. */
  readonly lead: boolean;
  /** The block is one numbered step of the outermost list, so such blocks can be counted. */
  readonly numbered: boolean;
  /** Its section's heading says that things are listed: ingredients, equipment. */
  readonly isNamed: boolean;
}

/** Stands for a removed address, so a sentence that pointed to one can be dropped whole. */
export const REMOVED_LINK = '\u0000';

type Section = 'open' | 'items' | 'steps' | 'remarks' | 'regrets' | 'skipped';

const SECTION_NAMES: readonly (readonly [Section, RegExp])[] = [
  ['skipped', /contribut|author|credit|\bsources?\b|reference|license|see also|links|参考(?!价)|作者|致谢|版权|来源|计算|^calculat/i],
  ['regrets', /\bskip\b|what did(?: no|n['’])t|not worth|regret|避雷|踩雷|缺点|不推荐/i],
  ['items', /原料|食材|材料|用料|配料|调料|工具|清单|ingredient|you(?:'ll)? (?:will )?need|material|equipment|shopping/i],
  ['steps', /操作|步骤|做法|过程|流程|制作|direction|instruction|steps?\b|method|preparation|procedure/i],
  ['remarks', /附加|小贴士|贴士|提示|注意|备注|技巧|notes?\b|tips?\b|remark|variation|serving/i],
];

/** What is said against a thing, or asked and answered: its words, without the sign, would say the opposite. */
const DENIED_LINE =
  /^(?:(?:[-*+•·]|\d{1,3}[.)、．])\s*)?(?:❌|✗|✘|❎|🚫|⛔|👎|(?:缺点|避雷|槽点|不足|雷点|踩雷|cons|downsides?|q|a|问|答)\s*[:：])/iu;
const CREDIT = /^(?:authors?|credits?|source|by|via|original(?: recipe)?|作者|来源|出处)\s*[:：]/i;
const BOLD_DEPTH = 6; // below every real heading
const LONG_ITEM = { han: 12, words: 7 };
const LONGEST_LABEL = 30;
const LATIN_LINE_BREAK_MIN = 60; // shorter Latin lines are lines of a post, longer ones were wrapped by an editor

interface State {
  section: Section;
  depth: number;
  headings: number;
  fenced: boolean;
  /** A list has been read since the last heading. */
  listed: boolean;
  paragraph: string[];
  /** The list item that lines without a mark of their own go on with. */
  item: { readonly numbered: boolean; readonly lines: string[] } | undefined;
}

/** Splits a note's body (Markdown, or the plain lines of a post) into its readable blocks, in order. */
export function parseBody(body: string): Block[] {
  const blocks: Block[] = [];
  const state: State = { section: 'open', depth: 0, headings: 0, fenced: false, listed: false, paragraph: [], item: undefined };
  const flush = (): void => {
    const block = takeBlock(state);
    if (block) blocks.push(block);
  };
  const lines = withoutHtmlBlocks(withoutComments(withoutFrontMatter(body))).split(/\r\n?|\n/);
  const fences = lines.filter(isFence).length;
  let fencesLeft = fences - (fences % 2); // one that is never closed fences nothing
  for (const raw of lines) {
    const line = raw.trim();
    if (isFence(line)) {
      if (fencesLeft-- <= 0) continue;
      state.fenced = !state.fenced;
      flush();
      continue;
    }
    if (state.fenced || DENIED_LINE.test(line)) continue;
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^(?:>\s*)*(?:([-*+•·])|(\d{1,3}[.)、．]))\s*(?=\S)(.*)$/.exec(line);
    if (heading) {
      flush();
      const name = plainText(withoutFinalMarks(heading[2] ?? ''));
      const isHeadline = enterSection(state, (heading[1] ?? '').length, name);
      if (name !== '' && state.section !== 'skipped')
        blocks.push({ kind: isHeadline ? 'headline' : 'heading', text: name, lead: isHeadline, numbered: false, isNamed: false });
    } else if (state.paragraph.length === 0 && isBoldHeading(line)) {
      flush();
      const name = plainText(line);
      enterSection(state, BOLD_DEPTH, name);
      blocks.push({ kind: 'heading', text: name, lead: false, numbered: false, isNamed: false });
    } else if (line === '' || isTableOrRule(line)) {
      flush();
    } else if (item && isListMark(line, item)) {
      flush();
      const numbered = item[2] !== undefined;
      const content = (item[3] ?? '').replace(/^\[[ xX]\]\s*/, '');
      if (isLink(content)) continue;
      if (isMetadata(content)) blocks.push(...factIn(content, state));
      else state.item = { numbered: numbered && /^ {0,3}\S/.test(raw), lines: [plainText(withLabel(content))] };
    } else {
      const text = line.replace(/^(?:>\s*)+/, '');
      if (isMetadata(text)) blocks.push(...factIn(text, state));
      else (state.item?.lines ?? state.paragraph).push(plainText(withLabel(text)));
    }
  }
  flush();
  return blocks;
}

/** Ends the paragraph or list item that is being read. */
function takeBlock(state: State): Block | undefined {
  const { item } = state;
  // A bold line heads the list under it; the paragraphs after that list are the post going on.
  if (!item && state.listed && state.depth === BOLD_DEPTH && state.paragraph.length > 0) state.section = 'open';
  state.listed ||= item !== undefined;
  const { section } = state;
  const text = item ? item.lines.join(' ').trim() : joinLines(state.paragraph);
  state.paragraph = [];
  state.item = undefined;
  if (text === '' || section === 'skipped') return undefined;
  if (section === 'regrets') {
    // "What I would skip" speaks of the list or the paragraph under it; the post may go on after that.
    if (!item) state.section = 'open';
    return undefined;
  }
  const numbered = item?.numbered === true;
  const isStep = section === 'steps';
  const isItem = section === 'items' || (item !== undefined && !isLong(text));
  return {
    kind: isStep ? 'step' : isItem ? 'item' : 'prose',
    text,
    lead: state.headings === 0,
    numbered: isStep && numbered,
    isNamed: section === 'items',
  };
}

function withoutFrontMatter(body: string): string {
  return body.replace(/^\ufeff?\s*---\r?\n[\s\S]*?\r?\n(?:---|\.\.\.)(?:\r?\n|$)/, '');
}

/** The ends of blocks are the ends of lines, and scripts are no text. */
function withoutHtmlBlocks(body: string): string {
  if (!body.includes('<')) return body;
  return body
    .replace(/<(script|style)\b[^>]{0,500}>[\s\S]{0,10000}?<\/\1\s*>/gi, '\n')
    .replace(/<\/?(?:p|br|div|li|ul|ol|h[1-6]|tr|section)\b[^>]{0,500}>/gi, '\n');
}

function isFence(line: string): boolean {
  return /^\s*(?:```|~~~)/.test(line);
}

/** Comments that end; written without an expression, which would look for the end of each that has none. */
function withoutComments(body: string): string {
  let kept = '';
  let from = 0;
  for (let at = body.indexOf('<!--'); at >= 0; at = body.indexOf('<!--', from)) {
    const end = body.indexOf('-->', at + 4);
    if (end < 0) break;
    kept += body.slice(from, at);
    from = end + 3;
  }
  return kept + body.slice(from);
}

/** "Title ##" → "Title" */
function withoutFinalMarks(heading: string): string {
  let end = heading.length;
  while (heading[end - 1] === '#') end -= 1;
  return heading.slice(0, end);
}

function isTableOrRule(line: string): boolean {
  return /^\|.*\|/.test(line) || /^[:\-|\s]+$/.test(line) || /^(?:[*_=-]\s*){3,}$/.test(line);
}

/** "*emphasis* first" and "1.5 litres" begin like list items but are not. */
function isListMark(line: string, item: RegExpExecArray): boolean {
  if (item[1] === '*' || item[1] === '-' || item[1] === '+') return /^(?:>\s*)*[-*+]\s/.test(line);
  return item[2] === undefined || item[2].endsWith('、') || !/^(?:>\s*)*\d+[.)．]\d/.test(line);
}

/**
 * A subsection ("### Dough") stays in the section it belongs to unless its own name says otherwise. Returns whether the
 * heading is the note's headline: the title said again at the top of the body, so what follows is still the lead.
 */
function enterSection(state: State, depth: number, name: string): boolean {
  if (depth === 1 && state.headings === 0) return true;
  state.headings += 1;
  state.listed = false;
  const named = SECTION_NAMES.find(([, pattern]) => pattern.test(name))?.[0];
  if (named === undefined && depth > state.depth && state.depth > 1) return false;
  state.section = named ?? 'open';
  state.depth = depth;
  return false;
}

/** "**What to order**" alone on its line: posts write their headings like that. */
function isBoldHeading(line: string): boolean {
  const name = /^\*\*([^*]+)\*\*[:：]?$/.exec(line)?.[1] ?? '';
  return name !== '' && name.length <= LONGEST_LABEL && !/[。！？.!?]$/.test(name);
}

/** "**质地** 半哑光": without its bold, the label needs a sign between it and what it labels. */
function withLabel(text: string): string {
  return text.replace(/^\*\*(\p{Script=Han}{1,8})\*\*\s+(?=\S)/u, '$1：');
}

function isLong(text: string): boolean {
  return (text.match(/\p{Script=Han}/gu)?.length ?? 0) >= LONG_ITEM.han || text.split(/\s+/).length >= LONG_ITEM.words;
}

/** "🍳 Cook time: ~15 min", "预估卡路里：556 大卡": a label and a figure, true but no prose. */
function isMetadata(raw: string): boolean {
  const text = stripEmoji(raw).replace(/[*_`]/g, '').trim();
  if (text.length > 60) return false;
  if (/^(?:(?:prep\w*|cook|cooking|baking|total|rest|resting) time|servings?|yields?|calories|difficulty|serves)\b/i.test(text))
    return true;
  if (CREDIT.test(text)) return true;
  if (/^[^:：，,。.!?]{0,12}(?:难度|卡路里|热量|份量|时长|用时)\s*[:：]/u.test(text)) return true;
  return !/[。！？!?]./u.test(text) && /^[^:：，,。.!?]{1,30}\s?[:：]\s*[~≈★☆约\d]/u.test(text);
}

/** An item that is a link leads away from the note; its words are another page's. */
function isLink(content: string): boolean {
  return /^!?\[[^\]]{0,500}\]\([^)]{0,2000}\)$/.test(content.trim());
}

/** Figures ("价格：299 元") may be told, although not as they stand; credits may not. */
function factIn(raw: string, { section, headings }: State): Block[] {
  const text = plainText(raw);
  if (section === 'skipped' || !/\d/.test(text) || CREDIT.test(text)) return [];
  return [{ kind: 'fact', text, lead: headings === 0, numbered: false, isNamed: false }];
}

/** Lines of one paragraph: wrapped Latin lines become one, lines of a post stay sentences of their own. */
function joinLines(lines: readonly string[]): string {
  const parts: string[] = [];
  let end = '';
  let length = 0; // of the line that is being put together
  for (const line of lines) {
    if (line === '') continue;
    const wrapped = /[A-Za-zÀ-ÿ,'’)\d-]/.test(end) && (length >= LATIN_LINE_BREAK_MIN || /^[a-z(]/.test(line));
    const goesOn = wrapped || /[.!?:;]/.test(end);
    if (parts.length > 0) parts.push(goesOn ? ' ' : '\n');
    parts.push(line);
    length = line.length + (goesOn ? length + 1 : 0);
    end = line.slice(-1);
  }
  return parts.join('').trim();
}

/**
 * One line without Markdown marks, HTML tags, addresses, hashtags and emoji; words stay as they are. Nothing between marks is
 * looked for without a bound: a row of open brackets would take minutes.
 */
export function plainText(line: string): string {
  const text = line
    .replace(/!\[[^\]]{0,500}\](?:\([^)]{0,2000}\)|\[[^\]]{0,500}\])?/g, ' ')
    .replace(/\[([^\]]{0,500})\]\([^)]{0,2000}\)/g, '$1')
    .replace(/\[([^\]]{1,500})\]\[[^\]]{0,500}\]/g, '$1')
    .replace(/\[\^[^\]]{0,100}\]/g, '')
    .replace(/<(?:https?:|mailto:)[^>]{0,2000}>|https?:\/\/[^\s)）\]】，。]+|www\.[^\s)）\]】，。]+/g, REMOVED_LINK)
    .replace(/<\/?[a-zA-Z][^>]{0,1000}>/g, ' ')
    .replace(/#[^#\s]+\[话题\]#?/g, ' ')
    .replace(/#[^#\s]+#/g, ' ')
    .replace(/(^|\s)#[\p{L}\p{N}_-]+/gu, ' ')
    .replace(/`+([^`]*)`+/g, '$1')
    .replace(/~~[^~]{0,500}~~/g, ' ')
    .replace(/\*\*|__|~~/g, '')
    .replace(/(?<![\p{L}\p{N}*])\*([^*\n]+)\*/gu, '$1')
    .replace(/(?<=[\p{Script=Han}])\*([^*\n]+)\*/gu, '$1')
    .replace(/(?<![\p{L}\p{N}_])_([^_\n]+)_(?![\p{L}\p{N}])/gu, '$1')
    .replace(/\\([\\`*_{}[\]()#+.!|<>~-])/g, '$1')
    .replace(/&nbsp;|\u00a0|\u3000/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '');
  return stripEmoji(text)
    .replace(/\s+/g, ' ')
    .replace(/(?<=[\p{Script=Han}，。！？、；：])\s+(?=[\p{Script=Han}，。！？、；：])/gu, '')
    .trim();
}
