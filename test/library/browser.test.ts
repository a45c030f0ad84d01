import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('is a library that runs in a browser: nothing of Node, and small', async () => {
  const result = await build({
    entryPoints: ['src/index.ts'],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
    logLevel: 'silent',
  });
  expect(result.errors).toEqual([]);
  const [file] = result.outputFiles;
  expect(file?.text).not.toMatch(/from\s*"node:|require\("/);
  expect(file?.contents.length).toBeLessThan(600_000);
});
