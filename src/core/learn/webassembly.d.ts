/** What this project uses of WebAssembly; the types otherwise come with those of a browser's whole world. */
declare namespace WebAssembly {
  class Memory {
    constructor(options: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: Readonly<Record<string, (...numbers: number[]) => number>>;
  }
}
