// Compiles src/core/learn/embedding_kernels.wat into the module beside it: `make kernels`. A test fails when it is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

const SOURCE = new URL('../src/core/learn/embedding_kernels.wat', import.meta.url);
export const TARGET = new URL('../src/core/learn/embedding_kernels_wasm.ts', import.meta.url);
const LINE = 120;

/** The text of the TypeScript module that holds the compiled kernels. */
export async function compileKernels() {
  const wabt = await loadWabt();
  const module = wabt.parseWat('embedding_kernels.wat', readFileSync(SOURCE, 'utf8'), { simd: true, bulk_memory: true });
  module.validate();
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE}}`, 'g')).map((line) => `  '${line}',`);
  return `// Generated from embedding_kernels.wat by \`make kernels\`; do not edit.\nexport const EMBEDDING_KERNELS = [\n${lines.join('\n')}\n].join('');\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, await compileKernels());
