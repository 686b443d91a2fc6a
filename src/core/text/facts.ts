const AMOUNT = String.raw`\d+(?:[.,]\d+)?(?:\s?[-–~～至到]\s?\d+)?`;
const ENGLISH_TIME = new RegExp(
  String.raw`^([a-z]{3,12})\s+time\s?:\s*(~|about\s|around\s)?\s*(${AMOUNT}\s?(?:min(?:ute)?s?|h|hrs?|hours?|days?)(?:\s\d+\s?min(?:ute)?s?)?)$`,
  'i',
);
const ENGLISH_SERVINGS = new RegExp(String.raw`^(?:servings?|portions?|serves)\s?:\s*(${AMOUNT})(?:\s(?:people|persons?))?$`, 'i');
const CHINESE_TIME = new RegExp(
  String.raw`^(\p{Script=Han}{0,4}(?:时间|时长|用时|耗时))\s*[:：]\s*(?:大?约\s*)?(${AMOUNT}\s*(?:分钟|小时|天))$`,
  'u',
);
const CHINESE_SERVINGS = new RegExp(String.raw`^(?:份量|分量|人数|人份)\s*[:：]\s*(${AMOUNT}\s*人份?)$`, 'u');

/**
 * A labelled time or count of servings as a title says it: "Cook time: ~15 min" → "cook about 15 min", "Servings: 4" →
 * "4 servings", "烹饪时间：30 分钟" → "烹饪时间30分钟"; undefined for any other line. `line` is plain text.
 */
export function readFact(line: string): string | undefined {
  const time = ENGLISH_TIME.exec(line);
  if (time) return `${(time[1] as string).toLowerCase()} ${time[2] === undefined ? '' : 'about '}${english(time[3] as string)}`;
  const servings = ENGLISH_SERVINGS.exec(line)?.[1];
  if (servings !== undefined) return `${english(servings)} ${servings === '1' ? 'serving' : 'servings'}`;
  const chineseTime = CHINESE_TIME.exec(line);
  if (chineseTime) return `${chineseTime[1]}${chinese(chineseTime[2] as string)}`;
  const people = CHINESE_SERVINGS.exec(line)?.[1];
  return people === undefined ? undefined : chinese(people);
}

/** "20~30 min" → "20 to 30 min". */
function english(amount: string): string {
  return amount.replace(/(?<=\d)\s?[~～]\s?(?=\d)/, ' to ');
}

/** "20 ~ 30 分钟" → "20至30分钟". */
function chinese(amount: string): string {
  return amount.replace(/(?<=\d)\s?[~～]\s?(?=\d)/, '至').replace(/\s/g, '');
}
