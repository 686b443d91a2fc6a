import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/core/media/box.ts';
import { type ContactSheet, MOST_CELLS, renderContactSheet } from '../../../src/core/media/contact_sheet.ts';
import { createLettering } from '../../../src/core/media/lettering.ts';
import type { RgbPicture } from '../../../src/core/media/pixels.ts';
import { PICTURE_HEIGHT, PICTURE_WIDTH, type SheetCell } from '../../../src/core/media/sheet_cell.ts';
import { BOX_KINDS, INK } from '../../../src/core/media/sheet_drawing.ts';
import { CELL_WIDTH, MARGIN, SHEET_WIDTH } from '../../../src/core/media/sheet_layout.ts';

const lettering = createLettering();
type Colour = readonly [number, number, number];
const RED: Colour = [200, 30, 30];
const GREEN: Colour = [30, 160, 40];
const BLUE: Colour = [20, 40, 190];
const PARTS = { sharpness: 0.9, exposure: 0.1 };

function plain(colour: Colour, width = 292, height = 232): RgbPicture {
  return { data: Uint8Array.from({ length: width * height * 3 }, (_, at) => colour[at % 3] as number), width, height };
}

function chosen(rank: number, picture: SheetCell['picture'], more: Partial<SheetCell> = {}): SheetCell {
  return { picture, title: 'a.jpg', score: 0.5, parts: PARTS, verdict: { kind: 'chosen', rank }, width: 292, height: 232, ...more };
}

function rejected(picture: SheetCell['picture'], reason = 'another scores higher', more: Partial<SheetCell> = {}): SheetCell {
  return { ...chosen(1, picture), verdict: { kind: 'rejected', reason }, ...more };
}

function sheetOf(cells: readonly SheetCell[], more: Partial<ContactSheet> = {}): ContactSheet {
  return { noteId: 'n1', title: 'A weekend at the lake', cells, ...more };
}

interface Drawn extends RgbPicture {
  readonly at: (x: number, y: number) => Colour;
}

async function drawn(sheet: ContactSheet): Promise<Drawn> {
  const png = await renderContactSheet(sheet, lettering);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  const { width, height } = info;
  const at = (x: number, y: number): Colour => {
    const pixel = (Math.round(y) * width + Math.round(x)) * 3;
    return [data[pixel] as number, data[pixel + 1] as number, data[pixel + 2] as number];
  };
  return { data, width, height, at };
}

function rgbOf(hex: string): Colour {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour;
}

function close(a: Colour, b: Colour, tolerance = 3): boolean {
  return a.every((value, channel) => Math.abs(value - (b[channel] as number)) <= tolerance);
}

/** Top of the first row of cells of a sheet whose title takes one line, found by the frame of a chosen cell. */
function firstRow(sheet: Drawn): number {
  for (let y = 0; y < sheet.height; y++) if (close(sheet.at(MARGIN + CELL_WIDTH / 2, y), rgbOf(INK.chosen))) return y;
  throw new Error('Expected the frame of a chosen cell but found none.');
}

/** Where the picture of a cell of the first row lies. */
function pictureOf(top: number, column: number): Box {
  return { left: MARGIN + column * (CELL_WIDTH + 16) + 4, top: top + 4, width: PICTURE_WIDTH, height: PICTURE_HEIGHT };
}

function middle({ left, top, width, height }: Box): readonly [number, number] {
  return [left + width / 2, top + height / 2];
}

describe('a contact sheet', () => {
  it('is an opaque PNG in sRGB, the same bytes each time', async () => {
    const sheet = sheetOf([chosen(1, plain(RED)), rejected(plain(BLUE))], { footer: ['b.mp4: damaged'] });
    const [first, second] = [await renderContactSheet(sheet), await renderContactSheet(sheet)];
    expect(Buffer.compare(first, second)).toBe(0);
    const { format, space, hasAlpha, width } = await sharp(first).metadata();
    expect({ format, space, hasAlpha, width }).toEqual({ format: 'png', space: 'srgb', hasAlpha: false, width: SHEET_WIDTH });
  });

  it('shows the chosen by rank in a coloured frame', async () => {
    const sheet = await drawn(sheetOf([chosen(3, plain(BLUE)), rejected(plain(RED)), chosen(1, plain(RED)), chosen(2, plain(GREEN))]));
    const top = firstRow(sheet);
    [RED, GREEN, BLUE].forEach((colour, column) => {
      const picture = pictureOf(top, column);
      expect(sheet.at(...middle(picture))).toEqual(colour);
      expect(sheet.at(picture.left - 2, picture.top + 100)).toEqual(rgbOf(INK.chosen));
      // The badge with the rank stands in the corner.
      expect(sheet.at(picture.left + 10, picture.top + 12)).toEqual(rgbOf(INK.chosen));
    });
  });

  it('dims the rejected and frames them in grey', async () => {
    const sheet = await drawn(sheetOf([chosen(1, plain(RED)), rejected(plain(BLUE))]));
    const x = MARGIN + 4 + PICTURE_WIDTH / 2;
    const dimmed = BLUE.map((value) => Math.round(value * 0.4 + 255 * 0.6)) as unknown as Colour;
    const rows = Array.from({ length: sheet.height }, (_, y) => sheet.at(x, y)).filter((colour) => close(colour, dimmed));
    expect(rows).toHaveLength(PICTURE_HEIGHT);
    const reds = Array.from({ length: sheet.height }, (_, y) => sheet.at(x, y)).filter((colour) => close(colour, RED));
    expect(reds).toHaveLength(PICTURE_HEIGHT);
  });

  it('letterboxes a picture of another shape and draws boxes where they lie on it', async () => {
    const half = { left: 1080 / 4, top: 1920 / 4, width: 1080 / 2, height: 1920 / 2 };
    const boxes = [{ box: half, kind: 'face' }] as const;
    const sheet = await drawn(sheetOf([chosen(1, plain(RED, 90, 160), { width: 1080, height: 1920, boxes })]));
    const picture = pictureOf(firstRow(sheet), 0);
    const [x, y] = middle(picture);
    const face = rgbOf(BOX_KINDS.face.colour);
    expect(sheet.at(picture.left + 60, y)).toEqual(rgbOf(INK.letterbox));
    expect(sheet.at(x, y)).toEqual(RED);
    const shownWidth = Math.round((PICTURE_HEIGHT * 90) / 160);
    const line = Array.from({ length: shownWidth }, (_, step) => sheet.at(x - shownWidth / 2 + step, y));
    const hits = line.flatMap((colour, step) => (close(colour, face, 60) ? [step / shownWidth] : []));
    // The two sides of the box lie at a quarter and three quarters of the width: the line is two pixels, its blurred edges two more.
    expect(hits.length).toBeGreaterThan(1);
    for (const hit of hits) expect(Math.min(Math.abs(hit - 0.25), Math.abs(hit - 0.75))).toBeLessThan(4 / shownWidth);
  });

  it('turns a photo upright as its EXIF orientation says', async () => {
    const pixels = {
      data: Uint8Array.from({ length: 100 * 60 * 3 }, (_, at) => (Math.floor(at / 3) % 100 < 50 ? RED : BLUE)[at % 3] as number),
    };
    const raw = { width: 100, height: 60, channels: 3 } as const;
    // Orientation 6: what is stored on the left belongs on top.
    const turned = await sharp(pixels.data, { raw }).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const sheet = await drawn(sheetOf([chosen(1, turned, { width: 60, height: 100 })]));
    const picture = pictureOf(firstRow(sheet), 0);
    const [x] = middle(picture);
    expect(close(sheet.at(x, picture.top + 50), RED, 12)).toBe(true);
    expect(close(sheet.at(x, picture.top + PICTURE_HEIGHT - 50), BLUE, 12)).toBe(true);
  });

  it('leaves the place of a picture that cannot be read, and draws the others', async () => {
    const broken = [Buffer.from('text under a name of a picture'), 'no-such-folder/no-such-file.jpg', null];
    const cells = [...broken.map((picture, index) => chosen(index + 1, picture)), chosen(4, plain(GREEN))];
    const sheet = await drawn(sheetOf(cells));
    const top = firstRow(sheet);
    for (const column of [0, 1, 2]) expect(sheet.at(pictureOf(top, column).left + 4, top + 120)).toEqual(rgbOf(INK.letterbox));
    expect(sheet.at(...middle(pictureOf(top, 3)))).toEqual(GREEN);
  });

  it('takes markup, quotes, line breaks and direction marks in names as plain text', async () => {
    const hostile = '</svg><script>&#x1F;\u202E"\'\n\u0000]]>%s.jpg';
    const boxes = [{ box: { left: 10, top: 10, width: 90, height: 90 }, kind: 'text', label: hostile }] as const;
    const cells = [chosen(1, plain(RED), { title: hostile, parts: { [hostile]: 0.5 }, boxes }), rejected(plain(BLUE), hostile)];
    const sheet = await drawn(sheetOf(cells, { noteId: hostile, title: hostile, footer: [hostile] }));
    const calm = await drawn(sheetOf([chosen(1, plain(RED), { parts: { one: 0.5 } }), rejected(plain(BLUE))], { footer: ['none'] }));
    expect([sheet.width, sheet.height]).toEqual([calm.width, calm.height]);
    const [x, y] = middle(pictureOf(firstRow(sheet), 0));
    expect(sheet.at(x, y)).toEqual(RED);
  });

  it('draws names, not the elements they could be', async () => {
    const titled = (title: string): Promise<Uint8Array> => renderContactSheet(sheetOf([], { title }), lettering);
    expect(Buffer.compare(await titled('<tspan>x</tspan>'), await titled('x'))).not.toBe(0);
    expect(Buffer.compare(await titled('&lt;'), await titled('<'))).not.toBe(0);
    expect(Buffer.compare(await titled('a\nb\u202E'), await titled('a b'))).toBe(0);
  });

  it('says so when a note has no candidates', async () => {
    const sheet = await drawn(sheetOf([]));
    const without = sheet.height - 20 - MARGIN;
    const inked = Array.from({ length: sheet.width }, (_, x) => sheet.at(x, without + 9)).filter((colour) => colour[0] < 160);
    expect(inked.length).toBeGreaterThan(20);
    expect(sheet.height).toBeLessThan(200);
  });

  it('shows a part below the limit in another colour', async () => {
    const colours = async (exposure: number): Promise<boolean> => {
      const sheet = await drawn(sheetOf([chosen(1, plain(GREEN), { parts: { exposure } })]));
      const bottom = firstRow(sheet) + PICTURE_HEIGHT + 40;
      return [...Array(16).keys()].some((row) => close(sheet.at(MARGIN + 12 + 84, bottom + row), rgbOf(INK.weakBar)));
    };
    expect(await colours(0.2)).toBe(true);
    expect(await colours(0.3)).toBe(false);
  });

  it('shows at most 48 cells and says how many more there are and why', async () => {
    const few = [chosen(1, plain(RED, 8, 8)), ...Array.from({ length: MOST_CELLS - 1 }, () => rejected(plain(BLUE, 8, 8)))];
    const more = Array.from({ length: 152 }, (_, index) => rejected(plain(BLUE, 8, 8), index % 2 ? 'black' : 'blurred'));
    const heightOf = async (cells: readonly SheetCell[]): Promise<number> =>
      (await sharp(await renderContactSheet(sheetOf(cells), lettering)).metadata()).height;
    // One line for the number, one for each of the two reasons.
    expect((await heightOf([...few, ...more])) - (await heightOf(few))).toBe(3 * 20);
  });
});
