import { describe, expect, it } from 'vitest';
import { forEachAtOnce } from '../../../../src/core/text/remote/at_once.ts';

const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('work at once', () => {
  it('begins items in order, so many at a time, and ends with the last of them', async () => {
    const begun: number[] = [];
    let underWay = 0;
    let most = 0;
    await forEachAtOnce(
      Array.from({ length: 25 }, (_, index) => index),
      4,
      async (item, index) => {
        expect(index).toBe(item);
        begun.push(item);
        underWay += 1;
        most = Math.max(most, underWay);
        await soon(item % 3);
        underWay -= 1;
      },
    );
    expect(begun).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(most).toBe(4);
    expect(underWay).toBe(0);
  });

  it('begins nothing after a failure, and lets the others end', async () => {
    const ended: number[] = [];
    let isFailing = (): void => {};
    const failing = new Promise<void>((resolve) => {
      isFailing = resolve;
    });
    const working = forEachAtOnce([0, 1, 2, 3, 4, 5], 2, async (item) => {
      // The first is under way until the third has failed.
      if (item === 0) await failing.then(() => soon(1));
      if (item === 2) {
        isFailing();
        throw new Error('two');
      }
      ended.push(item);
    });
    await expect(working).rejects.toThrow('two');
    expect(ended).toEqual([1, 0]);
  });
});
