import { type Check, isAtLeast } from './check.ts';

const NODE_MINIMUM = '20.19';
/** The first SQLite with STRICT tables. */
const SQLITE_MINIMUM = '3.37';
/** Pictures that notes come with; the store's own are JPEG. */
const PICTURE_FORMATS = ['jpeg', 'png', 'webp', 'gif', 'tiff'] as const;
const CHINESE_TEXT = '秋天的口红';
const REINSTALL = 'Install the packages again with this Node: npm ci.';

export function nodeCheck(version: string): Check {
  return {
    name: 'node',
    required: true,
    hint: '',
    find: () => ({ ok: isAtLeast(version, NODE_MINIMUM), detail: version, hint: `Install Node ${NODE_MINIMUM} or newer.` }),
  };
}

/** @param readVersion opens SQLite and asks for its version */
export function sqliteCheck(readVersion: () => Promise<string>): Check {
  return {
    name: 'sqlite',
    required: true,
    hint: 'better-sqlite3 is compiled for one version of Node: npm rebuild better-sqlite3.',
    find: async () => {
      const version = await readVersion();
      return { ok: isAtLeast(version, SQLITE_MINIMUM), detail: version, hint: `STRICT tables need SQLite ${SQLITE_MINIMUM}: ${REINSTALL}` };
    },
  };
}

/** Checks that load a native package and let it do a little. */
export const MODULE_CHECKS: readonly Check[] = [
  {
    name: 'duckdb',
    required: true,
    hint: REINSTALL,
    find: async () => {
      const { withDuckDb } = await import('../ingest/duckdb.ts');
      const { version } = await import('@duckdb/node-api');
      await withDuckDb((connection) => connection.run('SELECT 1'));
      return { ok: true, detail: version() };
    },
  },
  {
    name: 'sharp',
    required: true,
    hint: 'Install sharp for this system: npm ci --include=optional.',
    find: async () => {
      const { default: sharp } = await import('sharp');
      const missing = PICTURE_FORMATS.filter((format) => !sharp.format[format]?.input.buffer);
      await sharp({ create: { width: 1, height: 1, channels: 3, background: 'white' } })
        .jpeg()
        .toBuffer();
      const { sharp: version = '', vips } = sharp.versions;
      if (missing.length > 0) return { ok: false, detail: `${version}, libvips ${vips}, cannot read ${missing.join(', ')}` };
      return { ok: true, detail: `${version}, libvips ${vips}, reads ${PICTURE_FORMATS.join(', ')}` };
    },
  },
  {
    name: 'onnxruntime',
    required: true,
    hint: 'Install it again: ONNXRUNTIME_NODE_INSTALL=skip npm ci.',
    find: async () => {
      const { env, listSupportedBackends } = await import('onnxruntime-node');
      const backends = listSupportedBackends().filter(({ bundled }) => bundled);
      return {
        ok: backends.some(({ name }) => name === 'cpu'),
        detail: `${env.versions.node ?? env.versions.common}, runs on ${backends.map(({ name }) => name).join(', ')}`,
      };
    },
  },
  {
    name: 'jieba',
    required: true,
    hint: REINSTALL,
    find: async () => {
      const { loadSegmenters } = await import('../text/segment.ts');
      const { zh } = await loadSegmenters(new Set(['zh']), []);
      const words = zh(CHINESE_TEXT);
      return { ok: words.length > 1, detail: `cuts ${CHINESE_TEXT} into ${words.join(' ')}` };
    },
  },
];
