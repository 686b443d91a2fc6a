import type { PointerPolicy, PolicyMetadata } from '../core/models/generator/policy.ts';
import type { ModelFiles } from '../core/models/model_file.ts';
import type { Store } from '../core/store/open.ts';

const KIND = 'generator';
const FORMAT = 1;

/** What a generator was trained for, and how good it is. */
export interface GeneratorOrigin {
  /** The reward model whose rewards it maximises. */
  readonly reward_model: string;
  readonly reward: string;
  readonly kappa: number;
  readonly seed: number;
  readonly metrics: unknown;
}

interface Body {
  readonly origin: GeneratorOrigin;
  readonly policy: PolicyMetadata;
}

export interface OpenedGenerator {
  readonly modelId: string;
  readonly origin: GeneratorOrigin;
  readonly policy: PointerPolicy;
}

/** A generator as files: model.json, its weights, and one decision as ONNX. */
export async function packGenerator(policy: PointerPolicy, origin: GeneratorOrigin): Promise<{ modelId: string; files: ModelFiles }> {
  const { packModel } = await import('../core/models/model_file.ts');
  const { metadata, files } = policy.encode();
  const body: Body = { origin, policy: metadata };
  return packModel(KIND, FORMAT, body, files);
}

/**
 * Opens a generator, the newest when no id is given.
 * @throws UserError when there is none, or its files are not what was written
 */
export async function openGenerator(store: Store, modelId: string | undefined): Promise<OpenedGenerator> {
  const { PointerPolicy } = await import('../core/models/generator/policy.ts');
  const { unpackModel } = await import('../core/models/model_file.ts');
  const { filePath } = await import('../core/store/files.ts');
  const { findModel, readModelFile } = await import('../core/store/models.ts');
  const stored = findModel(store, KIND, modelId);
  const folder = filePath(store, stored.path);
  const { body, files } = unpackModel<Body>(KIND, FORMAT, stored.modelId, folder, (name) => readModelFile(store, stored, name));
  return { modelId: stored.modelId, origin: body.origin, policy: PointerPolicy.open(body.policy, files) };
}
