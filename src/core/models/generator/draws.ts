import type { Random } from '../../random.ts';
import type { AdDecisions, Decision, Prefix } from './decisions.ts';
import type { Combination } from './space.ts';

/** A prefix that draws have reached, and what the policy decides there. */
interface Node {
  readonly prefix: Prefix;
  readonly decision: Decision;
  readonly children: Map<number, Node>;
}

/** A combination drawn from a policy. */
export interface Draw {
  readonly combination: Combination;
  /** ln π(x). */
  readonly logProbability: number;
  /** [kinds]: the decisions on the way. */
  readonly decisions: readonly Decision[];
}

/** Independent draws; what several have in common is computed once. */
export function drawCombinations(decisions: AdDecisions, count: number, random: Random): Draw[] {
  const { kinds } = decisions.space;
  const nodeAt = (prefix: Prefix): Node => ({ prefix, decision: decisions.decide(prefix), children: new Map() });
  const root = nodeAt(decisions.root);
  return Array.from({ length: count }, () => {
    const path: Decision[] = [];
    const combination = new Int32Array(kinds);
    let logProbability = 0;
    let node = root;
    for (let kind = 0; kind < kinds; kind++) {
      const { decision, prefix, children } = node;
      const choice = drawChoice(decision.logProbability, random);
      const candidate = decision.open[choice] as number;
      path.push(decision);
      combination[kind] = candidate;
      logProbability += decision.logProbability[choice] as number;
      if (kind === kinds - 1) break;
      node = children.get(candidate) ?? nodeAt(decisions.extend(prefix, candidate));
      children.set(candidate, node);
    }
    return { combination, logProbability, decisions: path };
  });
}

/** A given combination of the space as if it had been drawn. */
export function drawOf(decisions: AdDecisions, combination: Combination): Draw {
  const path: Decision[] = [];
  let prefix = decisions.root;
  let logProbability = 0;
  for (const candidate of combination) {
    const decision = decisions.decide(prefix);
    path.push(decision);
    logProbability += decision.logProbability[decision.open.indexOf(candidate)] as number;
    prefix = decisions.extend(prefix, candidate);
  }
  return { combination, logProbability, decisions: path };
}

function drawChoice(logProbability: Float64Array, random: Random): number {
  let left = random.uniform();
  for (let i = 0; i < logProbability.length - 1; i++) {
    left -= Math.exp(logProbability[i] as number);
    if (left < 0) return i;
  }
  return logProbability.length - 1;
}

interface BeamNode {
  readonly prefix: Prefix;
  readonly logProbability: number;
  /** ln π plus Gumbel noise: the greatest among all combinations that begin so. */
  readonly key: number;
}

/**
 * Combinations drawn from a policy without replacement, all there are where those are fewer than `count`: stochastic beam
 * search (Kool, van Hoof & Welling 2019), which is the draw of the `count` greatest `ln π(x) + Gumbel` without going through
 * all x.
 */
export function drawDistinct(decisions: AdDecisions, count: number, random: Random): Combination[] {
  const { kinds } = decisions.space;
  let beam: BeamNode[] = [{ prefix: decisions.root, logProbability: 0, key: 0 }];
  for (let kind = 0; kind < kinds; kind++) {
    const kept = new GreatestKeys(count);
    const expanded: Expanded[] = [];
    for (const node of beam) {
      // No child's key is greater than its parent's: about half of the nodes need no decision.
      if (node.key < kept.least) break;
      const children = expand(node, decisions.decide(node.prefix), random);
      for (let at = 0; at < children.keys.length; at++) kept.add(children.keys[at] as number);
      expanded.push(children);
    }
    beam = [];
    for (const { node, decision, keys } of expanded) {
      for (let at = 0; at < keys.length; at++) {
        if ((keys[at] as number) < kept.least) continue;
        const candidate = decision.open[at] as number;
        beam.push({
          prefix: kind === kinds - 1 ? withLast(node.prefix, candidate) : decisions.extend(node.prefix, candidate),
          logProbability: node.logProbability + (decision.logProbability[at] as number),
          key: keys[at] as number,
        });
      }
    }
    beam.sort((a, b) => b.key - a.key);
  }
  return beam.map(({ prefix }) => prefix.chosen);
}

/** A last candidate needs no gains for later kinds. */
function withLast(prefix: Prefix, candidate: number): Prefix {
  return { ...prefix, chosen: Int32Array.of(...prefix.chosen, candidate) };
}

interface Expanded {
  readonly node: BeamNode;
  readonly decision: Decision;
  readonly keys: Float64Array;
}

/** Keys of a node's children: Gumbel noise about their ln π, given that the greatest is the node's. */
function expand(node: BeamNode, decision: Decision, random: Random): Expanded {
  const { logProbability } = decision;
  const keys = new Float64Array(logProbability.length);
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < keys.length; i++) {
    keys[i] = node.logProbability + (logProbability[i] as number) - Math.log(random.exponential());
    greatest = Math.max(greatest, keys[i] as number);
  }
  for (let i = 0; i < keys.length; i++) {
    const v = node.key - (keys[i] as number) + Math.log1p(-Math.exp((keys[i] as number) - greatest));
    keys[i] = node.key - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
  }
  return { node, decision, keys };
}

/** The greatest of the keys added, so many of them: a heap whose root is the least one kept. */
class GreatestKeys {
  private readonly heap: Float64Array;

  constructor(count: number) {
    this.heap = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  }

  /** The least key kept; −∞ while there is room. */
  get least(): number {
    return this.heap[0] as number;
  }

  add(key: number): void {
    const { heap } = this;
    if (key <= (heap[0] as number)) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= key) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = key;
  }
}
