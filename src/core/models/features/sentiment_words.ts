const CHINESE_POSITIVE = `
好吃 好看 好用 好喝 好闻 好玩 好评 好物 好香 美味 美好 美丽 美极了 漂亮 精致 高级 惊艳 惊喜 喜欢 喜爱 最爱 热爱 爱了 爱上 爱吃 心动 幸福 开心 快乐 高兴 治愈 温柔 温暖
舒服 舒适 满足 满意 享受 放松 轻松 简单 方便 快手 省心 省力 省钱 划算 值得 超值 实惠 推荐 必备 必买 必吃 必看 必入 回购 安利 宝藏 神器 神仙 绝了 绝绝子 天花板 封神 完美
优秀 优雅 专业 靠谱 放心 安心 健康 清爽 清新 新鲜 鲜嫩 软糯 酥脆 香甜 浓郁 丝滑 显白 显瘦 显高 百搭 时髦 可爱 浪漫 赞 棒 香 甜 爱 美 妙 酷 赢`;

const CHINESE_NEGATIVE = `
难吃 难看 难用 难喝 难闻 难受 难过 难题 失败 失望 翻车 踩雷 踩坑 避雷 避坑 雷区 拔草 后悔 吐槽 垃圾 劝退 智商税 浪费 贵 太贵 麻烦 复杂 糟糕 糟 差 差评 坏 烂 丑 苦 累 痛 疼 烦
焦虑 担心 害怕 可怕 恐怖 危险 伤害 致命 过敏 长胖 发胖 油腻 暗沉 蜡黄 粗糙 干燥 枯燥 脱发 长痘 痘痘 皱纹 显黑 显胖 显老 土气 廉价 错误 错过 别买 别再 千万别 问题 毛病 骗 假 慌 崩溃 讨厌 生气 无聊`;

const ENGLISH_POSITIVE = `
amazing awesome beautiful best better bright brilliant charming cheerful clean comfy comfortable cool cosy cozy crisp crispy cute delicious delight
delightful dreamy easy effortless elegant enjoy excellent exciting fabulous fantastic favorite favourite fine flawless free fresh friendly fun
gentle glowing good gorgeous great happy healthy helpful heavenly hooray ideal impressive incredible inspiring irresistible joy juicy lovely loved
loves lucky luxurious magic magical nice outstanding perfect perfectly pleasant pretty proud pure recommend recommended refreshing relaxed relaxing
reliable rewarding rich safe satisfying save savings simple smart smooth soft special stunning success successful super superb sweet tasty tender
terrific trusted useful warm win winner winning wonderful worth yummy`;

const ENGLISH_NEGATIVE = `
afraid angry annoying anxious avoid awful awkward bad bitter bland boring broken burnt cheap clumsy complicated cruel damage damaged danger dangerous
deadly difficult dirty disappointed disappointing disaster disgusting doubt dry dull expensive fail failed failing fails failure fake fear flop
frustrating gross hard harmful hate hated hates horrible hurt hurts lose loser losing loss mess messy miserable mistake mistakes nasty negative
never outrageous overpriced pain painful panic poor problem problems ruin ruined sad scam scared scary shame shocking sick soggy sorry stale
stressed stressful struggle stupid suffer terrible tired toxic tragic ugly unfair unhappy unhealthy unsafe upset useless wasted waste weird worried
worry worse worst wrong`;

const split = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));
const POSITIVE = split(`${CHINESE_POSITIVE}\n${ENGLISH_POSITIVE}`);
const NEGATIVE = split(`${CHINESE_NEGATIVE}\n${ENGLISH_NEGATIVE}`);
/** Words that turn the next one round. */
const NEGATIONS = split(
  `不 没 没有 不是 不会 别 无 非 not no never without isn't aren't wasn't don't doesn't didn't can't won't isn’t aren’t wasn’t don’t doesn’t didn’t
can’t won’t`,
);

/** Which feelings the words of a text name: 'negative', 'positive', both or none; a word right after a negation counts the other way round. */
export function sentimentTerms(words: readonly string[]): string[] {
  const found = new Set<string>();
  const lower = words.map((word) => word.toLowerCase());
  lower.forEach((word, i) => {
    const isTurned = NEGATIONS.has(lower[i - 1] ?? '');
    if (POSITIVE.has(word)) found.add(isTurned ? 'negative' : 'positive');
    if (NEGATIVE.has(word)) found.add(isTurned ? 'positive' : 'negative');
  });
  return [...found].sort();
}
