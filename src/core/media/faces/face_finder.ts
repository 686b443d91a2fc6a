import { createSession } from '../../learn/session.ts';
import type { Box } from '../box.ts';
import type { RgbPicture } from '../pixels.ts';
import { decodeCells, type Face, withoutDoubles } from './decode.ts';
import { encodeFaceNetwork, INPUT_SIZE } from './network.ts';
import { readFaceWeights } from './weights.ts';

/** Below this the network takes plates and pans for faces. */
const MIN_CONFIDENCE = 0.6;
/** Two boxes that share more of their union than this are one face; the network's own setting. */
const MAX_SHARED = 0.4;

/** Finds faces in pictures; keeps its network loaded until closed. */
export interface FaceFinder {
  /** Faces of an upright picture, surest first, with boxes in its pixels and inside it. */
  find(picture: RgbPicture): Promise<Face[]>;
  close(): Promise<void>;
}

/** @throws UserError when the weights cannot be read */
export async function createFaceFinder(): Promise<FaceFinder> {
  const model = encodeFaceNetwork(await readFaceWeights());
  const session = await createSession(model, { threads: 1, source: 'the face detector' });
  return {
    async find(picture) {
      const pixels = { data: await squareOf(picture), dims: [1, INPUT_SIZE, INPUT_SIZE, 3] };
      const { cells } = await session.run({ pixels });
      const square = Math.max(picture.width, picture.height);
      const faces = withoutDoubles(decodeCells(cells?.data as Float32Array, square, MIN_CONFIDENCE), MAX_SHARED);
      return faces.map(({ box, confidence }) => ({ box: inside(box, picture), confidence }));
    },
    close: () => session.close(),
  };
}

/** The picture scaled to fit the network's square, at its upper left corner over black. */
async function squareOf({ data, width, height }: RgbPicture): Promise<Float32Array> {
  const { default: sharp } = await import('sharp');
  const scaled = sharp(data, { raw: { width, height, channels: 3 } })
    .resize(INPUT_SIZE, INPUT_SIZE, { fit: 'contain', position: 'left top', background: '#000000', kernel: 'linear' })
    .raw();
  return Float32Array.from(await scaled.toBuffer());
}

function inside({ left, top, width, height }: Box, picture: RgbPicture): Box {
  const x = Math.max(0, left);
  const y = Math.max(0, top);
  return { left: x, top: y, width: Math.min(picture.width, left + width) - x, height: Math.min(picture.height, top + height) - y };
}
