import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'unit',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/properties.ts'],
    testTimeout: 60_000,
  },
});
