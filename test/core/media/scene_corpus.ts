import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makePicture } from './made_media.ts';
import {
  cells,
  dissolved,
  faded,
  film,
  flash,
  fractal,
  life,
  makeScenes,
  type SceneScript,
  type SceneVideo,
  still,
  testPattern,
  zoom,
} from './scene_maker.ts';

/**
 * Makes small videos of three to ten seconds each with every kind of shot boundary, and with what is easily mistaken for one.
 * Their scenes are drawn photos and pictures under a moving camera, fractals, test patterns and cellular automata.
 */
export async function makeSceneCorpus(folder: string): Promise<SceneVideo[]> {
  const pictures = await makePictures(folder);
  const queue = sceneCases(pictures).entries();
  const made: SceneVideo[] = [];
  const work = async (): Promise<void> => {
    for (const [index, scene] of queue) made[index] = await makeScenes(scene, folder);
  };
  await Promise.all([work(), work()]);
  return made;
}

type Pictures = Readonly<
  Record<'lake' | 'train' | 'noodles' | 'serum' | 'plants' | 'discs' | 'moreDiscs' | 'otherDiscs' | 'wide' | 'caption', string>
>;

async function makePictures(folder: string): Promise<Pictures> {
  const drawn = async (name: string, seed: number, width = 640, height = 400): Promise<string> => {
    const file = join(folder, `${name}.png`);
    writeFileSync(file, await makePicture(seed, width, height));
    return file;
  };
  const photo = (name: string): string => resolve('fixtures/notes', `${name}.jpg`);
  return {
    lake: photo('lake/lake-03'),
    train: photo('train/train-02'),
    noodles: photo('noodles/noodles-03'),
    serum: photo('serum/serum-03'),
    plants: photo('plants/plants-02'),
    discs: await drawn('discs', 1),
    moreDiscs: await drawn('more-discs', 2),
    otherDiscs: await drawn('other-discs', 3),
    wide: await drawn('wide', 6, 3200, 800),
    caption: await drawn('caption', 5, 280, 44),
  };
}

function sceneCases(p: Pictures): SceneScript[] {
  const grain = 'noise=alls=14:allf=t';
  const night = "lutyuv=y='16+(val-16)*0.22'";
  const shakenX = '60+9*sin(n*0.9)+5*sin(n*2.1)';
  const shakenY = '40+7*sin(n*1.3)+4*sin(n*2.7)';
  return [
    {
      name: 'cuts',
      shots: [film(p.lake, 30), fractal(25), film(p.train, 25), testPattern(20)],
    },
    {
      name: 'cuts 8 and 10 frames apart',
      shots: [film(p.noodles, 25), film(p.serum, 10), film(p.plants, 8), film(p.discs, 10), film(p.lake, 25)],
    },
    {
      name: 'cuts between similar colours',
      shots: [film(p.discs, 30), film(p.moreDiscs, 25), film(p.otherDiscs, 30)],
    },
    {
      name: 'cuts at night',
      shots: [film(p.serum, 30), film(p.plants, 25), film(p.discs, 25)],
      filters: [night, grain],
    },
    {
      name: 'cuts in heavy compression',
      shots: [film(p.train, 30), film(p.otherDiscs, 33), film(p.noodles, 25)],
      filters: [grain],
      encoding: ['-crf', '38', '-g', '12'],
    },
    {
      name: 'cuts between whirling cells',
      shots: [life(30), cells(30), film(p.plants, 25)],
    },
    {
      name: 'cuts between fast pans',
      shots: [film(p.wide, 30, '20+n*16', '20', 2), film(p.wide, 30, '700-n*20', '40', 2.2), film(p.train, 20)],
    },
    {
      name: 'fade through black',
      shots: [film(p.lake, 40), faded('black', 12, 5, 12, film(p.noodles, 45)), faded('black', 6, 2, 6, fractal(30))],
    },
    {
      name: 'fade through white',
      shots: [film(p.plants, 40), faded('white', 10, 3, 10, film(p.train, 45))],
    },
    {
      name: 'fade from black and to black at the ends',
      shots: [film(p.noodles, 75)],
      filters: ['fade=in:0:20,fade=out:54:20'],
      ends: [
        [0, 20],
        [54, 74],
      ],
    },
    {
      name: 'dissolves of 8, 15 and 30 frames',
      shots: [film(p.serum, 35), dissolved(8, film(p.lake, 45)), dissolved(15, film(p.discs, 75)), dissolved(30, film(p.train, 60))],
    },
    {
      name: 'dissolve between moving shots',
      shots: [fractal(40), dissolved(12, film(p.wide, 60, '20+n*5', '20', 2)), dissolved(20, zoom(p.plants, 50, 0.01))],
    },
    {
      name: 'slow dissolves between still pictures',
      shots: [still(p.lake, 75), dissolved(50, still(p.noodles, 150)), dissolved(75, still(p.plants, 100))],
    },
    {
      name: 'slow dissolves between panning shots',
      shots: [
        film(p.train, 75, '20+n*0.8', '20', 2),
        dissolved(50, film(p.serum, 150, '150-n*0.6', '20+n*0.2', 2)),
        dissolved(75, film(p.wide, 100, '200+n*0.8', '40', 2)),
      ],
    },
    {
      name: 'slow dissolves between zooms',
      shots: [zoom(p.plants, 75, 0.002), dissolved(50, film(p.lake, 110)), dissolved(30, zoom(p.discs, 60, 0.003))],
    },
    {
      name: 'slow fades beside panning shots',
      shots: [
        film(p.wide, 90, '20+n*0.8', '20', 2),
        faded('black', 50, 10, 75, film(p.noodles, 170, '20+n*0.8', '20', 2)),
        faded('white', 60, 5, 50, film(p.train, 80, '150-n*0.8', '20', 2)),
      ],
    },
    {
      name: 'flashes in a shot',
      shots: [film(p.lake, 80)],
      filters: [flash(18, 18, 1), flash(35, 36, 0.85), flash(55, 55, 1), flash(56, 56, 0.8), flash(57, 57, 0.5)],
      unusable: [
        [18, 18],
        [35, 36],
        [55, 57],
      ],
    },
    {
      name: 'flash at a cut',
      shots: [film(p.noodles, 30), film(p.lake, 35), film(p.train, 30)],
      filters: [flash(30, 30, 1), flash(64, 64, 0.7), flash(65, 65, 0.7)],
      unusable: [
        [30, 30],
        [64, 65],
      ],
    },
    {
      name: 'stroboscope',
      shots: [film(p.discs, 70)],
      filters: Array.from({ length: 6 }, (_, i) => flash(15 + 7 * i, 15 + 7 * i, 0.9)),
      unusable: Array.from({ length: 6 }, (_, i) => [15 + 7 * i, 15 + 7 * i] as const),
    },
    { name: 'fast pan', shots: [film(p.wide, 70, '20+abs(35-n)*24', '40', 2)] },
    { name: 'slow pan', shots: [film(p.wide, 140, '20+n*4', '40', 2)] },
    { name: 'slow zoom', shots: [zoom(p.noodles, 140, 0.012)] },
    { name: 'fast zoom', shots: [zoom(p.lake, 60, 0.05)] },
    {
      name: 'shaking camera',
      shots: [film(p.train, 45, shakenX, shakenY), film(p.plants, 40, shakenY, shakenX)],
    },
    {
      name: 'object that fills the frame',
      shots: [still(p.noodles, 80)],
      overlay: { picture: p.otherDiscs, width: 420, height: 200, x: '-420+(n-20)*22', y: '-10' },
    },
    {
      name: 'slow change of light',
      shots: [film(p.serum, 80)],
      filters: ["eq=brightness='-0.3*sin(n*PI/80)':eval=frame"],
    },
    {
      name: 'caption that pops in and out',
      shots: [film(p.lake, 80)],
      overlay: { picture: p.caption, width: 280, height: 44, x: '20', y: '120', from: 25, to: 55 },
    },
    {
      name: 'variable frame rate',
      shots: [film(p.plants, 30), film(p.lake, 25), film(p.noodles, 30)],
      time: { formula: 'if(lt(N,40),N/50,0.8+(N-40)*0.09)', at: (n) => (n < 40 ? n / 50 : 0.8 + (n - 40) * 0.09) },
    },
    {
      name: 'turned by its metadata',
      shots: [film(p.train, 30), film(p.serum, 30), dissolved(10, film(p.lake, 40))],
      rotate: 90,
    },
    {
      name: 'odd size',
      shots: [film(p.lake, 30), film(p.plants, 35)],
      size: { width: 321, height: 241 },
      encoding: ['-pix_fmt', 'yuv444p'],
    },
    {
      name: 'slide show',
      shots: [still(p.train, 25), still(p.lake, 25), still(p.discs, 25), still(p.serum, 25)],
      size: { width: 240, height: 320 },
    },
    {
      name: 'black between shots',
      shots: [film(p.noodles, 35), faded('black', 0, 12, 0, film(p.discs, 35))],
    },
    { name: 'freeze in a shot', shots: [film(p.lake, 70, '10+n*2', '10+n')], frozen: { at: 30, frames: 20 } },
  ];
}
