import protobuf, { type INamespace } from 'protobufjs';
import { expect, test } from 'vitest';
import { PODS, startApi } from '../../src/api/rest/fixture.ts';
import descriptors from '../../src/cri/proto/descriptors.json' with { type: 'json' };
import { wireContainerConfig, wireSandboxConfig } from '../../src/cri/wire-config.ts';
import type { Pod } from '../../src/kube/generated/objects.ts';
import { containerConfig, sandboxConfig } from '../../src/pods/container-config.ts';
import { dnsConfig } from '../../src/pods/dns.ts';
import { misfit } from '../../src/pods/fit.ts';
import { NOTHING_OBSERVED } from '../../src/pods/observed.ts';
import { podPaths } from '../../src/pods/paths.ts';
import { plan } from '../../src/pods/plan.ts';
import { allContainers } from '../../src/pods/pod-spec.ts';
import { NO_ABILITIES } from '../../src/pods/runtime-abilities.ts';
import { podStatus } from '../../src/pods/status.ts';
import { unsupportedFields } from '../../src/pods/unsupported.ts';
import { volumePayload } from '../../src/pods/volumes/payload.ts';
import { observed, running } from '../pods/observed.ts';
import { BEGIN } from '../pods/world.ts';
import { mutatePod, randomness } from './mutate-pod.ts';
import { realPods } from './real-pods.ts';

/** The same Pods every time; FUZZ_SEED=n tries others, FUZZ_PODS=n more. */
const SEED = Number(process.env.FUZZ_SEED ?? 17);
const RUNS = Number(process.env.FUZZ_PODS ?? 5_000);

const TABLE = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const MACHINE = { cpuMillis: 2000, memoryBytes: 2 ** 33, storageBytes: 2 ** 40, unifiedCgroups: false };
const LOOKUP = { configMap: () => ({ data: { a: '1' } }), secret: () => ({ data: { a: 'MQ==' } }) };
const PATHS = podPaths('/state');
const NOTHING_SPECIAL = { appArmor: false, seLinux: false, ...NO_ABILITIES };
const HEALTH = { started: () => true, ready: () => true, failing: () => undefined };

test(`${RUNS} spoiled Pods: each is refused with reasons, or is one that this node can run`, async () => {
  const api = await startApi({ warningsFor: (object) => unsupportedFields(object as Pod, NOTHING_SPECIAL) });
  const pods = realPods();
  expect(pods.length).toBeGreaterThan(30);
  const answers: Record<number, number> = {};
  for (let run = 0; run < RUNS; run++) {
    const random = randomness(SEED * 1_000_003 + run);
    const pod = mutatePod(pods[Math.floor(random() * pods.length)]!, random);
    const body = JSON.stringify({ ...pod, metadata: named(pod.metadata, run) });
    try {
      const status = await tryPod(api, body);
      answers[status] = (answers[status] ?? 0) + 1;
    } catch (error) {
      throw new Error(`FUZZ_SEED=${SEED}, run ${run}: ${error instanceof Error ? error.stack : error}\n${body}`);
    }
  }
  // Neither all refused nor all taken: else the mutations are no good.
  expect(answers[201]).toBeGreaterThan(RUNS / 10);
  expect(answers[422]).toBeGreaterThan(RUNS / 10);
}, 240_000);

/** The name is only spoiled when the mutation has done so. */
function named(metadata: unknown, run: number): unknown {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return metadata;
  return { name: `fuzz-${run}`, ...metadata };
}

async function tryPod(api: Awaited<ReturnType<typeof startApi>>, body: string): Promise<number> {
  const { status, json } = await api.post(PODS, body as never, { headers: { 'Content-Type': 'application/json' } });
  const answer = json as { message?: string; details?: { causes?: { field?: string; message?: string }[] } };
  if (status !== 201) {
    // 409: the name was spoiled into one that finalizers hold.
    expect([400, 403, 409, 422]).toContain(status);
    expect(answer.message).toBeTruthy();
    if (status === 422)
      expect(answer.details?.causes?.every(({ field, message }) => field !== undefined && message)).toBe(true);
    return status;
  }
  const pod = json as Pod;
  const url = `${PODS}/${pod.metadata?.name}`;
  expect((await api.get(PODS, { headers: TABLE })).status).toBe(200);
  canRun(pod);
  expect((await api.remove(url)).status).toBe(200);
  return status;
}

/** All that the loop works out of a Pod before it asks the runtime. */
function canRun(bare: Pod): void {
  const pod = { ...bare, spec: { ...bare.spec!, nodeName: 'node1' } };
  const facts = { pod, now: BEGIN, health: HEALTH, backOffs: new Map(), waiting: new Map(), hostIPs: ['192.0.2.1'] };
  const all = observed(allContainers(pod).map((container) => running(container.name, { made: container })));
  for (const seen of [NOTHING_OBSERVED, all]) {
    plan({ ...facts, observed: seen });
    podStatus({ ...facts, observed: seen });
  }
  misfit(pod, { status: { allocatable: { cpu: '2', memory: '8Gi', pods: '110' } } }, [pod]);
  const { dns } = dnsConfig({ pod, resolvConf: 'nameserver 192.0.2.53\n' });
  orRefused(() => {
    const sandbox = sandboxConfig({ pod, attempt: 0, paths: PATHS, cgroupParent: '/outfit', dns });
    onTheWire('PodSandboxConfig', wireSandboxConfig(sandbox));
  });
  for (const volume of pod.spec.volumes ?? [])
    orRefused(() => volumePayload(volume, { pod, machine: MACHINE, lookup: LOOKUP }));
  const volumes = new Map((pod.spec.volumes ?? []).map(({ name }) => [name, `/state/volumes/${name}`]));
  const place = { podIPs: ['10.88.0.2'], hostIPs: ['192.0.2.1'], nodeName: 'node1' };
  for (const container of allContainers(pod))
    orRefused(() => {
      const input = { pod, container, attempt: 0, imageRef: 'i', image: { username: '', uid: 0 } as never, volumes };
      const config = containerConfig({ ...input, ...place, paths: PATHS, lookup: LOOKUP, machine: MACHINE });
      onTheWire('ContainerConfig', wireContainerConfig(config));
    });
}

/** What a Pod may lack is said in an error of ours; errors of the language are faults of the program. */
function orRefused(work: () => void): void {
  try {
    work();
  } catch (error) {
    const faults = [TypeError, RangeError, SyntaxError, ReferenceError, URIError];
    if (!(error instanceof Error) || faults.some((fault) => error instanceof fault)) throw error;
  }
}

const MESSAGES = protobuf.Root.fromJSON(descriptors as INamespace);

/** The runtime's interface takes every value. */
function onTheWire(type: string, message: object): void {
  const found = MESSAGES.lookupType(`runtime.v1.${type}`);
  const made = found.fromObject(message);
  const why = found.verify(made);
  if (why) throw new TypeError(`${type}: ${why}`);
  found.encode(made).finish();
}
