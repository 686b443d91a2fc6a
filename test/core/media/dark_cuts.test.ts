import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { analyseVideo } from '../../../src/core/media/video.ts';
import { packagedFfmpeg, temporaryFolder } from './made_media.ts';
import { film, makeScenes } from './scene_maker.ts';

it('most cuts are found where a fifth of the light is left, and nothing else is', async () => {
  const folder = resolve('fixtures/notes');
  const photos = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('-01.jpg'));
  const scene = await makeScenes(
    {
      name: 'dark',
      shots: photos.sort().map((name) => film(resolve(folder, name), 30)),
      filters: ["lutyuv=y='16+(val-16)*0.2':u='128+(val-128)*0.2':v='128+(val-128)*0.2'"],
    },
    temporaryFolder(),
  );
  const { boundaries } = await analyseVideo({ ffmpeg: await packagedFfmpeg(), path: scene.file });
  const found = scene.cuts.filter((cut) => boundaries.some(({ first, last }) => first <= cut && cut <= last + 1));
  // Two pairs of these photos are too much alike in the dark.
  expect(found.length).toBeGreaterThanOrEqual(9);
  expect(boundaries).toHaveLength(found.length);
});
