/** Outcomes under way, handed out in the order they arrive; those of the same time in the order they were sent. */
export class Arrivals<Item> {
  private readonly heap: { readonly at: number; readonly sent: number; readonly item: Item }[] = [];
  private sent = 0;

  send(at: number, item: Item): void {
    const { heap } = this;
    const entry = { at, sent: this.sent++, item };
    let child = heap.length;
    heap.push(entry);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.isLater(parent, at, entry.sent)) break;
      heap[child] = heap[parent] as (typeof heap)[number];
      child = parent;
    }
    heap[child] = entry;
  }

  /** The earliest item that has arrived by a time, taken out; undefined when there is none. */
  receive(by: number): Item | undefined {
    const { heap } = this;
    const first = heap[0];
    if (!first || first.at > by) return undefined;
    const last = heap.pop() as typeof first;
    if (heap.length > 0) {
      let parent = 0;
      for (let child = 1; child < heap.length; child = 2 * parent + 1) {
        const right = heap[child + 1];
        if (right && this.isLater(child, right.at, right.sent)) child++;
        if (this.isLater(child, last.at, last.sent)) break;
        heap[parent] = heap[child] as typeof first;
        parent = child;
      }
      heap[parent] = last;
    }
    return first.item;
  }

  private isLater(index: number, at: number, sent: number): boolean {
    const entry = this.heap[index] as { readonly at: number; readonly sent: number };
    return entry.at > at || (entry.at === at && entry.sent > sent);
  }
}
