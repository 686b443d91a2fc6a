import type { RgbPicture } from './pixels.ts';

/** Names a colour can have, in the order that decides between equal shares. */
export const COLOUR_NAMES = [
  'red',
  'orange',
  'yellow',
  'green',
  'cyan',
  'blue',
  'purple',
  'pink',
  'brown',
  'black',
  'grey',
  'white',
] as const;
type ColourName = (typeof COLOUR_NAMES)[number];

/** Share of the pixels from which on a colour is one of a picture's. */
const DOMINANT_SHARE = 0.1;
/** Bits of each channel that decide: colours 8 levels apart have one name. */
const BITS = 5;
/** One pixel in so many is looked at, along each side. */
const STRIDE = 2;

/** Below this lightness nothing has a colour, in CIELAB's L* of 0 to 100. */
const BLACK_LIGHTNESS = 18;
const WHITE_LIGHTNESS = 85;
/** Below this chroma a colour is a shade of grey, in CIELAB's units; warm light gives a white plate about 8. */
const GREY_CHROMA = 14;
/** Dark reds, oranges and yellows are brown: everything up to this lightness, unless it glows. */
const BROWN_LIGHTNESS = 58;
const BROWN_CHROMA = 60;
/** Between red and purple lies pink from this lightness on; red itself fades to pink where it is light and pale. */
const PINK_LIGHTNESS = 54;
const PALE_RED_LIGHTNESS = 62;
const PALE_RED_CHROMA = 65;

/** Where hues end, in degrees of CIELAB; red goes on behind 360. sRGB's red lies at 40, yellow at 103, green at 136, blue at 306. */
const HUES: readonly (readonly [end: number, name: ColourName])[] = [
  [12, 'pink'],
  [46, 'red'],
  [80, 'orange'],
  [112, 'yellow'],
  [170, 'green'],
  [222, 'cyan'],
  [307, 'blue'],
  [335, 'purple'],
  [360, 'pink'],
];
/** Pinks darker than this are red towards the one side and purple towards the other. */
const RED_SIDE = 180;

let names: Uint8Array | undefined;

/**
 * Names of the colours that cover at least a tenth of a picture each, the widest first; none in a picture of many. A
 * pixel's name follows from its lightness, chroma and hue in CIELAB (D65): black, white and grey by lightness where
 * there is hardly any chroma, else the hue's name, brown for dark warm hues and pink for light reds and purples.
 */
export function dominantColours({ data, width, height }: RgbPicture): ColourName[] {
  names ??= nameEveryColour();
  const counts = new Uint32Array(COLOUR_NAMES.length);
  let pixels = 0;
  for (let y = 0; y < height; y += STRIDE) {
    for (let at = y * width * 3, end = at + width * 3; at < end; at += 3 * STRIDE) {
      const name = names[indexOf(data[at] as number, data[at + 1] as number, data[at + 2] as number)] as number;
      counts[name] = (counts[name] as number) + 1;
      pixels++;
    }
  }
  const share = (name: ColourName): number => (counts[COLOUR_NAMES.indexOf(name)] as number) / pixels;
  return COLOUR_NAMES.filter((name) => share(name) >= DOMINANT_SHARE).sort((a, b) => share(b) - share(a));
}

function indexOf(red: number, green: number, blue: number): number {
  const drop = 8 - BITS;
  return ((red >> drop) << (2 * BITS)) | ((green >> drop) << BITS) | (blue >> drop);
}

/** The name of each cell of colours: looking names up is much cheaper than computing them. */
function nameEveryColour(): Uint8Array {
  const cells = 2 ** BITS;
  // Drawn out so that the first cell is black itself and the last white.
  const light = Array.from({ length: cells }, (_, cell) => linear((cell * 255) / (cells - 1)));
  return Uint8Array.from({ length: cells ** 3 }, (_, index) => {
    const channel = (shift: number): number => light[(index >> shift) & (cells - 1)] as number;
    return COLOUR_NAMES.indexOf(nameOf(channel(2 * BITS), channel(BITS), channel(0)));
  });
}

/** The name of a colour, its channels as linear light in [0, 1]. */
function nameOf(red: number, green: number, blue: number): ColourName {
  const { lightness, chroma, hue } = lightnessChromaHue(red, green, blue);
  if (lightness < BLACK_LIGHTNESS && chroma < 2 * GREY_CHROMA) return 'black';
  if (chroma < GREY_CHROMA) return lightness > WHITE_LIGHTNESS ? 'white' : 'grey';
  const name = (HUES.find(([end]) => hue < end) as (typeof HUES)[number])[1];
  const isWarm = name === 'red' || name === 'orange' || name === 'yellow';
  if (isWarm && lightness < BROWN_LIGHTNESS && chroma < BROWN_CHROMA) return 'brown';
  if (name === 'pink' && lightness < PINK_LIGHTNESS) return hue < RED_SIDE ? 'red' : 'purple';
  if (name === 'red' && lightness > PALE_RED_LIGHTNESS && chroma < PALE_RED_CHROMA) return 'pink';
  return name;
}

/** CIELAB under D65 in polar form, from linear light of sRGB's primaries (IEC 61966-2-1, CIE 15). */
function lightnessChromaHue(r: number, g: number, b: number): { lightness: number; chroma: number; hue: number } {
  const x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = root(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  const [a, bStar] = [500 * (x - y), 200 * (y - z)];
  return { lightness: 116 * y - 16, chroma: Math.hypot(a, bStar), hue: ((Math.atan2(bStar, a) * 180) / Math.PI + 360) % 360 };
}

/** Light of an 8-bit level of sRGB. */
function linear(level: number): number {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function root(value: number): number {
  return value > (6 / 29) ** 3 ? Math.cbrt(value) : value / (3 * (6 / 29) ** 2) + 4 / 29;
}
