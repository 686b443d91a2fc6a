import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { reasonOf, UserError } from '../../errors.ts';
import type { Tensor } from './layers.ts';

/** One tensor of a tfjs weights manifest; a byte q stands for `q · scale + min`. */
interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization: { readonly scale: number; readonly min: number };
}

const MANIFEST = 'tiny_face_detector_model-weights_manifest.json';
const BYTES = 'tiny_face_detector_model.bin';

/** @throws Error when the bytes are fewer or more than the manifest lists */
export function dequantise(entries: readonly ManifestEntry[], bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const weights = new Map<string, Tensor>();
  let offset = 0;
  for (const { name, shape, quantization } of entries) {
    const length = shape.reduce((product, dim) => product * dim, 1);
    const data = Float32Array.from(bytes.subarray(offset, offset + length), (q) => q * quantization.scale + quantization.min);
    weights.set(name, { shape, data });
    offset += length;
  }
  if (offset !== bytes.length) throw new Error(`Expected ${offset} bytes of face weights but received ${bytes.length}`);
  return weights;
}

/**
 * The tiny face detector's weights from the installed package (MIT).
 * @throws UserError when the package is damaged or not installed
 */
export async function readFaceWeights(): Promise<ReadonlyMap<string, Tensor>> {
  try {
    const require = createRequire(import.meta.url);
    const folder = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
    const [manifest, bytes] = await Promise.all([readFile(join(folder, MANIFEST), 'utf8'), readFile(join(folder, BYTES))]);
    const [group] = JSON.parse(manifest) as [{ weights: ManifestEntry[] }];
    return dequantise(group.weights, bytes);
  } catch (error) {
    const message = `Expected the weights of the face detector but received none: ${reasonOf(error)}.`;
    throw new UserError(message, 'Install the packages again: npm ci.');
  }
}
