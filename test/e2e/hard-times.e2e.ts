import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PodCgroups } from '../../src/cri/cgroups.ts';
import { nodePlaces } from '../../src/cri/places.ts';
import { startTestRegistry, type TestRegistry } from '../../src/cri/testing-registry.ts';
import { type BadRegistry, badRegistry, MALADIES } from '../faults/bad-registry.ts';
import { eventually, kubectls, missingKubectl, NodeUnderTest } from './node-under-test.ts';

const PATIENCE = 120;
/** Milliseconds for one test: several things are waited for in it. */
const LIMIT = 400_000;
const LINES = 500_000;
const PROCESSES = 3000;

interface PodOptions {
  image?: string;
  grace?: number;
  /** Of the spec. */
  more?: object;
  container?: object;
}

function pod(name: string, script: string, { image = 'busybox', grace = 1, more, container }: PodOptions = {}): string {
  const command = ['sh', '-c', script];
  const only = { name: 'c', image, imagePullPolicy: 'IfNotPresent', command, ...container };
  const spec = { terminationGracePeriodSeconds: grace, containers: [only], ...more };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
}

/** What containers, registries and disks do to a node. */
describe('hard times', { timeout: LIMIT }, () => {
  let node: NodeUnderTest;
  let good: TestRegistry;
  let bad: BadRegistry;
  const mounted: string[] = [];

  beforeAll(async () => {
    if (missingKubectl) return;
    good = await startTestRegistry();
    bad = await badRegistry(good.url);
    node = new NodeUnderTest(46);
    await node.start({ images: ['busybox'], flags: ['--registry-mirror', `example.com=${bad.url}`] });
  });
  afterAll(async () => {
    for (const folder of [...mounted]) unmount(folder);
    await node?.close();
    bad?.close();
    good?.close();
  });

  test.concurrent('registries that hang, reset, lie or answer 429 and 500: the Pod says so, can be deleted, and runs when they are well', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    for (const malady of MALADIES)
      await create(pod(malady, 'sleep 100000', { image: `example.com/${malady}/tools/busybox:2` }));
    await create(pod('gives-up', 'sleep 100000', { image: 'example.com/hangs/tools/busybox:2' }));
    for (const malady of MALADIES.filter((one) => one !== 'hangs'))
      await eventually(
        `${malady} is told`,
        async () => (await node.k('describe', 'po', malady)).includes('Failed to pull image'),
        PATIENCE,
      );
    await node.k('delete', 'po', 'gives-up', `--timeout=${PATIENCE}s`);
    bad.heal();
    await node.k('wait', '--for=condition=Ready', 'po', ...MALADIES, `--timeout=${PATIENCE}s`);
  });

  test.concurrent('a container that ignores SIGTERM is named by an event and by delete', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    await create(pod('deaf', 'trap "" TERM; while :; do sleep 1; done', { grace: 2 }));
    await node.k('wait', '--for=condition=Ready', 'po/deaf', `--timeout=${PATIENCE}s`);
    const said = 'Container c did not stop within 2 s of SIGTERM and was killed';
    expect(await node.outfit('delete', 'pod', 'deaf')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`Warning: pod "deaf": ${said}`),
    });
    expect(await node.k('get', 'events', '--field-selector=reason=ExceededGracePeriod')).toContain(said);
  });

  test.concurrent(`${PROCESSES} processes in one container: the node answers, and after the deletion none is left`, async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const script = `i=0; while [ $i -lt ${PROCESSES} ]; do sleep 100000 & i=$((i+1)); done; wait`;
    await create(pod('crowd', script));
    const uid = await node.k('get', 'po', 'crowd', '-o', 'jsonpath={.metadata.uid}');
    const cgroups = new PodCgroups(nodePlaces(node.home).cgroup);
    const count = () => processesBelow(cgroups.folders().filter((folder) => folder.includes(uid))).size;
    await eventually('all are there', () => count() > PROCESSES, PATIENCE);
    expect(await node.k('get', 'po', 'crowd')).toContain('Running');
    await node.k('delete', 'po', 'crowd', `--timeout=${PATIENCE}s`);
    expect(count()).toBe(0);
  });

  test.concurrent('logs -f has every line once although the log is rotated meanwhile', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const batch = LINES / 5;
    const write = `awk -v from=$((i*${batch})) 'BEGIN{for(n=0;n<${batch};n++) printf "%0100d\\n", from+n}'`;
    const script = `i=0; while [ $i -lt 5 ]; do ${write}; i=$((i+1)); sleep 6; done`;
    await create(pod('wordy', script, { more: { restartPolicy: 'Never' } }));
    await eventually('it runs', async () => /Running|Completed/.test(await node.k('get', 'po', 'wordy')), PATIENCE);
    const following = node.follow(kubectls[0]!.path, 'logs', '-f', 'wordy');
    await new Promise((resolve) => following.once('close', resolve));
    const lines = following.output().trim().split('\n');
    const wrong = lines.findIndex((line, index) => Number(line) !== index);
    expect([lines.length, wrong, lines[wrong]]).toEqual([LINES, -1, undefined]);
    const folder = join(
      node.home,
      'logs',
      readdirSync(join(node.home, 'logs')).find((name) => /wordy/.test(name))!,
      'c',
    );
    expect(readdirSync(folder).length).toBeGreaterThan(1);
  });

  test.concurrent('a disk that is full under volumes and logs: the container goes on, a start waits, and with room again all is well', async (context) => {
    if (missingKubectl) context.skip(missingKubectl);
    const options = {
      more: { nodeSelector: { disk: 'small' }, volumes: [{ name: 'd', emptyDir: {} }] },
      container: { volumeMounts: [{ name: 'd', mountPath: '/d' }] },
    };
    const fill = 'dd if=/dev/zero of=/d/x bs=64k count=100 2>/dev/null && exit 1';
    const write = "head -c 3000000 /dev/zero | tr '\\0' x; exec sleep 100000";
    await create(pod('full', `${fill}; ${write}`, options));
    await create(pod('waits', 'sleep 100000', options));
    const [full, waits] = [await small('full'), await small('waits')];
    const ballast = join(waits.files, 'ballast');
    fillUp(ballast);
    await node.k('label', 'node', 'node1', 'disk=small');
    await node.k('wait', '--for=condition=Ready', 'po/full', `--timeout=${PATIENCE}s`);
    await eventually('the disk of the logs is full', () => isFull(full.logs), PATIENCE);
    await eventually(
      'the start that has no room says so',
      async () => (await node.k('describe', 'po', 'waits')).includes('no space left on device'),
      PATIENCE,
    );
    await eventually('the container goes on', async () =>
      (await node.k('exec', 'full', '--', 'cat', '/proc/1/comm')).includes('sleep'),
    );
    expect(await node.k('get', 'po', 'full', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')).toBe('0');
    rmSync(ballast);
    await node.k('wait', '--for=condition=Ready', 'po/waits', `--timeout=${PATIENCE}s`);
    await node.k('delete', 'po', 'full', 'waits', '--wait=false');
    for (const { files, logs } of [full, waits]) {
      // A mount of somebody else's in the Pod's folder keeps it; the removal is tried again.
      await eventually('the containers have ended', () => processesOf(files) === 0, PATIENCE);
      for (const folder of [files, logs]) unmount(folder);
    }
    await node.k('wait', '--for=delete', 'po/full', 'po/waits', `--timeout=${PATIENCE}s`);
  });

  async function create(manifest: string): Promise<void> {
    expect(await node.create(manifest)).toMatchObject({ code: 0 });
  }

  /** Gives the files and the logs of a Pod that does not run yet small disks of their own. */
  async function small(name: string): Promise<{ files: string; logs: string }> {
    const uid = await node.k('get', 'po', name, '-o', 'jsonpath={.metadata.uid}');
    const files = join(node.home, 'pods', uid);
    const logs = join(node.home, 'logs', `default_${name}_${uid}`);
    for (const folder of [files, logs]) {
      mkdirSync(folder, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'outfit-test', folder]);
      mounted.push(folder);
    }
    return { files, logs };
  }

  function unmount(folder: string): void {
    if (!mounted.includes(folder)) return;
    mounted.splice(mounted.indexOf(folder), 1);
    try {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
    } catch (error) {
      // The node unmounts what is mounted below its Pods' folders, when they go.
      if (readFileSync('/proc/mounts', 'utf8').includes(` ${folder} `)) throw error;
    }
  }

  /** Of the Pod whose files are in this folder. */
  function processesOf(files: string): number {
    const cgroups = new PodCgroups(nodePlaces(node.home).cgroup);
    const uid = files.split('/').at(-1)!;
    return processesBelow(cgroups.folders().filter((folder) => folder.includes(uid))).size;
  }
});

function processesBelow(folders: string[]): Set<string> {
  return new Set(
    folders.flatMap((folder) => {
      try {
        return readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
      } catch {
        return [];
      }
    }),
  );
}

function fillUp(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(4 << 20));
  } catch {
    // As much as there was room for.
  }
}

function isFull(folder: string): boolean {
  const [, , , available] = execFileSync('df', ['-k', folder], { encoding: 'utf8' })
    .trim()
    .split('\n')[1]!
    .split(/\s+/);
  return Number(available) < 8;
}
