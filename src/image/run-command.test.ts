import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { CommandError, runCommand } from './run-command.ts';

describe('a program', () => {
  test('that ends well is heard to its end', async () => {
    expect(await runCommand.text('sh', ['-c', 'echo $LC_ALL; sleep 0.05; echo done'])).toBe('C\ndone\n');
    expect((await buffer(runCommand.stream('head', ['-c', '1000000', '/dev/zero']))).length).toBe(1_000_000);
  });

  test('that fails, also at its very end, fails the reader, with what it said', async () => {
    const failure = {
      name: 'CommandError',
      message: 'sh -c echo x; echo why >&2; exit 3: exit code 3: why',
      stderr: 'why\n',
    };
    await expect(runCommand.text('sh', ['-c', 'echo x; echo why >&2; exit 3'])).rejects.toMatchObject(failure);
    await expect(buffer(runCommand.stream('sh', ['-c', 'kill -9 $$']))).rejects.toBeInstanceOf(CommandError);
  });

  test('that is not there is told by its name', async () => {
    await expect(runCommand.text('no-such-program', [])).rejects.toMatchObject({
      name: 'ImageError',
      code: 'Unsupported',
      message: expect.stringContaining('no-such-program is not on this machine'),
    });
  });

  test('is ended by an abort', async () => {
    const stop = new AbortController();
    const running = runCommand.text('sleep', ['60'], { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });
});
