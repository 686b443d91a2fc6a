import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/seeded_laws.ts'],
    env: { ORT_DISABLE_TELEMETRY: '1' },
    // Only against a test that hangs: a busy machine may be ten times as slow as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Native addons (better-sqlite3, sharp, duckdb) are safest in processes of their own.
    pool: 'forks',
    maxWorkers: 2,
  },
});
