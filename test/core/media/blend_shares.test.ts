import { describe, expect, it } from 'vitest';
import { blendShares, movingView } from '../../../src/core/media/blend_shares.ts';
import { blend, evenTimes, measure } from './made_frames.ts';
import { hills } from './moving_views.ts';

const FRAMES = 60;
const times = evenTimes(FRAMES);
const all = [...times.keys()];

/** The frames of a dissolve from frame 19 to frame 40 between shots whose cameras move so many cells a frame. */
function dissolving(right: number): Uint8Array[] {
  const share = (t: number): number => Math.max(0, Math.min(1, (t - 19) / 21));
  return all.map((t) => blend(hills(1, right * t, 0), hills(2, -right * t, right * t), share(t)));
}

describe('shares of two views', () => {
  it.each([0, 0.03, 0.06])('rise evenly in a dissolve between shots that move by %s cells a frame', (right) => {
    const measures = measure(dissolving(right));
    const [a, b] = [movingView(measures, times, 19, [14, 5]), movingView(measures, times, 40, [45, 55])];
    const { shares, residual, seen } = blendShares(measures, times, a, b, all);
    for (const [t, share] of shares.entries()) expect(Math.abs(share - Math.max(0, Math.min(1, (t - 19) / 21)))).toBeLessThan(0.05);
    expect(residual).toBeLessThan(0.02);
    expect(seen).toBeGreaterThan(100);
  });

  it('leave a large residual where a third view comes between', () => {
    const measures = measure(all.map((t) => (t < 20 ? hills(1, 0, 0) : t < 40 ? hills(3, 0, 0) : hills(2, 0, 0))));
    const { residual } = blendShares(measures, times, movingView(measures, times, 0, [5]), movingView(measures, times, 59, [54]), all);
    expect(residual).toBeGreaterThan(0.2);
  });

  it('tell that two views have no cell in common', () => {
    const measures = measure(all.map((t) => hills(1, t * 0.4, 0)));
    const { seen } = blendShares(measures, times, movingView(measures, times, 5, [3]), movingView(measures, times, 55, [57]), [30]);
    expect(seen).toBe(0);
  });
});
