/** Signs and units that say the same, in the writing that they are compared in. */
const UNITS: Readonly<Record<string, string>> = {
  ...{ 克: 'g', gram: 'g', 千克: 'kg', 公斤: 'kg', 毫升: 'ml', 升: 'l', 毫米: 'mm', 厘米: 'cm', 公里: 'km', 千米: 'km' },
  ...{ 分钟: 'min', mins: 'min', minute: 'min', 小时: 'h', 个小时: 'h', 钟头: 'h', 个钟头: 'h', hr: 'h', hrs: 'h', hour: 'h' },
  ...{ 天: 'day', 日: 'day', 周: 'week', 星期: 'week', 个星期: 'week', 礼拜: 'week', 个礼拜: 'week', 个月: 'month', 年: 'year' },
  ...{ 元: '¥', 块: '¥', 块钱: '¥', rmb: '¥', cny: '¥', yuan: '¥', dollar: '$', usd: '$', buck: '$', euro: '€', eur: '€', pound: '£' },
  ...{ percent: '%', 步: 'step', 人份: 'serving', 岁: 'year old' },
};
/** Han units of two characters whose first is one itself, or begins others: "7 分熟" is no "7 分钟". */
const HAN_UNITS = [
  ...Object.keys(UNITS).filter((unit) => /^\p{Script=Han}{2,}$/u.test(unit)),
  ...'分熟 小勺 大勺 茶匙 汤匙 小块 大块 小碗 大碗 小把 大把 小杯 大杯 平米 平方 大卡 千卡 千瓦 毫克 公分 公顷 英寸 人民币 个人 个半 个字'.split(
    ' ',
  ),
].sort((a, b) => b.length - a.length);

const ONES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
const ENGLISH_ONES = ONES.split(' ');
const ENGLISH_TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
/** "The one you want" counts nothing; "one week" does. */
const COUNTED = 'minutes?|hours?|days?|nights?|weeks?|months?|years?|times?|steps?|drops?|bottles?|dollars?|hundred|thousand';
const SMALL = `(?:${ENGLISH_TENS.join('|')})(?:[ -](?:${ENGLISH_ONES.slice(1, 10).join('|')}))?|${ENGLISH_ONES.slice(2).toReversed().join('|')}`;
const ENGLISH_NUMBER = new RegExp(
  String.raw`\b(?:(?<count>${SMALL}|one(?=[ -](?:${COUNTED})\b)|an?(?=[ -](?:hundred|thousand)\b))(?:[ -](?<scale>hundred|thousand))?)\b`,
  'g',
);
const HAN_DIGITS = '零一二三四五六七八九';
const HAN_SCALES: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };
/** Words that only look like a number: very, surely, in case. */
const NO_NUMBERS = /十分(?!钟|熟)|千万(?!元)|万一|百分|一一|万万|三三两两/g;
const HAN_NUMBER = /[零二两三四五六七八九十百千万半][零一二两三四五六七八九十百千万半]*|一[零一二两三四五六七八九十百千万半]+/g;
const NUMBER = /([¥$€£])?[^\S\n]*(?<!\d|\d[.,])(\d+(?:[.,]\d+)*)[^\S\n]*-?[^\S\n]*(%|[a-z°]+|\p{Script=Han}{1,3})?/gu;
/** What no text without numbers holds. */
const MAY_COUNT = new RegExp(
  `[\\p{N}〇零二两三四五六七八九十百千万半]|\\b(?:half|hundred|thousand|${[...ENGLISH_ONES, ...ENGLISH_TENS].join('|')})`,
  'iu',
);

/** A number of a text, with what it counts. */
export interface Counted {
  readonly number: string;
  /** Its unit or sign in one writing; empty where nothing follows. */
  readonly unit: string;
  readonly written: string;
}

/**
 * The numbers of a text, in digits or words of English and Chinese, each with the unit or sign beside it: "¥299" and "299 元" are
 * one, "三百克" is "300 g", "fifteen minutes" is "15 min". A Han unit that is not known is its first character.
 */
export function numbersOf(text: string): Counted[] {
  if (!MAY_COUNT.test(text)) return [];
  const plain = withDigits(text.normalize('NFKC').toLowerCase());
  return Array.from(plain.matchAll(NUMBER), ([written, sign, number = '', after = '']) => {
    const unit = sign ?? unitOf(after);
    const end = /\p{Script=Han}/u.test(after) ? written.length - after.length + Math.max(1, hanUnit(after).length) : written.length;
    return { number: number.replaceAll(',', ''), unit, written: written.slice(0, end).trim() };
  });
}

function unitOf(after: string): string {
  const unit = /^\p{Script=Han}/u.test(after) ? hanUnit(after) : after.length > 3 ? after.replace(/s$/, '') : after;
  return UNITS[unit] ?? unit;
}

function hanUnit(after: string): string {
  return HAN_UNITS.find((unit) => after.startsWith(unit)) ?? after.slice(0, 1);
}

/** Numbers in words as digits. */
function withDigits(text: string): string {
  return text
    .replace(/\bhalf\b/g, '0.5')
    .replace(ENGLISH_NUMBER, englishNumber)
    .replace(NO_NUMBERS, (word) => '·'.repeat(word.length))
    .replace(HAN_NUMBER, hanNumber);
}

/** "twenty-five" → 25, "two hundred" → 200. */
function englishNumber(_: string, count: string, scale: string | undefined): string {
  const [first = '', second] = count.split(/[ -]/);
  const tens = ENGLISH_TENS.indexOf(first);
  const small = /^an?$/.test(first) ? 1 : tens < 0 ? ENGLISH_ONES.indexOf(first) : 10 * (tens + 2);
  const whole = small + (second === undefined ? 0 : ENGLISH_ONES.indexOf(second));
  return String(whole * (scale === 'hundred' ? 100 : scale === 'thousand' ? 1000 : 1));
}

/** "十五" → 15, "两" → 2, "三百五" → 350, "一万二千" → 12000, "半" → 0.5; "三四" (three or four) and "百" alone stay as they are written. */
function hanNumber(written: string): string {
  if (written === '半') return '0.5';
  const plain = written.replaceAll('两', '二');
  const [thousands, rest, ...more] = plain.split('万');
  if (more.length > 0) return written;
  if (rest === undefined) return String(belowTenThousand(plain) ?? written);
  const high = belowTenThousand(thousands as string);
  // "三万五" leaves out its last scale.
  const low = rest === '' ? 0 : rest.length === 1 && digitOf(rest) > 0 ? digitOf(rest) * 1000 : belowTenThousand(rest.replace(/^零/, ''));
  return high === undefined || low === undefined ? written : String(high * 10_000 + low);
}

/** Undefined for what is no number of digits and scales from the greatest to the smallest. */
function belowTenThousand(written: string): number | undefined {
  const parts =
    /^(?:([一二三四五六七八九])千零?)?(?:([一二三四五六七八九])百零?)?(?:([一二三四五六七八九])?十)?([零一二三四五六七八九])?$/.exec(
      written,
    );
  if (!parts || written === '') return undefined;
  const [, thousands, hundreds, tens, ones] = parts;
  const value =
    1000 * amountOf(thousands) + 100 * amountOf(hundreds) + (written.includes('十') ? 10 * (tens === undefined ? 1 : amountOf(tens)) : 0);
  // "三百五" leaves out its last scale, "三百零五" does not.
  const scale = HAN_SCALES[written.at(-2) ?? ''];
  return value + amountOf(ones) * (scale === undefined ? 1 : scale / 10);
}

function amountOf(digit: string | undefined): number {
  return digit === undefined ? 0 : digitOf(digit);
}

function digitOf(character: string): number {
  return HAN_DIGITS.indexOf(character);
}
