import { createRandom, type Random } from '../../random.ts';

/** One candidate of every kind, by index into the n candidates of an ad: [kinds]. */
export type Combination = Int32Array;

export interface SpaceDefinition {
  /** Number of candidates of each kind, each at least 1. */
  readonly sizes: Int32Array;
  /** Pairs of candidates that may not stand together. */
  readonly forbidden?: readonly (readonly [number, number])[];
  /** [n]: false for a candidate that no combination may hold. */
  readonly allowed?: readonly boolean[];
  /** [n]: in how many creatives of a slate a candidate may be. */
  readonly mostUses?: Float64Array;
}

/** A space of so many combinations before its forbidden pairs is always counted exactly: 30 ms at the most. */
export const ALWAYS_COUNTED = 100_000;
/** Others are counted exactly as long as that takes no more steps than this. */
const MAX_COUNT_STEPS = 10_000;
/** About 20 ms for 6 × 50 candidates; where half of all pairs are forbidden they leave a standard error of 5 %. */
const COUNT_DRAWS = 1_000;
/** Uniform draws that may hit a forbidden pair one after the other. */
const MAX_REJECTED = 1_000;
const NO_PARTNERS = new Int32Array(0);

/** The combinations of an ad's candidates that its constraints allow. */
export class CombinationSpace {
  readonly sizes: Int32Array;
  readonly kinds: number;
  readonly candidates: number;
  /** [kinds]: index of each kind's first candidate. */
  readonly starts: Int32Array;
  /** [n] */
  readonly kindOf: Int32Array;
  /** Allowed candidates of each kind, ascending. */
  readonly allowed: readonly Int32Array[];
  /** [n] */
  readonly mostUses: Float64Array;
  /** [n]: the allowed candidates that each may not stand with. */
  private readonly partners: readonly Int32Array[];
  private readonly hasForbidden: boolean;
  /** [n]: 1 where a candidate has a forbidden partner in a later kind. */
  private readonly bindsLater: Uint8Array;
  private counted: { readonly count: number; readonly isExact: boolean } | undefined;
  private readonly definition: SpaceDefinition;

  constructor(definition: SpaceDefinition) {
    const { sizes, forbidden = [], allowed, mostUses } = definition;
    this.definition = definition;
    this.sizes = sizes;
    this.kinds = sizes.length;
    this.starts = sizes.map((_, kind) => sizes.subarray(0, kind).reduce((sum, size) => sum + size, 0));
    this.candidates = sizes.reduce((sum, size) => sum + size, 0);
    this.kindOf = Int32Array.from([...sizes].flatMap((size, kind) => Array.from({ length: size }, () => kind)));
    const isAllowed = (candidate: number): boolean => allowed?.[candidate] ?? true;
    this.allowed = Array.from(sizes, (size, kind) =>
      Int32Array.from({ length: size }, (_, place) => (this.starts[kind] as number) + place).filter(isAllowed),
    );
    this.mostUses = mostUses ?? new Float64Array(this.candidates).fill(Number.POSITIVE_INFINITY);
    const partners = new Map<number, Set<number>>();
    for (const [a, b] of forbidden) {
      if (!isAllowed(a) || !isAllowed(b) || this.kindOf[a] === this.kindOf[b]) continue;
      partners.set(a, (partners.get(a) ?? new Set()).add(b));
      partners.set(b, (partners.get(b) ?? new Set()).add(a));
    }
    this.hasForbidden = partners.size > 0;
    this.partners = Array.from({ length: this.candidates }, (_, candidate) => {
      const own = partners.get(candidate);
      return own ? Int32Array.from(own).sort() : NO_PARTNERS;
    });
    this.bindsLater = Uint8Array.from(this.partners, (own, candidate) =>
      own.some((partner) => (this.kindOf[partner] as number) > (this.kindOf[candidate] as number)) ? 1 : 0,
    );
  }

  /** The same without the candidates that are not kept. */
  narrowed(isKept: readonly boolean[]): CombinationSpace {
    const { allowed } = this.definition;
    return new CombinationSpace({ ...this.definition, allowed: isKept.map((kept, candidate) => kept && (allowed?.[candidate] ?? true)) });
  }

  /** Whether any combination is left. */
  get isEmpty(): boolean {
    const kinds = Array.from({ length: this.kinds }, (_, kind) => kind);
    return this.allowed.some(({ length }) => length === 0) || !this.completes(kinds, new Int32Array(this.candidates));
  }

  /**
   * How many combinations there are. Where forbidden pairs are too many to go through it is estimated, without bias, by the mean
   * over 1,000 draws of one candidate after the other, each uniform of those left, of the product of their numbers (Knuth 1975).
   */
  get count(): number {
    return this.counting().count;
  }

  get isCountExact(): boolean {
    return this.counting().isExact;
  }

  /** Whether no two candidates of a combination are a forbidden pair. */
  private permits(combination: Combination): boolean {
    return !this.hasForbidden || combination.every((candidate) => !this.partnersOf(candidate).some((other) => combination.includes(other)));
  }

  /** Whether a combination is one of the space. */
  holds(combination: Combination): boolean {
    const isAllowed = combination.length === this.kinds && combination.every((candidate, kind) => this.allowed[kind]?.includes(candidate));
    return isAllowed && this.permits(combination);
  }

  /**
   * The candidates of the next kind that leave a completion, given one of each kind before; never empty where the chosen ones
   * came out of this. A candidate without forbidden partners in later kinds needs no search.
   */
  open(chosen: Combination): Int32Array {
    const step = chosen.length;
    const candidates = this.allowed[step] as Int32Array;
    if (!this.hasForbidden) return candidates;
    const blocked = new Int32Array(this.candidates);
    for (const candidate of chosen) this.block(blocked, candidate, 1);
    const later = Array.from({ length: this.kinds - step - 1 }, (_, i) => step + 1 + i);
    return candidates.filter((candidate) => {
      if ((blocked[candidate] as number) > 0) return false;
      if (this.bindsLater[candidate] === 0) return true;
      this.block(blocked, candidate, 1);
      const completes = this.completes(later, blocked);
      this.block(blocked, candidate, -1);
      return completes;
    });
  }

  /**
   * A combination drawn uniformly, by rejection; where 1,000 draws running hold a forbidden pair, each kind's candidate is
   * uniform over those that leave a completion instead, which is only nearly uniform.
   */
  draw(random: Random): Combination {
    for (let tries = 0; tries < MAX_REJECTED; tries++) {
      const combination = this.drawLoose(random);
      if (this.permits(combination)) return combination;
    }
    const combination = new Int32Array(this.kinds);
    for (let kind = 0; kind < this.kinds; kind++) {
      const open = this.open(combination.subarray(0, kind));
      combination[kind] = open[random.below(open.length)] as number;
    }
    return combination;
  }

  private drawLoose(random: Random): Combination {
    return Int32Array.from(this.allowed, (candidates) => candidates[random.below(candidates.length)] as number);
  }

  private partnersOf(candidate: number): Int32Array {
    return this.partners[candidate] as Int32Array;
  }

  private block(blocked: Int32Array, candidate: number, by: 1 | -1): void {
    for (const partner of this.partnersOf(candidate)) blocked[partner] = (blocked[partner] as number) + by;
  }

  /** Whether a candidate has a forbidden partner in one of the kinds. */
  private isBound(candidate: number, kinds: readonly number[]): boolean {
    return this.partnersOf(candidate).some((partner) => kinds.includes(this.kindOf[partner] as number));
  }

  /** Whether unblocked candidates of the kinds can stand together: backtracking with forward checking, the tightest kind first. */
  private completes(kinds: readonly number[], blocked: Int32Array): boolean {
    const tight: { readonly kind: number; readonly left: Int32Array }[] = [];
    for (const kind of kinds) {
      const left = (this.allowed[kind] as Int32Array).filter((candidate) => blocked[candidate] === 0);
      if (left.length === 0) return false;
      // A kind with a candidate that forbids nothing can take that one, whatever the others take.
      if (left.every((candidate) => this.isBound(candidate, kinds))) tight.push({ kind, left });
    }
    tight.sort((a, b) => a.left.length - b.left.length);
    const [first, ...others] = tight;
    if (!first) return true;
    const rest = others.map(({ kind }) => kind);
    return first.left.some((candidate) => {
      this.block(blocked, candidate, 1);
      const completes = this.completes(rest, blocked);
      this.block(blocked, candidate, -1);
      return completes;
    });
  }

  private counting(): { readonly count: number; readonly isExact: boolean } {
    this.counted ??= this.countAll();
    return this.counted;
  }

  private countAll(): { readonly count: number; readonly isExact: boolean } {
    const all = this.allowed.reduce((product, { length }) => product * length, 1);
    if (!this.hasForbidden) return { count: all, isExact: true };
    const count = this.countWithin(all <= ALWAYS_COUNTED ? Number.POSITIVE_INFINITY : MAX_COUNT_STEPS);
    return count === undefined ? { count: this.estimateCount(), isExact: false } : { count, isExact: true };
  }

  /** The exact count; undefined where it takes more steps. Candidates that forbid nothing in later kinds are counted together. */
  private countWithin(mostSteps: number): number | undefined {
    const blocked = new Int32Array(this.candidates);
    let steps = 0;
    const countFrom = (kind: number): number => {
      if (kind === this.kinds) return 1;
      steps += 1;
      let [free, sum] = [0, 0];
      for (const candidate of this.allowed[kind] as Int32Array) {
        if (steps > mostSteps) return 0;
        if ((blocked[candidate] as number) > 0) continue;
        if (this.bindsLater[candidate] === 0) {
          free += 1;
          continue;
        }
        this.block(blocked, candidate, 1);
        sum += countFrom(kind + 1);
        this.block(blocked, candidate, -1);
      }
      return free === 0 ? sum : sum + free * countFrom(kind + 1);
    };
    const count = countFrom(0);
    return steps > mostSteps ? undefined : count;
  }

  /** At least 1 where there is a combination. */
  private estimateCount(): number {
    if (this.isEmpty) return 0;
    const random = createRandom(1);
    const blocked = new Int32Array(this.candidates);
    let sum = 0;
    for (let draw = 0; draw < COUNT_DRAWS; draw++) sum += this.drawProduct(blocked, 0, random);
    return Math.max(1, Math.round(sum / COUNT_DRAWS));
  }

  /** Draws unblocked candidates of the kinds from one on, and gives the product of their numbers: 0 in a dead end. */
  private drawProduct(blocked: Int32Array, kind: number, random: Random): number {
    if (kind === this.kinds) return 1;
    const left = (this.allowed[kind] as Int32Array).filter((candidate) => blocked[candidate] === 0);
    if (left.length === 0) return 0;
    const candidate = left[random.below(left.length)] as number;
    this.block(blocked, candidate, 1);
    const later = this.drawProduct(blocked, kind + 1, random);
    this.block(blocked, candidate, -1);
    return left.length * later;
  }
}
