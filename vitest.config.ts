import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Native addons (better-sqlite3, sharp, duckdb) are safest in processes of their own.
    pool: 'forks',
    maxWorkers: 2,
  },
});
