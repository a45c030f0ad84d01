import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'unit', include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 10_000 },
});
