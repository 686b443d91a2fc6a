import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPicture } from '../../src/core/media/picture.ts';
import { measurePicture, type PictureMeasures, type QualityParts } from '../../src/core/media/quality.ts';
import { createRandom } from '../../src/core/random.ts';
import { DEGRADATIONS, degraded } from '../core/media/degraded_photos.ts';
import { hasRealData, realFile, tell } from './real_data.ts';

const SETS = ['howtocook/images', 'based-cooking/images', 'photo'];
/** Photos drawn of all; the rest was looked at when the weights were chosen. */
const SAMPLE = 16;
const PAIRS_IN_ORDER = 0.97;

async function measuresOf(photo: string | Buffer): Promise<PictureMeasures> {
  const { working, width, height, compression } = await readPicture(photo);
  return measurePicture(working, width, height, { compression });
}

function sampleOfPhotos(): string[] {
  const random = createRandom(6);
  const photos = SETS.flatMap((set) => {
    const names = readdirSync(realFile(set), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).map((name) => realFile(set, name));
  }).sort();
  return Array.from({ length: SAMPLE }, () => photos.splice(random.below(photos.length), 1)[0] as string);
}

describe.skipIf(!hasRealData())('real photos', () => {
  it(`score above their degraded copies in at least ${PAIRS_IN_ORDER * 100} % of the pairs, as PNG and as JPEG`, async () => {
    const inOrder = new Map(Object.keys(DEGRADATIONS).map((name) => [name, 0]));
    for (const photo of sampleOfPhotos()) {
      const { score } = await measuresOf(photo);
      for (const [name, count] of inOrder) {
        let better = 0;
        for (const format of ['png', 'jpeg'] as const) if ((await measuresOf(await degraded(photo, name, format))).score < score) better++;
        inOrder.set(name, count + better);
      }
    }
    const shares = [...inOrder].map(([name, count]) => [name, count / (2 * SAMPLE)] as const);
    for (const [name, share] of shares) tell(`${name}: ${(100 * share).toFixed(1)} % of ${2 * SAMPLE} pairs`);
    // Of so few pairs of one change a single photo is 6 %: the bound holds for all changes together, and each may lose one.
    expect(shares.reduce((sum, [, share]) => sum + share, 0) / shares.length).toBeGreaterThanOrEqual(PAIRS_IN_ORDER);
    for (const [name, share] of shares) expect(share, name).toBeGreaterThanOrEqual(1 - 1 / SAMPLE);
  });

  it('of one note: the best scored is sharper and better exposed than the note’s median photo', async () => {
    const gains = { sharpness: [] as number[], exposure: [] as number[] };
    for (const set of ['howtocook', 'based-cooking']) {
      for (const line of readFileSync(realFile(set, 'notes.jsonl'), 'utf8').trim().split('\n')) {
        const { media = [] } = JSON.parse(line) as { media?: string[] };
        if (media.length < 2) continue;
        const measures: PictureMeasures[] = [];
        for (const photo of media) measures.push(await measuresOf(realFile(set, photo)));
        const cover = measures.reduce((best, next) => (next.score > best.score ? next : best)).parts;
        for (const part of ['sharpness', 'exposure'] as const) {
          gains[part].push(
            cover[part] -
              median(
                measures.map(({ parts }) => parts),
                part,
              ),
          );
        }
      }
    }
    for (const [part, values] of Object.entries(gains)) {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const share = values.filter((value) => value >= 0).length / values.length;
      tell(
        `${part} of the cover less the median: ${mean.toFixed(3)} on average, at least the median's in ${(100 * share).toFixed(0)} % of ${values.length} notes`,
      );
      // Half of these notes have two or three photos, where the sharpest is often not the best exposed.
      expect(mean, part).toBeGreaterThan(0);
      expect(share, part).toBeGreaterThanOrEqual(0.75);
    }
  });
});

function median(parts: readonly QualityParts[], part: 'sharpness' | 'exposure'): number {
  const values = parts.map((own) => own[part]).sort((a, b) => a - b);
  return ((values[(values.length - 1) >> 1] as number) + (values[values.length >> 1] as number)) / 2;
}
