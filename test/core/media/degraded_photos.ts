import sharp, { type Sharp } from 'sharp';

/** Changes after which a photo is worse than before; what they return is written as a file. */
export const DEGRADATIONS: Readonly<Record<string, (photo: Sharp) => Sharp | Promise<Sharp>>> = {
  'blurred, σ 1.5': (photo) => photo.blur(1.5),
  'blurred, σ 3': (photo) => photo.blur(3),
  'darkened to 0.5': (photo) => photo.linear(0.5, 0),
  'darkened to 0.3': (photo) => photo.linear(0.3, 0),
  'over-exposed by 1.6': (photo) => photo.linear(1.6, 0),
  'over-exposed by 60 levels': (photo) => photo.linear(1, 60),
  'JPEG quality 10': async (photo) => sharp(await photo.jpeg({ quality: 10 }).toBuffer()),
  'JPEG quality 5': async (photo) => sharp(await photo.jpeg({ quality: 5 }).toBuffer()),
  'half as large': async (photo) => {
    const { width } = await photo.metadata();
    return photo.resize(Math.max(1, Math.round(width / 2)));
  },
};

/** A degraded copy of a photo as a file. A JPEG of poor quality is that file itself, as PNG its decoded pixels. */
export async function degraded(photo: string | Buffer, name: string, format: 'png' | 'jpeg'): Promise<Buffer> {
  const quality = /quality (\d+)/.exec(name)?.[1];
  const upright = sharp(
    await sharp(photo).autoOrient().flatten({ background: '#fff' }).toColourspace('srgb').png({ compressionLevel: 0 }).toBuffer(),
  );
  if (quality !== undefined && format === 'jpeg') return upright.jpeg({ quality: Number(quality) }).toBuffer();
  const copy = await (DEGRADATIONS[name] as (photo: Sharp) => Sharp | Promise<Sharp>)(upright);
  return format === 'png' ? copy.png({ compressionLevel: 1 }).toBuffer() : copy.jpeg({ quality: 90 }).toBuffer();
}
