import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileKernels, TARGET } from '../../../scripts/compile_kernels.mjs';

it('the compiled kernels are those of the source: run make kernels', async () => {
  expect(readFileSync(TARGET, 'utf8')).toBe(await compileKernels());
});
