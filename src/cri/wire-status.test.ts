import { describe, expect, it } from 'vitest';
import {
  containerStatusOfWire,
  imageOfWire,
  runtimeStatusOfWire,
  sandboxStatusOfWire,
  statsOfWire,
  type WireContainerStatus,
  type WireRuntimeStatus,
  type WireSandboxStatus,
} from './wire-status.ts';

const SANDBOX: WireSandboxStatus = {
  status: {
    id: 's',
    metadata: { name: 'web', uid: 'u', namespace: 'default', attempt: 0 },
    state: 'SANDBOX_READY',
    createdAt: '1700000000000000000',
    network: { ip: '10.0.0.2', additionalIps: [{ ip: 'fd00::2' }] },
    labels: {},
    annotations: {},
  },
  info: {
    info: JSON.stringify({
      pid: 7,
      runtimeSpec: { linux: { namespaces: [{ type: 'pid' }, { type: 'network', path: '/netns/a' }] } },
    }),
  },
};

describe('what the runtime can', () => {
  const status = { conditions: [] };
  it.each<[string, WireRuntimeStatus, object]>([
    ['containerd before 2.0 tells nothing', { status, runtimeHandlers: [], features: null }, { handlers: [] }],
    [
      'a handler without features can nothing special',
      { status, runtimeHandlers: [{ name: 'runc', features: null }], features: { supplementalGroupsPolicy: false } },
      {
        handlers: [{ name: 'runc', recursiveReadOnlyMounts: false, userNamespaces: false }],
        features: { supplementalGroupsPolicy: false },
      },
    ],
    [
      'containerd 2',
      {
        status,
        runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: true } }],
        features: { supplementalGroupsPolicy: true },
      },
      {
        handlers: [{ name: '', recursiveReadOnlyMounts: true, userNamespaces: true }],
        features: { supplementalGroupsPolicy: true },
      },
    ],
  ])('%s', (_, wire, abilities) => {
    expect(runtimeStatusOfWire(wire)).toEqual({ conditions: [], ...abilities });
  });
});

describe('the status of a container', () => {
  it.each([
    [null, undefined],
    [{ linux: null }, undefined],
    [
      { linux: { uid: '1000', gid: '0', supplementalGroups: ['1000', '4294967294'] } },
      { uid: 1000, gid: 0, supplementalGroups: [1000, 4_294_967_294] },
    ],
  ])('tells as whom it began: %j', (user, told) => {
    const facts = { id: 'c', metadata: null, image: null, imageRef: '', state: 'CONTAINER_RUNNING', createdAt: '0' };
    const rest = { labels: {}, annotations: {}, startedAt: '0', finishedAt: '0', exitCode: 0, reason: '' } as const;
    const wire = { ...facts, ...rest, message: '', logPath: '', user } as WireContainerStatus;
    expect(containerStatusOfWire(wire).user).toEqual(told);
  });
});

describe('the status of a sandbox', () => {
  it('has addresses, and what containerd tells of its process', () => {
    expect(sandboxStatusOfWire(SANDBOX)).toMatchObject({
      state: 'READY',
      ip: '10.0.0.2',
      additionalIps: ['fd00::2'],
      pid: 7,
      networkNamespace: '/netns/a',
    });
  });

  it.each([
    ['nothing', {}],
    ['no JSON', { info: 'hello' }],
  ])('does without when the runtime tells %s', (_, info) => {
    const status = sandboxStatusOfWire({ ...SANDBOX, info: info as Record<string, string> });
    expect(status).not.toHaveProperty('pid');
    expect(status).not.toHaveProperty('networkNamespace');
  });

  it('has no address on the network of the host', () => {
    expect(sandboxStatusOfWire({ ...SANDBOX, status: { ...SANDBOX.status, network: null } })).toMatchObject({
      ip: '',
      additionalIps: [],
    });
  });
});

it("an image's user is a number, a name, or not said", () => {
  const image = { id: 'i', repoTags: [], repoDigests: [], size: '5', uid: null, username: '' };
  const bare = { id: 'i', repoTags: [], repoDigests: [], size: 5 };
  expect(imageOfWire(image)).toEqual(bare);
  expect(imageOfWire({ ...image, uid: { value: '0' } })).toEqual({ ...bare, uid: 0 });
  expect(imageOfWire({ ...image, username: 'nginx' })).toEqual({ ...bare, username: 'nginx' });
});

it('statistics leave out what the runtime does not know', () => {
  const attributes = { id: 'c', labels: { a: 'b' } };
  expect(statsOfWire({ attributes, cpu: null, memory: null, writableLayer: null })).toEqual({
    containerId: 'c',
    labels: { a: 'b' },
  });
  expect(
    statsOfWire({
      attributes,
      cpu: { usageCoreNanoSeconds: { value: '5' } },
      memory: { workingSetBytes: { value: '6' } },
      writableLayer: { usedBytes: { value: '7' } },
    }),
  ).toEqual({
    containerId: 'c',
    labels: { a: 'b' },
    cpuUsageNanoseconds: 5,
    memoryWorkingSetBytes: 6,
    writableLayerBytes: 7,
  });
});
