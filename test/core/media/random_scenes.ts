import { readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRandom, type Random } from '../../../src/core/random.ts';
import { makePicture } from './made_media.ts';
import { dissolved, faded, film, flash, fractal, makeScenes, type SceneScript, type SceneVideo, still, zoom } from './scene_maker.ts';

const DRAWN_PICTURES = 8;
/** Shots are longer than two of the longest gradual changes. */
const SHORTEST_SHOT = 50;
const LONGEST_CHANGE = 24;
const SIZES = [
  { width: 320, height: 180 },
  { width: 180, height: 320 },
  { width: 320, height: 320 },
  { width: 640, height: 360 },
];

type Scene = SceneScript['shots'][number];

/**
 * Videos of three to five shots drawn at random: pictures, camera moves, boundaries, light, noise, size and compression. They
 * show how a detector does on what its thresholds were not chosen by.
 */
export async function makeRandomScenes(folder: string, count: number, seed: number): Promise<SceneVideo[]> {
  const random = createRandom(seed);
  const pictures = await findPictures(folder, seed);
  const scripts = Array.from({ length: count }, (_, index) => drawScript(random, `random ${index}`, pictures)).entries();
  const made: SceneVideo[] = [];
  const work = async (): Promise<void> => {
    for (const [index, script] of scripts) made[index] = await makeScenes(script, folder);
  };
  await Promise.all([work(), work()]);
  return made;
}

async function findPictures(folder: string, seed: number): Promise<string[]> {
  const notes = resolve('fixtures/notes');
  const photos = readdirSync(notes, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg'));
  const pictures = photos.sort().map((name) => join(notes, name));
  for (let index = 0; index < DRAWN_PICTURES; index++) {
    const file = join(folder, `random-${index}.png`);
    writeFileSync(file, await makePicture(seed + index, 900, 600));
    pictures.push(file);
  }
  return pictures;
}

function drawScript(random: Random, name: string, pictures: readonly string[]): SceneScript {
  // Two shots of one picture would be no cut but a jump of the camera.
  const left = [...pictures];
  const draw = (): Scene => drawShot(random, left.splice(random.below(left.length), 1)[0] as string);
  const shots = [draw()];
  for (let more = 2 + random.below(3); more > 0; more--) shots.push(drawJoint(random, draw()));
  const frames = shots.reduce((sum, shot) => sum + shot.frames, 0);
  return {
    name,
    shots,
    filters: drawFilters(random, frames),
    size: pick(random, SIZES),
    encoding: ['-crf', String(18 + random.below(18)), '-g', String(pick(random, [12, 50, 250]))],
  };
}

function drawShot(random: Random, picture: string): Scene {
  const frames = SHORTEST_SHOT + random.below(30);
  const number = (from: number, to: number): string => (from + (to - from) * random.uniform()).toFixed(2);
  const kinds: (() => Scene)[] = [
    () => still(picture, frames),
    () => fractal(frames),
    () => zoom(picture, frames, 0.005 + 0.02 * random.uniform()),
    () => film(picture, frames, `abs(200-n*${number(3, 12)})`, '30', 2.4),
    () => film(picture, frames, `60+${number(4, 12)}*sin(n*${number(0.5, 1.5)})`, `40+${number(4, 12)}*sin(n*${number(0.7, 1.7)})`, 1.8),
  ];
  const slow = (): Scene => film(picture, frames, `${number(0, 60)}+n*${number(0, 1.5)}`, `${number(0, 40)}+n*${number(0, 1)}`, 1.8);
  // Half of all shots are of a camera that hardly moves, as most are in real videos.
  return random.below(2) === 0 ? slow() : pick(random, kinds)();
}

/** Half cuts, a quarter dissolves, a quarter fades. */
function drawJoint(random: Random, shot: Scene): Scene {
  const kind = random.below(4);
  if (kind < 2) return shot;
  if (kind === 2) return dissolved(5 + random.below(LONGEST_CHANGE - 4), shot);
  return faded(pick(random, ['black', 'black', 'white']), 3 + random.below(10), 1 + random.below(6), 3 + random.below(10), shot);
}

/** Half of the videos have a flash, noise, light that changes or little light. */
function drawFilters(random: Random, frames: number): string[] {
  const strength = random.uniform();
  const at = 10 + random.below(Math.floor(frames / 2));
  return pick(random, [
    [],
    [],
    [],
    [],
    [flash(at, at + random.below(3), 0.6 + 0.4 * strength)],
    [`noise=c0s=${Math.round(5 + 10 * strength)}:c0f=t`],
    [`eq=brightness='${0.15 * strength}*sin(n/15)':eval=frame`],
    [`lutyuv=y='16+(val-16)*${0.25 + 0.5 * strength}'`],
  ]);
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)] as T;
}
