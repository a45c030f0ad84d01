import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodePlaces } from './places.ts';
import type { Container, PodSandbox, PodSandboxStatus } from './runtime.ts';
import { removeStrays, tracesOf } from './strays.ts';

const log = pino({ level: 'silent' });
const id = (digit: string) => digit.repeat(64);
const [READY, DEAD, LOST, RUNNING, ENDED] = ['1', '2', '3', '4', '5'].map(id) as [
  string,
  string,
  string,
  string,
  string,
];

/** What a containerd that was killed has left on this disk, and what the next one knows of it. */
describe('after a containerd was killed', () => {
  let home: string;
  let places: ReturnType<typeof nodePlaces>;
  let commands: string[];
  const bundle = (name: string) => join(places.containerd.state, 'io.containerd.runtime.v2.task/k8s.io', name);
  const namespace = (name: string) => join(places.containerd.state, 'io.containerd.grpc.v1.cri/netns', name);
  const address = (name: string) => join(places.cni.addresses, places.cni.network, name);
  const folder = (name: string) => join(places.containerd.state, 'io.containerd.grpc.v1.cri/sandboxes', name);

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'outfit-strays-'));
    places = nodePlaces(home, join(home, 'run'));
    commands = [];
    for (const name of [READY, DEAD, LOST, RUNNING, ENDED]) mkdirSync(bundle(name), { recursive: true });
    for (const name of [READY, DEAD, LOST]) mkdirSync(folder(name), { recursive: true });
    put(namespace('cni-ready'), '');
    put(namespace('cni-dead'), '');
    put(namespace('cni-lost'), '');
    put(address('10.0.0.2'), `${READY}\r\neth0`);
    put(address('10.0.0.3'), `${DEAD}\r\neth0`);
    put(address('10.0.0.4'), `${LOST}\r\neth0`);
    put(address('last_reserved_ip.0'), '10.0.0.4');
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it('what the next one does not know goes; of what it knows only what is dead, and no network, which it takes down itself', async () => {
    await removeStrays(await tracesOf(places), { places, runtime: runtime(), log, run });
    const all = [
      ...[READY, DEAD, LOST, RUNNING, ENDED].map(bundle),
      ...[READY, DEAD, LOST].map(folder),
      ...['cni-ready', 'cni-dead', 'cni-lost'].map(namespace),
      ...['10.0.0.2', '10.0.0.3', '10.0.0.4', 'last_reserved_ip.0'].map(address),
    ];
    expect(all.filter((path) => !existsSync(path))).toEqual([
      bundle(DEAD),
      bundle(LOST),
      bundle(ENDED),
      folder(LOST),
      namespace('cni-lost'),
      address('10.0.0.4'),
    ]);
    expect(commands).toEqual(['iptables-save', 'iptables-restore']);
  });

  it('what came after the look stays', async () => {
    const traces = await tracesOf(places);
    mkdirSync(bundle(id('6')));
    put(address('10.0.0.5'), `${id('6')}\r\neth0`);
    await removeStrays(traces, { places, runtime: runtime(), log, run });
    expect([existsSync(bundle(id('6'))), existsSync(address('10.0.0.5'))]).toEqual([true, true]);
  });

  it('nothing is asked where nothing was left', async () => {
    const empty = { ids: new Set<string>(), namespaces: [], addresses: [] };
    const silent = () => Promise.reject(new Error('asked'));
    const mute = { listPodSandboxes: silent, listContainers: silent, podSandboxStatus: silent };
    await removeStrays(empty, { places, runtime: mute, log, run });
  });

  function put(path: string, text: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  async function run(program: string, _args: string[], input = ''): Promise<string> {
    commands.push(program);
    const port = (sandbox: string) =>
      `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${places.cni.network}\\" id: \\"${sandbox}\\"" -j CNI-DN-${sandbox[0]}`;
    if (program === 'iptables-save') return `*nat\n${[READY, DEAD, LOST].map(port).join('\n')}\n`;
    expect(input).toContain('CNI-DN-3');
    expect(input).not.toMatch(/CNI-DN-[12]/);
    return '';
  }

  function runtime() {
    const about = {
      metadata: { name: 'p', namespace: 'n', uid: 'u', attempt: 0 },
      createdAt: '',
      labels: {},
      annotations: {},
    };
    const sandboxes: PodSandbox[] = [
      { ...about, id: READY, state: 'READY' },
      { ...about, id: DEAD, state: 'NOTREADY' },
    ];
    const container = (name: string, podSandboxId: string, state: Container['state']): Container => ({
      ...{ ...about, metadata: { name: 'c', attempt: 0 }, image: '', imageRef: '' },
      id: name,
      podSandboxId,
      state,
    });
    return {
      listPodSandboxes: async () => sandboxes,
      listContainers: async () => [container(RUNNING, READY, 'RUNNING'), container(ENDED, READY, 'EXITED')],
      podSandboxStatus: async (name: string): Promise<PodSandboxStatus> => ({
        ...sandboxes.find((one) => one.id === name)!,
        ...{ ip: '', additionalIps: [] },
        networkNamespace: namespace(name === READY ? 'cni-ready' : 'cni-dead'),
      }),
    };
  }
});
