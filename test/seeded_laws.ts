import fc from 'fast-check';

/** Laws are tried on the same examples every time, so that a red run tells of the change and not of chance; `make laws` tries others. */
fc.configureGlobal({ seed: Number(process.env.LAWS_SEED ?? 1) });
