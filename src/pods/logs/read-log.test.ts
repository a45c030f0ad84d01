import { appendFile, mkdtemp, readdir, readlink, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LogOptions, type LogSurroundings, readLog } from './read-log.ts';
import { tailStart } from './tail.ts';

let directory: string;
let path: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outfit-logs-'));
});
beforeEach(() => {
  path = join(directory, `${count++}.log`);
});
afterAll(() => rm(directory, { recursive: true }));

const SECOND_41 = Date.parse('2026-11-23T18:56:41Z');
const at = (second: number) => `2026-11-23T18:56:${second}.5Z`;
const LOG = [
  `${at(40)} stdout F first`,
  `${at(41)} stdout P sec`,
  `${at(41)} stderr F between`,
  `${at(42)} stdout F ond`,
  'half a li',
  `${at(43)} stderr F third`,
  '',
].join('\n');

async function read(log: string, options: LogOptions = {}, now = SECOND_41 + 1000): Promise<string> {
  await writeFile(path, log);
  return text(readLog(path, options, { now: () => now }));
}

describe('the text of a log', () => {
  test.each<[string, LogOptions, string]>([
    ['joins pieces and keeps the streams apart', {}, 'first\nbetween\nsecond\nthird\n'],
    [
      'has the time of the first piece before each line',
      { timestamps: true },
      '2026-11-23T18:56:40.500000000Z first\n2026-11-23T18:56:41.500000000Z between\n2026-11-23T18:56:41.500000000Z second\n2026-11-23T18:56:43.500000000Z third\n',
    ],
    ['ends with the last lines', { tailLines: 2 }, 'second\nthird\n'],
    ['ends with all lines when more are asked for', { tailLines: 9 }, 'first\nbetween\nsecond\nthird\n'],
    ['is empty with no lines', { tailLines: 0 }, ''],
    ['begins at a time', { sinceTime: '2026-11-23T18:56:41.5Z' }, 'between\nsecond\nthird\n'],
    ['begins some seconds ago', { sinceSeconds: 1 }, 'between\nsecond\nthird\n'],
    ['begins at the later of two bounds', { sinceSeconds: 60, sinceTime: '2026-11-23T18:56:43Z' }, 'third\n'],
    ['takes the tail before the time', { tailLines: 3, sinceTime: '2026-11-23T18:56:43Z' }, 'third\n'],
    ['has so many bytes at most', { limitBytes: 8 }, 'first\nbe'],
    ['has no bytes with a limit of the whole', { limitBytes: 6 }, 'first\n'],
  ])('%s', async (_, options, expected) => {
    expect(await read(LOG, options)).toBe(expected);
  });

  test('has no line end where the container wrote none', async () => {
    expect(await read(`${at(40)} stdout F a\n${at(41)} stdout P b`)).toBe('a\nb');
    expect(await read(`${at(40)} stdout P a\n${at(41)} stderr P b\n`)).toBe('a\nb');
    expect(await read(`${at(40)} stdout P a\n${at(41)} stderr F b\n`, { tailLines: 1 })).toBe('a');
  });

  test('is empty for an empty file', async () => {
    expect(await read('')).toBe('');
    expect(await read('', { tailLines: 5 })).toBe('');
  });

  test('fails for a file that is not there', async () => {
    await expect(text(readLog(path, {}))).rejects.toThrow('ENOENT');
  });

  test('has lines of several mebibytes whole', async () => {
    const piece = 'x'.repeat(16384);
    const log = `${`${at(40)} stdout P ${piece}\n`.repeat(200)}${at(40)} stdout F end\n`;
    const expected = `${piece.repeat(200)}end\n`;
    expect((await read(log)) === expected).toBe(true);
    expect((await read(log, { timestamps: true })) === `2026-11-23T18:56:40.500000000Z ${expected}`).toBe(true);
  });
});

test('the tail is the last lines of the whole, however streams and pieces are mixed', async () => {
  const entry = fc.record({
    stream: fc.constantFrom('stdout', 'stderr'),
    tag: fc.constantFrom('F', 'F', 'P'),
    content: fc.oneof(fc.string({ unit: fc.constantFrom('a', ' ', 'é') }), fc.constant('x'.repeat(5000))),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 40 }), fc.nat(12), async (entries, tailLines) => {
      const log = entries.map(({ stream, tag, content }, i) => `${at(10 + i)} ${stream} ${tag} ${content}\n`).join('');
      const whole = await read(log);
      const lines = whole.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      // A line without end that is empty leaves no trace in the text, but is a line to the tail.
      fc.pre(!entries.some(({ tag, content }) => tag === 'P' && content === ''));
      expect(await read(log, { tailLines })).toBe(
        lines.slice(lines.length - Math.min(tailLines, lines.length)).join(''),
      );
    }),
    { numRuns: 150 },
  );
});

test('a tail of a big file reads the end of it only', async () => {
  const line = (i: number) => Buffer.from(`${at(40)} stdout F ${String(i).padStart(100)}\n`);
  const { length } = line(0);
  const size = length * 1_000_000;
  let bytesRead = 0;
  const read = async (position: number, wanted: number) => {
    bytesRead += wanted;
    const first = Math.floor(position / length);
    const lines = Array.from({ length: Math.ceil(wanted / length) + 1 }, (_, i) => line(first + i));
    return Buffer.concat(lines).subarray(position - first * length, position - first * length + wanted);
  };
  const { offset, skip } = await tailStart(read, size, 3);
  expect(offset + (skip + 3) * length).toBe(size);
  expect(bytesRead).toBeLessThan(512 * 1024);
});

describe('following', () => {
  const line = (words: string) => `${at(40)} stdout F ${words}\n`;
  function follow(options: LogOptions = {}, surroundings: LogSurroundings = {}) {
    let hasEnded = false;
    const stream = readLog(path, { follow: true, ...options }, { ended: () => hasEnded, pollMs: 50, ...surroundings });
    const seen = { text: '', isDone: false };
    stream.on('data', (chunk: Buffer) => {
      seen.text += chunk;
    });
    stream.on('close', () => {
      seen.isDone = true;
    });
    const sees = (expected: string) =>
      vi.waitFor(() => expect(seen.text).toBe(expected), { timeout: 3000, interval: 5 });
    const done = () => vi.waitFor(() => expect(seen.isDone).toBe(true), { timeout: 3000, interval: 5 });
    return { stream, sees, done, end: () => (hasEnded = true) };
  }

  test('gives what is written, until the container has ended and all is read', async () => {
    await writeFile(path, line('a'));
    const { sees, end, done } = follow();
    await sees('a\n');
    await appendFile(path, line('b'));
    await sees('a\nb\n');
    await appendFile(path, `${line('c')}${at(40)} stdout P d`);
    end();
    await done();
    await sees('a\nb\nc\nd');
  });

  test('tells of a change at once, not only when it polls', async () => {
    await writeFile(path, '');
    const { sees, stream } = follow({}, { pollMs: 60_000 });
    await sleep(50);
    for (const i of [1, 2, 3]) {
      await appendFile(path, line(`${i}`));
      await sees(
        [1, 2, 3]
          .slice(0, i)
          .map((n) => `${n}\n`)
          .join(''),
      );
    }
    stream.destroy();
  });

  test('ends at once when the container has ended before', async () => {
    await writeFile(path, line('a'));
    expect(await text(readLog(path, { follow: true }, { ended: () => true, pollMs: 60_000 }))).toBe('a\n');
  });

  test('begins with the tail', async () => {
    await writeFile(path, line('a') + line('b'));
    const { sees, end, done } = follow({ tailLines: 1 });
    await sees('b\n');
    await appendFile(path, line('c'));
    await sees('b\nc\n');
    end();
    await done();
  });

  test('goes on in the new file when the log is rotated, and loses nothing', async () => {
    await writeFile(path, line('a'));
    const { sees, end, done } = follow();
    await sees('a\n');
    await rename(path, `${path}.20261123-185641`);
    await appendFile(`${path}.20261123-185641`, line('b'));
    await sees('a\nb\n');
    await writeFile(path, line('c'));
    await sees('a\nb\nc\n');
    await appendFile(path, line('d'));
    end();
    await done();
    await sees('a\nb\nc\nd\n');
  });

  test('has the last lines of the old file also when they are written after the new file was begun', async () => {
    await writeFile(path, line('a'));
    const { sees, end, done } = follow();
    await sees('a\n');
    await rename(path, `${path}.20261123-185641`);
    await writeFile(path, line('c'));
    await appendFile(`${path}.20261123-185641`, line('b'));
    await sees('a\nb\nc\n');
    end();
    await done();
  });

  test('a reader who is slow misses no file, although the log is rotated twice and the file between is gone', async () => {
    const long = 'z'.repeat(1000);
    await writeFile(path, line(long).repeat(2000));
    const controller = new AbortController();
    const stream = readLog(path, { follow: true }, { ended: () => false, signal: controller.signal });
    stream.read(0);
    await isOpen();
    for (const text of ['b', 'c', 'd']) {
      await rename(path, `${path}.old`);
      await writeFile(path, line(text));
      await isOpen();
    }
    await rm(`${path}.old`);
    let seen = '';
    for await (const chunk of stream) {
      seen += chunk;
      if (seen.endsWith('d\n')) controller.abort();
    }
    expect(seen === `${`${long}\n`.repeat(2000)}b\nc\nd\n`).toBe(true);
  });

  /** Resolves when this process has the file open that the path names now. */
  async function isOpen(): Promise<void> {
    const links = async () =>
      Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    while (!(await links()).includes(path)) await sleep(5);
  }

  test('begins anew when the log is truncated', async () => {
    await writeFile(path, line('a long first line'));
    const { sees, stream } = follow();
    await sees('a long first line\n');
    await truncate(path);
    await sleep(50);
    await appendFile(path, line('b'));
    await sees('a long first line\nb\n');
    stream.destroy();
  });

  test('stops at the byte limit', async () => {
    await writeFile(path, line('abcdef'));
    expect(await text(follow({ limitBytes: 3 }).stream)).toBe('abc');
  });

  test('stops when the stream is destroyed or the signal aborts', async () => {
    await writeFile(path, line('a'));
    const { stream, sees, done } = follow();
    await sees('a\n');
    stream.destroy();
    await done();

    const controller = new AbortController();
    const other = readLog(path, { follow: true }, { ended: () => false, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect(await text(other)).toBe('a\n');
  });

  test('holds back while nobody reads', async () => {
    await writeFile(path, line('z'.repeat(200)).repeat(20_000));
    const stream: Readable = readLog(path, {});
    stream.once('readable', () => {});
    await sleep(100);
    expect(stream.readableLength).toBeLessThan(512 * 1024);
    stream.destroy();
  });
});
