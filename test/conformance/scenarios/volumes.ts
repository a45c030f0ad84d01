import type { Container, PodSpec, Volume } from '../../../src/kube/generated/objects.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import type { Scenario, Upstream } from '../scenario.ts';
import { configMap, prints, secret, sh } from './prints.ts';

const of = (file: string, ...tests: string[]): Upstream[] => [{ file: `e2e/common/storage/${file}`, tests }];
const mount = (name: string, more: object = {}) => ({ name, mountPath: `/${name}`, ...more });
const image = { image: 'busybox', imagePullPolicy: 'IfNotPresent' };
/** Path, mode, owner and group of files, and what is in them. */
const show = (...files: string[]) =>
  sh(files.map((file) => `echo "${file} $(stat -L -c "%a %u %g" ${file}) $(cat ${file})"`).join('; '));
const AS_USER: Partial<PodSpec> = { securityContext: { runAsUser: 1000 } };
const AS_GROUP: Partial<PodSpec> = { securityContext: { runAsUser: 1000, fsGroup: 1001 } };

interface Kind {
  file: string;
  /** How upstream names it in its titles. */
  id: string;
  make(name: string, data: Record<string, string>, more?: object): KubeObject;
  path: string;
  volume(name: string, of: string, more?: { items?: object[]; defaultMode?: number; optional?: boolean }): Volume;
  noun: string;
}

const KINDS: Kind[] = [
  {
    file: 'configmap_volume.go',
    id: 'configmap',
    noun: 'configMap',
    make: configMap,
    path: 'configmaps',
    volume: (name, configMap, more) => ({ name, configMap: { name: configMap, ...more } }) as Volume,
  },
  {
    file: 'projected_configmap.go',
    id: 'projected-configmap',
    noun: 'configMap',
    make: configMap,
    path: 'configmaps',
    volume: (name, configMap, { defaultMode, ...more } = {}) =>
      ({
        name,
        projected: { sources: [{ configMap: { name: configMap, ...more } }], ...(defaultMode && { defaultMode }) },
      }) as Volume,
  },
  {
    file: 'secrets_volume.go',
    id: 'secret',
    noun: 'secret',
    make: secret,
    path: 'secrets',
    volume: (name, secretName, more) => ({ name, secret: { secretName, ...more } }) as Volume,
  },
  {
    file: 'projected_secret.go',
    id: 'projected-secret',
    noun: 'secret',
    make: secret,
    path: 'secrets',
    volume: (name, secret, { defaultMode, ...more } = {}) =>
      ({
        name,
        projected: { sources: [{ secret: { name: secret, ...more } }], ...(defaultMode && { defaultMode }) },
      }) as Volume,
  },
];

function filesOf(kind: Kind): Scenario[] {
  const { file, noun, make, volume } = kind;
  const isSecret = noun === 'secret';
  const isProjected = file.startsWith('projected');
  const id = (name: string) => `${kind.id}-${name}`;
  const items = [{ key: 'data-2', path: 'path/to/data-2' }];
  const withMode = [{ key: 'data-2', path: 'path/to/data-2', mode: 0o400 }];
  const data = { 'data-1': 'value-1', 'data-2': 'value-2' };
  const all = (name: string): Partial<PodSpec> => ({
    volumes: [
      volume('plain', id(name)),
      volume('strict', id(name), { defaultMode: 0o400 }),
      volume('items', id(name), { items }),
      volume('mode', id(name), { items: withMode }),
      volume('none', 'no-such-object', { optional: true }),
    ],
  });
  const mounts = ['plain', 'strict', 'items', 'mode', 'none'].map((name) => mount(name));
  const missing = (what: 'object' | 'key'): Scenario => ({
    id: id(`no-${what}`),
    says: `a Pod waits for a ${noun} ${what === 'key' ? 'that lacks a key' : 'that is not there'}, and starts when it comes (${isProjected ? 'projected' : 'volume'})`,
    upstream: of(
      file,
      what === 'object'
        ? `Should fail non-optional pod creation due to ${noun} object does not exist`
        : `Should fail non-optional pod creation due to the key in the ${noun} object does not exist`,
    ),
    ...(what === 'key' && { objects: [make(id('no-key'), { other: 'x' })] }),
    pod: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', ...image, ...show('/v/f'), volumeMounts: [mount('v')] } as Container],
        volumes: [volume('v', id(`no-${what}`), { items: [{ key: 'late', path: 'f' }] })],
      },
    },
    happens: [
      {
        until: {
          event:
            /Warning FailedMount : MountVolume\.SetUp failed for volume "v" : .*(not found|non-existent|references non-existent)/,
        },
      },
      what === 'object'
        ? { create: make(id('no-object'), { late: 'came' }) }
        : {
            patch: isSecret ? { stringData: { late: 'came' } } : { data: { late: 'came' } },
            of: `${kind.path}/${id('no-key')}`,
          },
      { until: { phase: 'Succeeded' } },
    ],
    holds: [{ log: '/v/f 644 0 0 came\n', of: 'main' }, { conditions: ['Ready=False'] }],
  });
  const follows: Scenario = {
    id: id('follows'),
    says: `files of a ${noun} follow it, keys of an optional one come and go (${isProjected ? 'projected' : 'volume'})`,
    upstream: of(
      file,
      'optional updates should be reflected in volume',
      ...(isSecret ? [] : ['updates should be reflected in volume']),
    ),
    objects: [make(id('follows'), { a: 'one', b: 'two' }), make(id('follows-deleted'), { gone: 'soon' })],
    pod: {
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'main',
            ...image,
            command: ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'],
            volumeMounts: ['v', 'old', 'new'].map((name) => mount(name)),
          },
        ],
        volumes: [
          volume('v', id('follows')),
          volume('old', id('follows-deleted'), { optional: true }),
          volume('new', id('follows-created'), { optional: true }),
        ],
      },
    },
    happens: [
      { until: { prints: /^one two soon$/m, of: 'main', script: 'echo $(cat /v/a) $(cat /v/b) $(cat /old/gone)' } },
      {
        patch: isSecret ? { stringData: { a: 'changed' }, data: { b: null } } : { data: { a: 'changed', b: null } },
        of: `${kind.path}/${id('follows')}`,
      },
      { remove: `${kind.path}/${id('follows-deleted')}` },
      { create: make(id('follows-created'), { born: 'late' }) },
      {
        until: {
          prints: /^changed late 0$/m,
          of: 'main',
          script: 'echo $(cat /v/a) $(cat /new/born) $(ls /old /v | grep -c -x -e gone -e b)',
        },
      },
    ],
    holds: [{ phase: 'Running' }],
  };
  const subject = isProjected ? 'a projected volume' : 'a volume';
  return [
    prints({
      id: id('root'),
      says: `files of ${subject} of a ${noun}: modes, items, several mounts; an optional one that is not there is empty`,
      upstream: of(
        file,
        'should be consumable from pods in volume',
        'should be consumable from pods in volume with defaultMode set',
        'should be consumable from pods in volume with mappings',
        isSecret
          ? 'should be consumable from pods in volume with mappings and Item Mode set'
          : 'should be consumable from pods in volume with mappings and Item mode set',
        isSecret
          ? 'should be consumable in multiple volumes in a pod'
          : 'should be consumable in multiple volumes in the same pod',
        ...(isSecret
          ? [
              'should be able to mount in a volume regardless of a different secret existing with same name in different namespace',
            ]
          : []),
      ),
      objects: [make(id('root'), data)],
      spec: all('root'),
      container: {
        ...show('/plain/data-1', '/plain/data-2', '/strict/data-1', '/items/path/to/data-2', '/mode/path/to/data-2'),
        volumeMounts: mounts,
      },
      log: [
        '/plain/data-1 644 0 0 value-1',
        '/plain/data-2 644 0 0 value-2',
        '/strict/data-1 400 0 0 value-1',
        '/items/path/to/data-2 644 0 0 value-2',
        '/mode/path/to/data-2 400 0 0 value-2',
        '',
      ].join('\n'),
    }),
    ...(isSecret
      ? []
      : [
          prints({
            id: id('user'),
            says: `files of ${subject} of a ${noun} may be read by a user that is not root`,
            upstream: of(
              file,
              'should be consumable from pods in volume as non-root',
              'should be consumable from pods in volume with mappings as non-root',
            ),
            objects: [make(id('user'), data)],
            spec: { ...all('user'), ...AS_USER },
            container: { ...show('/plain/data-1', '/items/path/to/data-2'), volumeMounts: mounts },
            log: '/plain/data-1 644 0 0 value-1\n/items/path/to/data-2 644 0 0 value-2\n',
          }),
        ]),
    prints({
      id: id('group'),
      says: `files of ${subject} of a ${noun} are of the fsGroup, which may read them whatever their mode`,
      upstream: of(
        file,
        'should be consumable from pods in volume as non-root with defaultMode and fsGroup set',
        ...(isSecret
          ? []
          : [
              'should be consumable from pods in volume as non-root with FSGroup',
              'should be consumable from pods in volume with mappings as non-root with FSGroup',
            ]),
      ),
      objects: [make(id('group'), data)],
      spec: { ...all('group'), ...AS_GROUP },
      container: { ...show('/plain/data-1', '/strict/data-1', '/items/path/to/data-2'), volumeMounts: mounts },
      log: '/plain/data-1 644 0 1001 value-1\n/strict/data-1 440 0 1001 value-1\n/items/path/to/data-2 644 0 1001 value-2\n',
    }),
    follows,
    missing('object'),
    missing('key'),
    ...(isProjected
      ? []
      : [
          prints({
            id: id('immutable'),
            says: `an immutable ${noun} is a volume like another`,
            upstream: of(file, 'should be immutable if `immutable` field is set'),
            objects: [make(id('immutable'), data, { immutable: true })],
            spec: { volumes: [volume('v', id('immutable'))] },
            container: { ...show('/v/data-1'), volumeMounts: [mount('v')] },
            log: '/v/data-1 644 0 0 value-1\n',
          }),
        ]),
  ];
}

const binary: Scenario = prints({
  id: 'configmap-binary',
  says: 'binary data of a configMap arrives byte by byte',
  upstream: of('configmap_volume.go', 'binary data should be reflected in volume'),
  objects: [configMap('configmap-binary', {}, { binaryData: { dump: btoa('\xde\xca\xfe\xba\xd0\xfe\xff') } })],
  spec: { volumes: [{ name: 'v', configMap: { name: 'configmap-binary' } }] },
  container: { ...sh('od -An -tx1 /v/dump'), volumeMounts: [mount('v')] },
  log: / de ca fe ba d0 fe ff\n/,
});

function downwardOf(isProjected: boolean): Scenario[] {
  const file = isProjected ? 'projected_downwardapi.go' : 'downwardapi_volume.go';
  const prefix = isProjected ? 'projected-downward' : 'downward-volume';
  const volume = (name: string, items: object[], defaultMode?: number): Volume =>
    (isProjected
      ? { name, projected: { sources: [{ downwardAPI: { items } }], ...(defaultMode && { defaultMode }) } }
      : { name, downwardAPI: { items, ...(defaultMode && { defaultMode }) } }) as Volume;
  const field = (path: string, fieldPath: string, more: object = {}) => ({ path, fieldRef: { fieldPath }, ...more });
  const resource = (path: string, of: string, more: object = {}) => ({
    path,
    resourceFieldRef: { containerName: 'main', resource: of, ...more },
  });
  const where = isProjected ? 'projected' : 'volume';
  return [
    prints({
      id: `${prefix}-name`,
      says: `the name of the Pod in a file, with the modes of volume and item (${where})`,
      upstream: of(
        file,
        'should provide podname only',
        'should set DefaultMode on files',
        'should set mode on item file',
      ),
      spec: {
        volumes: [
          volume('plain', [field('name', 'metadata.name')]),
          volume('strict', [field('name', 'metadata.name')], 0o400),
          volume('item', [field('name', 'metadata.name', { mode: 0o400 })]),
        ],
      },
      container: {
        ...show('/plain/name', '/strict/name', '/item/name'),
        volumeMounts: ['plain', 'strict', 'item'].map((name) => mount(name)),
      },
      log: ['plain 644', 'strict 400', 'item 400']
        .map((line) => line.split(' '))
        .map(([of, mode]) => `/${of}/name ${mode} 0 0 ${prefix}-name\n`)
        .join(''),
    }),
    prints({
      id: `${prefix}-group`,
      says: `files about the Pod are of the fsGroup (${where})`,
      upstream: of(
        file,
        'should provide podname as non-root with fsgroup',
        'should provide podname as non-root with fsgroup and defaultMode',
      ),
      spec: {
        ...AS_GROUP,
        volumes: [
          volume('plain', [field('name', 'metadata.name')]),
          volume('strict', [field('name', 'metadata.name')], 0o440),
        ],
      },
      container: { ...show('/plain/name', '/strict/name'), volumeMounts: [mount('plain'), mount('strict')] },
      log: `/plain/name 644 0 1001 ${prefix}-group\n/strict/name 440 0 1001 ${prefix}-group\n`,
    }),
    prints({
      id: `${prefix}-resources`,
      says: `limits and requests in files; without a limit what the node has (${where})`,
      upstream: of(
        file,
        "should provide container's cpu limit",
        "should provide container's memory limit",
        "should provide container's cpu request",
        "should provide container's memory request",
        'should provide node allocatable (cpu) as default cpu limit if the limit is not set',
        'should provide node allocatable (memory) as default memory limit if the limit is not set',
      ),
      spec: {
        containers: [{ name: 'free', ...image, command: ['true'] }],
        volumes: [
          volume('v', [
            resource('cpu', 'limits.cpu', { divisor: '1m' }),
            resource('memory', 'limits.memory'),
            resource('my-cpu', 'requests.cpu', { divisor: '1m' }),
            resource('my-memory', 'requests.memory', { divisor: '1Mi' }),
            resource('free-cpu', 'limits.cpu', { containerName: 'free' }),
            resource('free-memory', 'limits.memory', { containerName: 'free' }),
          ]),
        ],
      },
      container: {
        ...sh(
          'cd /v; echo $(cat cpu) $(cat memory) $(cat my-cpu) $(cat my-memory); [ $(cat free-cpu) -ge 1 ] && [ $(cat free-memory) -gt 100000000 ] && echo all',
        ),
        resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
        volumeMounts: [mount('v')],
      },
      log: '1250 67108864 250 32\nall\n',
    }),
    {
      id: `${prefix}-follows`,
      says: `labels and annotations in files follow the Pod (${where})`,
      upstream: of(file, 'should update labels on modification', 'should update annotations on modification'),
      pod: {
        metadata: { labels: { key1: 'value1' }, annotations: { builder: 'bar' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              ...image,
              command: ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'],
              volumeMounts: [mount('v')],
            },
          ],
          volumes: [volume('v', [field('labels', 'metadata.labels'), field('annotations', 'metadata.annotations')])],
        },
      },
      happens: [
        {
          until: {
            prints: /key1="value1"[\s\S]*builder="bar"/,
            of: 'main',
            script: 'cat /v/labels; echo; cat /v/annotations',
          },
        },
        { patch: { metadata: { labels: { key3: 'value3' }, annotations: { builder: 'foo' } } } },
        {
          until: {
            prints: /key3="value3"[\s\S]*builder="foo"/,
            of: 'main',
            script: 'cat /v/labels; echo; cat /v/annotations',
          },
        },
      ],
      holds: [{ phase: 'Running' }, { restartCount: { main: 0 } }],
    },
  ];
}

const combined: Scenario = prints({
  id: 'projected-combined',
  says: 'a projected volume of a configMap, a secret and the Pod itself',
  upstream: of('projected_combined.go', 'should project all components that make up the projection API'),
  objects: [
    configMap('projected-combined', { 'configmap-data': 'configmap-value-1' }),
    secret('projected-combined', { 'secret-data': 'secret-value-1' }),
  ],
  spec: {
    volumes: [
      {
        name: 'all',
        projected: {
          sources: [
            { downwardAPI: { items: [{ path: 'podname', fieldRef: { fieldPath: 'metadata.name' } }] } },
            { secret: { name: 'projected-combined', items: [{ key: 'secret-data', path: 'secret-data' }] } },
            { configMap: { name: 'projected-combined', items: [{ key: 'configmap-data', path: 'configmap-data' }] } },
          ],
        },
      } as Volume,
    ],
  },
  container: {
    ...sh('cd /all; cat podname; echo; cat secret-data; echo; cat configmap-data'),
    volumeMounts: [mount('all')],
  },
  log: 'projected-combined\nsecret-value-1\nconfigmap-value-1',
});

const MODES = ['0644', '0666', '0777'];

/** The matrix of upstream: who writes a file of which mode into an emptyDir on which medium; one Pod for each user and medium. */
const emptyDirs: Scenario[] = (['root', 'non-root'] as const).flatMap((user) =>
  (['default', 'tmpfs'] as const).map((medium) =>
    prints({
      id: `empty-dir-${user}-${medium}`,
      says: `${user === 'root' ? 'root' : 'any user'} may write files of any mode into an emptyDir ${medium === 'tmpfs' ? 'in memory' : 'on disk'}, which is open to all`,
      upstream: of(
        'empty_dir.go',
        ...MODES.map((mode) => `should support (${user},${mode},${medium})`),
        ...(user === 'root'
          ? [`volume on ${medium === 'tmpfs' ? 'tmpfs' : 'default medium'} should have the correct mode`]
          : []),
      ),
      spec: {
        ...(user === 'non-root' && AS_USER),
        volumes: [{ name: 'v', emptyDir: medium === 'tmpfs' ? { medium: 'Memory' } : {} }],
      },
      container: {
        ...sh(
          `stat -c %a /v; ${MODES.map((mode) => `echo x > /v/${mode}; chmod ${mode} /v/${mode}; stat -c "%a %u" /v/${mode}`).join('; ')}; grep -c "tmpfs /v " /proc/mounts`,
        ),
        volumeMounts: [mount('v')],
      },
      log: `777\n${MODES.map((mode) => `${mode.slice(1)} ${user === 'root' ? 0 : 1000}\n`).join('')}${medium === 'tmpfs' ? 1 : 0}\n`,
    }),
  ),
);

const emptyDirGroups: Scenario[] = (['root', 'non-root'] as const).map((user) =>
  prints({
    id: `empty-dir-group-${user}`,
    says: `an emptyDir, its sub paths and new files in it are of the fsGroup (${user})`,
    upstream: of(
      'empty_dir.go',
      user === 'root'
        ? 'when FSGroup is specified: new files should be created with FSGroup ownership when container is root'
        : 'when FSGroup is specified: new files should be created with FSGroup ownership when container is non-root',
      ...(user === 'root'
        ? [
            'when FSGroup is specified: nonexistent volume subPath should have the correct mode and owner using FSGroup',
            'when FSGroup is specified: files with FSGroup ownership should support (root,0644,tmpfs)',
            'when FSGroup is specified: volume on default medium should have the correct mode using FSGroup',
            'when FSGroup is specified: volume on tmpfs should have the correct mode using FSGroup',
          ]
        : []),
    ),
    spec: {
      securityContext: { fsGroup: 123, ...(user === 'non-root' && { runAsUser: 1000 }) },
      volumes: [
        { name: 'disk', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory' } },
      ],
    },
    container: {
      ...sh(
        'for v in disk memory sub; do echo x > /$v/f; chmod 644 /$v/f; echo "$v $(stat -c "%a %g" /$v) $(stat -c "%a %g" /$v/f)"; done',
      ),
      volumeMounts: [mount('disk'), mount('memory'), { name: 'disk', mountPath: '/sub', subPath: 'not/there/yet' }],
    },
    log: 'disk 2777 123 644 123\nmemory 2777 123 644 123\nsub 2777 123 644 123\n',
  }),
);

const shared: Scenario[] = [
  prints({
    id: 'empty-dir-shared',
    says: 'containers of a Pod share an emptyDir',
    upstream: of('empty_dir.go', 'pod should support shared volumes between containers'),
    spec: {
      containers: [
        {
          name: 'writer',
          ...image,
          command: ['sh', '-c', 'echo "from the other" > /v/f.tmp; mv /v/f.tmp /v/f'],
          volumeMounts: [mount('v')],
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
    container: { ...sh('until [ -e /v/f ]; do sleep 0.1; done; cat /v/f'), volumeMounts: [mount('v')] },
    log: 'from the other\n',
  }),
  prints({
    id: 'empty-dir-sized',
    says: 'an emptyDir in memory has the size of its limit',
    upstream: of('empty_dir.go', 'pod should support memory backed volumes of specified size'),
    spec: { volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '5Mi' } }] },
    container: { ...sh('df -k /v | tail -1'), volumeMounts: [mount('v')] },
    log: /^tmpfs +5120 /,
  }),
];

/** The folder of the scenario is the path of the machine. */
const hostPaths: Scenario[] = [
  prints({
    id: 'host-path',
    says: 'a hostPath is a directory of the machine as it is: mode, reading and writing, sub paths',
    upstream: of(
      'host_path.go',
      'should give a volume the correct mode',
      'should support r/w',
      'should support subPath',
    ),
    spec: { volumes: [{ name: 'v', hostPath: { path: '/w', type: 'Directory' } }] },
    container: {
      ...sh('stat -c %a /v; echo deep > /sub/f; cat /v/a/b/f; echo wide > /v/g; cat /v/g'),
      volumeMounts: [mount('v'), { name: 'v', mountPath: '/sub', subPath: 'a/b' }],
    },
    log: '777\ndeep\nwide\n',
  }),
];

export const volumes: Scenario[] = [
  ...KINDS.flatMap(filesOf),
  binary,
  ...downwardOf(false),
  ...downwardOf(true),
  combined,
  ...emptyDirs,
  ...emptyDirGroups,
  ...shared,
  ...hostPaths,
];
