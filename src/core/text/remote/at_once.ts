/**
 * Works on items in their order, at most `atOnce` at the same time; the next one is begun when one is done.
 * @throws what `work` throws first, once everything under way has ended; nothing is begun after it
 */
export async function forEachAtOnce<T>(items: Iterable<T>, atOnce: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failures: unknown[] = [];
  let begun = 0;
  const goOn = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = waiting.next();
      if (next.done) return;
      begun += 1;
      try {
        await work(next.value, begun - 1);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, goOn));
  if (failures.length > 0) throw failures[0];
}
