/**
 * So many places; who finds none waits for one in the order of coming. A server that is asked too often gets half as many at
 * once, and then one more for each round of answers (additive increase, multiplicative decrease).
 */
export class Connections {
  readonly #waiting: (() => void)[] = [];
  readonly #most: number;
  #places: number;
  #used = 0;
  /** How often the places were halved; work that was begun before the last time does not halve them again. */
  #halvings = 0;

  constructor(places: number) {
    this.#most = places;
    this.#places = places;
  }

  /** Does the work once there is a place for it, and gives the place on; `slowDown` tells that the server was asked too often. */
  async use<T>(work: (slowDown: () => void) => Promise<T>): Promise<T> {
    if (this.#used < Math.floor(this.#places)) this.#used += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const begunAt = this.#halvings;
    const slowDown = (): void => {
      if (begunAt < this.#halvings) return;
      this.#halvings += 1;
      this.#places = Math.max(1, this.#places / 2);
    };
    try {
      const result = await work(slowDown);
      this.#places = Math.min(this.#most, this.#places + 1 / this.#places);
      return result;
    } finally {
      this.#used -= 1;
      while (this.#waiting.length > 0 && this.#used < Math.floor(this.#places)) {
        this.#used += 1;
        this.#waiting.shift()?.();
      }
    }
  }
}
