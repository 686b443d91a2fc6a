/** Without white space, full-width and letter-case variants. */
const plain = (text: string): string => text.normalize('NFKC').replace(/\s/g, '').toLowerCase();

/**
 * Share of the characters that were read right: 1 − edits / characters, spaces aside. Each true line takes the nearest line
 * read that no other has taken; a line that nothing comes near counts as left out.
 */
export function readingAccuracy(lines: readonly string[], read: readonly string[]): number {
  const truth = lines.map(plain);
  const left = read.map(plain);
  let edits = 0;
  for (const line of truth) {
    const distances = left.map((other) => editDistance(line, other));
    const least = Math.min(...distances);
    edits += Math.min(line.length, least);
    if (least < line.length) left.splice(distances.indexOf(least), 1);
  }
  return 1 - edits / truth.join('').length;
}

/** Of the words of true lines in Latin letters, the share that was read with its spaces right; NaN where there is none. */
export function wordsRead(lines: readonly string[], read: readonly string[]): number {
  const wordsOf = (texts: readonly string[]): string[] => texts.flatMap((text) => text.normalize('NFKC').split(/\s+/));
  const truth = wordsOf(lines.filter((line) => /^[\p{ASCII}]+$/u.test(line)));
  const left = wordsOf(read);
  let found = 0;
  for (const word of truth) {
    const at = left.indexOf(word);
    if (at < 0) continue;
    left.splice(at, 1);
    found++;
  }
  return found / truth.length;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}
