export declare const TARGET: URL;
export declare function compileKernels(): Promise<string>;
