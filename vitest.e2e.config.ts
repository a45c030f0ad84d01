import { defineConfig } from 'vitest/config';

/** Real containers and real kubectl: three files side by side at most, each with a node of its own. */
export default defineConfig({
  test: {
    name: 'e2e',
    include: ['test/{api,conformance,e2e}/**/*.e2e.ts', 'src/**/*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
  },
});
