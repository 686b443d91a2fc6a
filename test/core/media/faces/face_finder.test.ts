import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Box, overlap } from '../../../../src/core/media/box.ts';
import { createFaceFinder, type FaceFinder } from '../../../../src/core/media/faces/face_finder.ts';
import type { RgbPicture } from '../../../../src/core/media/pixels.ts';

/** A drawn face, 100 × 112 before it is scaled: hair, shaded skin, eyes, brows, nose and mouth. */
function drawnFace(x: number, y: number, scale: number): string {
  return `<g transform="translate(${x} ${y}) scale(${scale})">
    <ellipse cx="50" cy="46" rx="44" ry="50" fill="#3a2618"/><rect x="36" y="90" width="28" height="30" fill="#c98f6b"/>
    <ellipse cx="50" cy="58" rx="34" ry="46" fill="url(#skin)"/>
    <g fill="#f5efe8"><ellipse cx="36" cy="50" rx="7" ry="3.6"/><ellipse cx="64" cy="50" rx="7" ry="3.6"/></g>
    <g fill="#2b1a10"><circle cx="36" cy="50" r="3.4"/><circle cx="64" cy="50" r="3.4"/></g>
    <path d="M27 43 Q36 37 45 42 M55 42 Q64 37 73 43" stroke="#3a2618" stroke-width="3" fill="none"/>
    <path d="M50 50 L47 68 Q50 72 54 68" stroke="#a06a4a" stroke-width="2" fill="none"/>
    <path d="M37 82 Q50 78 63 82 Q50 93 37 82" fill="#b04a4a"/></g>`;
}

async function drawn(width: number, height: number, content: string): Promise<RgbPicture> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <radialGradient id="skin"><stop offset="0" stop-color="#eebd98"/><stop offset="1" stop-color="#c98f6b"/></radialGradient>
    <rect width="100%" height="100%" fill="#8fa3b0"/>${content}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg)).blur(1).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Whether most of the face between its brows and mouth lies in the box. */
function holdsFace(box: Box, x: number, y: number, scale: number): boolean {
  const features = { left: x + 27 * scale, top: y + 40 * scale, width: 46 * scale, height: 48 * scale };
  return overlap(box, features) > 0.9 * features.width * features.height && box.width < 110 * scale && box.height < 130 * scale;
}

describe('createFaceFinder', () => {
  let finder: FaceFinder;
  beforeAll(async () => {
    finder = await createFaceFinder();
  });
  afterAll(() => finder.close());

  it('finds a face where it is, in a wide and in a tall picture', async () => {
    for (const [width, height] of [[384, 256] as const, [256, 384] as const]) {
      const faces = await finder.find(await drawn(width, height, drawnFace(90, 60, 1.2)));
      expect(faces).toHaveLength(1);
      expect(faces[0]?.confidence).toBeGreaterThan(0.6);
      expect(holdsFace(faces[0]?.box as Box, 90, 60, 1.2)).toBe(true);
    }
  });

  it('finds each of two faces, surest first', async () => {
    const faces = await finder.find(await drawn(384, 256, drawnFace(30, 30, 1) + drawnFace(230, 90, 1.2)));
    expect(faces).toHaveLength(2);
    expect(faces[0]?.confidence).toBeGreaterThanOrEqual(faces[1]?.confidence ?? 1);
    expect(faces.some(({ box }) => holdsFace(box, 30, 30, 1))).toBe(true);
    expect(faces.some(({ box }) => holdsFace(box, 230, 90, 1.2))).toBe(true);
  });

  it('gives boxes in pixels of a larger picture', async () => {
    const faces = await finder.find(await drawn(1200, 800, drawnFace(300, 200, 4)));
    expect(holdsFace(faces[0]?.box as Box, 300, 200, 4)).toBe(true);
  });

  it('keeps the box of a face that the border cuts inside the picture', async () => {
    const [left] = await finder.find(await drawn(384, 256, drawnFace(-20, 40, 1.2)));
    const [right] = await finder.find(await drawn(384, 256, drawnFace(270, 40, 1.4)));
    expect(left?.box.left).toBe(0);
    expect((right?.box.left ?? 0) + (right?.box.width ?? 0)).toBe(384);
  });

  it('finds no face in a plain, a striped and a tiny picture', async () => {
    const stripes = Array.from({ length: 20 }, (_, i) => `<rect x="${i * 20}" width="10" height="256" fill="#c02020"/>`).join('');
    for (const content of ['', stripes, '<circle cx="190" cy="128" r="90" fill="#e8b894"/>']) {
      expect(await finder.find(await drawn(384, 256, content))).toEqual([]);
    }
    expect(await finder.find(await drawn(2, 3, ''))).toEqual([]);
  });

  it('says the same of the same picture every time', async () => {
    const picture = await drawn(384, 256, drawnFace(200, 60, 0.8));
    expect(await finder.find(picture)).toEqual(await finder.find(picture));
  });
});
