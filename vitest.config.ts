import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Native addons (better-sqlite3, sharp, duckdb) are safest in processes of their own.
    pool: 'forks',
    maxWorkers: 2,
  },
});
