/** Terms that two texts may share; of an image the words read in it. */
const WORDS = /^(?:words|text)=/;

/**
 * How alike candidates of one kind are by their words: the cosine of the sets, `|A ∩ B| / √(|A|·|B|)`, 0 where one has none.
 * @param sizes [kinds]: number of candidates of each kind
 * @param terms [n]: terms of each candidate, `part=term`
 * @returns [n × n], 1 on the diagonal, 0 between kinds; undefined where no candidate has words
 */
export function wordLikeness(sizes: Int32Array, terms: readonly (readonly string[])[]): Float64Array | undefined {
  const words = terms.map((own) => new Set(own.filter((term) => WORDS.test(term))));
  if (words.every(({ size }) => size === 0)) return undefined;
  const n = terms.length;
  const likeness = new Float64Array(n * n);
  let first = 0;
  for (const size of sizes) {
    for (let i = first; i < first + size; i++) {
      likeness[i * n + i] = 1;
      for (let j = first; j < i; j++) {
        const cosine = cosineOf(words[i] as Set<string>, words[j] as Set<string>);
        likeness[i * n + j] = cosine;
        likeness[j * n + i] = cosine;
      }
    }
    first += size;
  }
  return likeness;
}

function cosineOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / Math.sqrt(a.size * b.size);
}
