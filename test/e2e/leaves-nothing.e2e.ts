import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { eventually, missing, NodeUnderTest } from './node-under-test.ts';

const CYCLES = 10;
const POD =
  '{apiVersion: v1, kind: Pod, metadata: {name: cycle}, spec: {terminationGracePeriodSeconds: 0, volumes: [{name: d, emptyDir: {}}, {name: m, emptyDir: {medium: Memory}}], containers: [{name: a, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, "1000"], ports: [{containerPort: 80, hostPort: 18480}], volumeMounts: [{name: d, mountPath: /d}, {name: m, mountPath: /m}]}]}}';

/** After a Pod, and after a node, the machine is as it was. Played with Outfit's own verbs: no kubectl is needed. */
describe('nothing is left behind', () => {
  let node: NodeUnderTest;
  let before: Machine;

  beforeAll(async () => {
    if (missing) return;
    before = await machine();
    node = new NodeUnderTest(6);
    await node.start({ images: ['busybox'] });
  });
  afterAll(async () => {
    if (node && existsSync(node.home)) await node.close();
  });

  test(`${CYCLES} Pods come and go: no mount, link, rule, namespace, cgroup or file more`, async (context) => {
    if (missing) context.skip(missing);
    await cycle();
    await eventually('the first Pod is taken down', () => readdirSync(`${node.home}/pods`).length === 0);
    const first = await machine();
    for (let i = 0; i < CYCLES; i++) await cycle();
    // A grace period of 0 takes the object away at once, and the containers a moment later.
    await eventually('all Pods are taken down', () => readdirSync(`${node.home}/pods`).length === 0);
    expect(await machine()).toEqual(first);
  });

  test('the whole node is reset: the machine is as before it', async (context) => {
    if (missing) context.skip(missing);
    expect(await node.run(process.execPath, ['bin/outfit', 'create', '-f', '-'], POD)).toMatchObject({ code: 0 });
    await node.must('wait', '--for=condition=Ready', 'pod/cycle', '--timeout=60s');
    await node.close();
    expect(await machine()).toEqual(before);
  });

  async function cycle(): Promise<void> {
    expect(await node.run(process.execPath, ['bin/outfit', 'create', '-f', '-'], POD)).toMatchObject({ code: 0 });
    await node.must('wait', '--for=condition=Ready', 'pod/cycle', '--timeout=60s');
    await node.must('delete', 'pod', 'cycle');
  }

  async function machine(): Promise<Machine> {
    const own = (lines: string) =>
      lines
        .split('\n')
        .filter((line) => /ofe2e6|10\.209\.6\.|outfit-e2e-6-/.test(line))
        .sort();
    const rules = ['nat', 'filter'].map(async (table) =>
      own((await text('iptables-save', '-t', table)).replaceAll(/\[\d+:\d+\]/g, '')),
    );
    return {
      mounts: own(readFileSync('/proc/mounts', 'utf8')),
      links: own(await text('ip', '-o', 'link')).length,
      rules: (await Promise.all(rules)).flat(),
      cgroups: node ? new PodCgroups(nodePlaces(node.home).cgroup).folders() : [],
    };
  }

  async function text(program: string, ...args: string[]): Promise<string> {
    return (await promisify(execFile)(program, args)).stdout;
  }
});

interface Machine {
  mounts: string[];
  links: number;
  rules: string[];
  cgroups: string[];
}
