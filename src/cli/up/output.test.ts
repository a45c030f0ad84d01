import { EventEmitter, once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { jsonOutput, textOutput } from './output.ts';
import { type Said, textOf } from './said.ts';
import { terminalText } from './terminal-text.ts';

const time = '2026-11-24T00:00:00.000Z';
const now = () => new Date(time);

function sink(isTTY = false) {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY, bytes: () => Buffer.concat(chunks) });
}

describe('what people read', () => {
  test('logs have the container before each line, equally wide; names of several Pods have theirs', async () => {
    const stdout = sink();
    const output = textOutput({ stdout, stderr: sink(), env: {} });
    output.expect([
      { object: 'pod/web', container: 'app' },
      { object: 'pod/web', container: 'side' },
      { object: 'pod/db', container: 'app' },
    ]);
    await output.log({ object: 'pod/web', container: 'app', time, text: Buffer.from('one') });
    await output.log({ object: 'pod/web', container: 'side', time, text: Buffer.from('two') });
    output.say({ type: 'state', object: 'pod/web', ready: '1/2', status: 'Running' });
    expect(stdout.bytes().toString()).toBe('web/app | one\nside    | two\npod/web 1/2 Running\n');
  });

  test('bytes go through as they are; colours only on a terminal', async () => {
    const line = { object: 'pod/web', container: 'app', time, text: Buffer.from([0x61, 0xff, 0x07]) };
    const plain = sink();
    await textOutput({ stdout: plain, stderr: sink(), env: {} }).log(line);
    expect(plain.bytes()).toEqual(Buffer.from([...Buffer.from('app | a'), 0xff, 0x07, 0x0a]));
    const terminal = sink(true);
    await textOutput({ stdout: terminal, stderr: sink(), env: {} }).log(line);
    expect(terminal.bytes().toString()).toBe('\x1b[36mapp |\x1b[0m a\ufffd\\x07\n');
    const without = sink(true);
    await textOutput({ stdout: without, stderr: sink(), env: { NO_COLOR: '1' } }).log(line);
    expect(without.bytes().toString()).toBe('app | a\ufffd\\x07\n');
  });

  test('trouble goes to standard error', () => {
    const [stdout, stderr] = [sink(), sink()];
    const output = textOutput({ stdout, stderr, env: {} });
    output.say({ type: 'error', message: 'no such file', hint: 'look again' });
    output.say({ type: 'error', message: 'Error from server (NotFound): …' });
    output.say({ type: 'warning', object: 'pod/web', message: 'odd' });
    output.say({ type: 'result', ready: false, message: 'pod/web failed' });
    output.say({ type: 'result', ready: true, message: 'ready' });
    expect(stderr.bytes().toString()).toBe(
      'error: no such file\nhint: look again\nError from server (NotFound): …\nwarning: pod/web odd\npod/web failed\n',
    );
    expect(stdout.bytes().toString()).toBe('ready\n');
  });

  test.each<{ said: Said; text: string }>([
    {
      said: { type: 'joins', sidecar: 'hello', object: 'pod/web', reason: 'selected by names', containers: ['a', 'b'] },
      text: 'hello joins pod/web: selected by names; it brings a, b',
    },
    {
      said: { type: 'applied', object: 'pod/web', action: 'replacing', reason: 'spec changed' },
      text: 'pod/web is replaced: spec changed',
    },
    {
      said: {
        type: 'forwarding',
        object: 'pod/web',
        container: 'app',
        port: 80,
        name: 'http',
        local: 8080,
        reason: '80 is taken',
      },
      text: 'localhost:8080 -> pod/web port 80 (app, http; 80 is taken)',
    },
    {
      said: {
        type: 'not-forwarded',
        object: 'pod/web',
        container: 'dns',
        port: 53,
        reason: 'only TCP is forwarded, not UDP',
      },
      text: 'pod/web port 53 (dns) is not forwarded: only TCP is forwarded, not UDP',
    },
    { said: { type: 'note', message: 'as it was' }, text: 'as it was' },
  ])('$text', ({ said, text }) => {
    expect(textOf(said)).toBe(text);
  });
});

describe('a line on a terminal', () => {
  test.each([
    {
      what: 'colours stay, and end',
      line: '\x1b[32mok\x1b[0m then \x1b[1mbold',
      shown: '\x1b[32mok\x1b[0m then \x1b[1mbold\x1b[0m',
    },
    { what: 'the cursor stays', line: 'a\x1b[2Jb\x1b[10;10Hc', shown: 'abc' },
    { what: 'titles and links go', line: '\x1b]0;title\x07a', shown: 'a' },
    { what: 'control characters are shown', line: 'a\x07b\x00c\td', shown: 'a\\x07b\\x00c\td' },
    { what: 'what was written over is not shown', line: '10%\r50%\r100%\r', shown: '100%' },
    { what: 'text of any script stays', line: 'žluťoučký 🐎', shown: 'žluťoučký 🐎' },
  ])('$what', ({ line, shown }) => {
    expect(terminalText(line)).toBe(shown);
  });
});

describe('what machines read', () => {
  test('one JSON object a line', async () => {
    const stdout = sink();
    const output = jsonOutput({ stdout, now });
    output.say({ type: 'state', object: 'pod/web', ready: '1/1', status: 'Running' });
    await output.log({ object: 'pod/web', container: 'app', time: 'T', text: Buffer.from('a "line"') });
    expect(
      stdout
        .bytes()
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { time, type: 'state', object: 'pod/web', ready: '1/1', status: 'Running' },
      { time: 'T', type: 'log', object: 'pod/web', container: 'app', line: 'a "line"' },
    ]);
  });

  test('a slow reader slows the logs down, and one that has gone does not hold them up', async () => {
    const slow = new Writable({ highWaterMark: 1, write: (_chunk, _encoding, done) => void events.once('go', done) });
    const events = new EventEmitter();
    const line = { object: 'pod/web', container: 'app', time, text: Buffer.from('x') };
    let isDone = false;
    const first = jsonOutput({ stdout: slow, now })
      .log(line)
      .then(() => {
        isDone = true;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    events.emit('go');
    await first;
    const second = jsonOutput({ stdout: slow, now }).log(line);
    slow.destroy();
    await once(slow, 'close');
    await second;
  });
});
