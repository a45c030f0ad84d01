import { describe, expect, it } from 'vitest';
import { StatusError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/generated/objects.ts';
import { parseAttach, parseExec, parseLog, parsePortForward } from './options.ts';

const one: Pod = { metadata: { name: 'web' }, spec: { nodeName: 'here', containers: [{ name: 'main' }] } };
const many: Pod = {
  metadata: { name: 'web' },
  spec: {
    nodeName: 'here',
    initContainers: [{ name: 'setup' }],
    containers: [{ name: 'main' }, { name: 'shell', tty: true, stdin: true }],
    ephemeralContainers: [{ name: 'debugger' }],
  },
};
const unbound: Pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'main' }] } };

const query = (text: string) => new URLSearchParams(text);
const refusal = (parse: () => unknown): string => {
  try {
    parse();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('exec', () => {
  it.each<[string, string, Pod, unknown]>([
    [
      'everything on',
      'container=main&command=sh&command=-c&command=echo%20a%26b&stdin=true&stdout=true&stderr=true',
      one,
      {
        container: 'main',
        command: ['sh', '-c', 'echo a&b'],
        streams: { stdin: true, stdout: true, stderr: true, tty: false },
      },
    ],
    [
      'the only container needs no name',
      'command=ls&stdout=1',
      one,
      { container: 'main', command: ['ls'], streams: { stdin: false, stdout: true, stderr: false, tty: false } },
    ],
    [
      'a terminal has no stderr of its own',
      'command=sh&stdin=1&stdout=1&stderr=1&tty=1',
      one,
      { container: 'main', command: ['sh'], streams: { stdin: true, stdout: true, stderr: false, tty: true } },
    ],
    [
      'an empty argument is an argument; an init container can be named',
      'command=&container=setup&stderr',
      many,
      { container: 'setup', command: [''], streams: { stdin: false, stdout: false, stderr: true, tty: false } },
    ],
  ])('%s', (_, text, pod, expected) => expect(parseExec(query(text), pod)).toEqual(expected));

  it.each<[string, Pod, string]>([
    ['command=ls', one, '400 you must specify at least 1 of stdin, stdout, stderr'],
    ['command=ls&stdin=false&stdout=0&stderr=FALSE', one, '400 you must specify at least 1 of stdin, stdout, stderr'],
    ['command=ls&stderr=1&tty=1', one, '400 you must specify at least 1 of stdin, stdout, stderr'],
    ['stdout=1', one, '400 you must specify at least one command for the container'],
    ['command=ls&stdout=1&container=nosuch', one, '400 container nosuch is not valid for pod web'],
    [
      'command=ls&stdout=1',
      many,
      '400 a container name must be specified for pod web, choose one of: [setup main shell debugger]',
    ],
    ['command=ls&stdout=1', unbound, '400 pod web does not have a host assigned'],
    ['command=ls&stdout=1', { metadata: { name: 'web' } }, '400 a container name must be specified for pod web'],
  ])('%s is refused', (text, pod, expected) => expect(refusal(() => parseExec(query(text), pod))).toBe(expected));
});

describe('attach', () => {
  it.each<[string, string, string, unknown]>([
    [
      'no terminal where the container has none',
      'tty=1&stdin=1&stdout=1&stderr=1',
      'main',
      { stdin: true, stdout: true, stderr: true, tty: false },
    ],
    [
      'a terminal where the container has one',
      'stdout=1&stderr=1',
      'shell',
      { stdin: false, stdout: true, stderr: false, tty: true },
    ],
  ])('%s', (_, text, container, streams) =>
    expect(parseAttach(query(`${text}&container=${container}`), many)).toEqual({ container, command: [], streams }),
  );
});

describe('port-forward', () => {
  it('takes lists and repetitions', () => {
    expect(parsePortForward(query('ports=80,8080&ports=443'), one)).toEqual([80, 8080, 443]);
    expect(parsePortForward(query(''), one)).toEqual([]);
  });
  it.each([
    ['ports=http', '400 cannot convert to []int32: strconv.ParseUint: parsing "http": invalid syntax'],
    ['ports=', '400 cannot convert to []int32: strconv.ParseUint: parsing "": invalid syntax'],
    ['ports=65536', '400 cannot convert to []int32: strconv.ParseUint: parsing "65536": value out of range'],
    ['ports=0', '400 port "0" must be > 0'],
  ])('%s is refused', (text, expected) => expect(refusal(() => parsePortForward(query(text), one))).toBe(expected));
  it('needs a bound Pod', () =>
    expect(refusal(() => parsePortForward(query(''), unbound))).toBe('400 pod web does not have a host assigned'));
});

describe('log', () => {
  const none = { follow: false, previous: false, timestamps: false };

  it.each<[string, unknown]>([
    ['', none],
    ['follow=true&previous=false&timestamps', { ...none, follow: true, timestamps: true }],
    ['tailLines=0&limitBytes=1&sinceSeconds=%2B5', { ...none, tailLines: 0, limitBytes: 1, sinceSeconds: 5 }],
    ['sinceTime=2024-02-29T23:59:59.5%2B02:00', { ...none, sinceTime: '2024-02-29T23:59:59.5+02:00' }],
    ['sinceTime=&tailLines=7', { ...none, tailLines: 7 }],
  ])('%j', (text, options) => expect(parseLog(query(text), one)).toEqual({ container: 'main', options }));

  it('has nothing to say of a Pod without a node', () => expect(parseLog(query(''), unbound)).toBeUndefined());

  it.each([
    [
      'tailLines=-1',
      '422 PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['limitBytes=0', '422 PodLogOptions "web" is invalid: limitBytes: Invalid value: 0: must be greater than 0'],
    ['sinceSeconds=0', '422 PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
    [
      'sinceSeconds=1&sinceTime=2024-01-01T00:00:00Z',
      '422 PodLogOptions "web" is invalid: : Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    [
      'tailLines=-2&limitBytes=-3',
      '422 PodLogOptions "web" is invalid: [tailLines: Invalid value: -2: must be greater than or equal to 0, limitBytes: Invalid value: -3: must be greater than 0]',
    ],
    ['stream=Stdout', '422 PodLogOptions "web" is invalid: stream: Forbidden: may not be specified'],
    ['tailLines=ten', '400 strconv.ParseInt: parsing "ten": invalid syntax'],
    ['tailLines=', '400 strconv.ParseInt: parsing "": invalid syntax'],
    ['tailLines=9223372036854775808', '400 strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    [
      'sinceTime=yesterday',
      '400 parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    ['sinceTime=2024-01-01', '400 parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['sinceTime=2024-13-01T00:00:00Z', '400 parsing time "2024-13-01T00:00:00Z": month out of range'],
    ['sinceTime=2023-02-29T00:00:00Z', '400 parsing time "2023-02-29T00:00:00Z": day out of range'],
    ['sinceTime=2024-01-01T00:00:00Zzz', '400 parsing time "2024-01-01T00:00:00Zzz": extra text: "zz"'],
    ['container=nosuch', '400 container nosuch is not valid for pod web'],
  ])('%s is refused', (text, expected) => expect(refusal(() => parseLog(query(text), one))).toBe(expected));
});
