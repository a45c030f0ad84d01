import { describe, expect, it } from 'vitest';
import type { Container } from '../kube/generated/objects.ts';
import { attach } from './attach.ts';
import { app, deployment, small } from './fixtures/small.ts';
import type { Share } from './sidecar.ts';

/** Attaches a log shipper that shares as it is told. */
function run(share: Share, changes: Partial<Container> = {}, own: Partial<Container> = {}) {
  const main: Container = {
    name: 'app',
    image: 'app',
    ports: [{ containerPort: 80 }],
    env: [
      { name: 'APP_NAME', value: 'shop' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    volumeMounts: [
      { name: 'logs', mountPath: '/var/log', subPath: 'all' },
      { name: 'nginx', mountPath: '/var/log/nginx/', readOnly: true },
    ],
    ...changes,
  };
  const template = app({
    containers: [main, { name: 'helper', image: 'h' }],
    volumes: ['logs', 'nginx'].map((name) => ({ name, emptyDir: {} })),
  });
  const shipper = small('shipper', {
    template: { spec: { containers: [{ name: 'ship', image: 'ship', ...own }] } },
    share: [share],
  });
  const { template: result, findings } = attach({ ...deployment(template), sidecars: [shipper] });
  const { volumeMounts, env } = result.spec?.containers.find(({ name }) => name === 'ship') ?? {};
  return { volumeMounts, env, said: findings.map(({ code, field, message }) => `${code} ${field}: ${message}`) };
}

describe('the mount that covers a path', () => {
  const CASES: [string, Share, object[]][] = [
    [
      'is the longest',
      { volumeMountsAt: ['/var/log/nginx'] },
      [{ name: 'nginx', mountPath: '/var/log/nginx/', readOnly: true }],
    ],
    [
      'is the one above',
      { volumeMountsAt: ['/var/log/app'] },
      [{ name: 'logs', mountPath: '/var/log', subPath: 'all' }],
    ],
    [
      'under another path shows what lies there',
      { volumeMountsAt: [{ path: '/var/log/app', mountPath: '/logs', readOnly: true }] },
      [{ name: 'logs', mountPath: '/logs', subPath: 'all/app', readOnly: true }],
    ],
    [
      'may be written to',
      { volumeMountsAt: [{ path: '/var/log/nginx', mountPath: '/logs', readOnly: false }] },
      [{ name: 'nginx', mountPath: '/logs' }],
    ],
    [
      'of the container with a port',
      { from: { ports: [80] }, volumeMountsAt: ['/var/log'] },
      [{ name: 'logs', mountPath: '/var/log', subPath: 'all' }],
    ],
  ];
  it.each(CASES)('%s', (_, share, expected) => {
    expect(run(share)).toMatchObject({ volumeMounts: expected, said: [] });
  });

  it('brings the variables that its path is made of', () => {
    const mounts = [{ name: 'logs', mountPath: '/var/log', subPathExpr: '$(POD)' }];
    expect(run({ volumeMountsAt: ['/var/log/app'] }, { volumeMounts: mounts })).toEqual({
      volumeMounts: mounts,
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      said: [],
    });
  });
});

it('shares variables with those that are named', () => {
  expect(run({ to: ['ship'], env: ['APP_NAME'] }).env).toEqual([{ name: 'APP_NAME', value: 'shop' }]);
});

describe('what cannot be shared', () => {
  const CASES: [string, Share, Partial<Container>, Partial<Container>, string][] = [
    [
      'a path without a mount',
      { volumeMountsAt: ['/srv'] },
      {},
      {},
      'NothingToShare spec.share[0].volumeMountsAt[0]: no volume is mounted at or above /srv in container "app", "helper"',
    ],
    [
      'a variable that nobody sets',
      { env: ['NONE'] },
      {},
      {},
      'NothingToShare spec.share[0].env[0]: container "app", "helper" sets no variable NONE in env',
    ],
    [
      'nobody to share with',
      { from: { names: ['db'] }, env: ['A'] },
      {},
      {},
      'NoMainContainer spec.share[0].from: the Pod has no container with name db',
    ],
    [
      'a path that is taken',
      { volumeMountsAt: ['/var/log'] },
      {},
      { volumeMounts: [{ name: 'nginx', mountPath: '/var/log' }] },
      'MountConflict spec.share[0].volumeMountsAt[0]: container "ship" has another mount at /var/log',
    ],
    [
      'a variable that it sets itself',
      { env: ['APP_NAME'] },
      {},
      { env: [{ name: 'APP_NAME', value: 'x' }] },
      'EnvConflict spec.share[0].env[0]: container "ship" sets APP_NAME itself',
    ],
  ];
  it.each(CASES)('%s', (_, share, changes, own, message) => {
    expect(run(share, changes, own).said).toContain(message);
  });
});
