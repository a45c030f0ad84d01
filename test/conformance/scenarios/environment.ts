import { actor, stage } from '../cast.ts';
import type { Scenario } from '../scenario.ts';
import { configMap, prints, secret, sh } from './prints.ts';

const of = (file: string, ...tests: string[]) => [{ file: `e2e/common/node/${file}`, tests }];
const ofStorage = (test: string) => [{ file: 'e2e/common/storage/downwardapi.go', tests: [test] }];
const env = (name: string, value: string) => ({ name, value });
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const resource = (name: string, of: string, divisor?: string) => ({
  name,
  valueFrom: { resourceFieldRef: { resource: of, ...(divisor && { divisor }) } },
});
/** Every sign that may stand in the name of a variable since v1.30. */
const ODD_NAME = '!"#$%&\'()*+,-./0:;<>?@A[\\]^_`a{|}~ b';

const expansion: Scenario[] = [
  prints({
    id: 'env-composed',
    says: '$(VAR) in a variable is the variable of that name before it; one that is not there stays as it is; $$ is a dollar',
    upstream: of('expansion.go', 'should allow composing env vars into new env vars'),
    container: {
      ...sh('echo "$BOTH/$LATE/$ESCAPED"'),
      env: [
        env('A', 'a'),
        env('B', 'b'),
        env('BOTH', '$(A);;$(B)'),
        env('LATE', '$(C)'),
        env('C', 'c'),
        env('ESCAPED', '$$(A)'),
      ],
    },
    log: 'a;;b/$(C)/$(A)\n',
  }),
  prints({
    id: 'command-expanded',
    says: '$(VAR) in a command',
    upstream: of('expansion.go', "should allow substituting values in a container's command"),
    container: { command: ['sh', '-c', 'TEST=wrong; echo "$(TEST)"'], env: [env('TEST', 'right')] },
    log: 'right\n',
  }),
  prints({
    id: 'args-expanded',
    says: '$(VAR) in arguments',
    upstream: of('expansion.go', "should allow substituting values in a container's args"),
    container: { command: ['sh', '-c'], args: ['TEST=wrong; echo "$(TEST)"'], env: [env('TEST', 'right')] },
    log: 'right\n',
  }),
  prints({
    id: 'sub-path-expanded',
    says: '$(VAR) in the subPathExpr of a mount',
    upstream: of('expansion.go', 'should allow substituting values in a volume subpath'),
    container: {
      ...sh('test -d /all/sub-path-expanded/deep && echo found'),
      env: [field('NAME', 'metadata.name')],
      volumeMounts: [
        { name: 'v', mountPath: '/one', subPathExpr: '$(NAME)/deep' },
        { name: 'v', mountPath: '/all' },
      ],
    },
    spec: { volumes: [{ name: 'v', emptyDir: {} }] },
    log: 'found\n',
  }),
  ...(
    [
      [
        'backticks',
        '..',
        'should fail substituting values in a volume subpath with backticks [Slow]',
        /must not contain '\.\.'|contains? "?\.\."?|subPath/,
      ],
      [
        'absolute',
        '/tmp',
        'should fail substituting values in a volume subpath with absolute path [Slow]',
        /absolute|relative/,
      ],
    ] as const
  ).map(
    ([id, value, test, complaint]): Scenario => ({
      id: `sub-path-${id}`,
      says: `a subPathExpr that becomes ${value} is refused when the container is to be made`,
      upstream: of('expansion.go', test),
      pod: {
        spec: stage({
          containers: [
            actor(
              'main',
              {},
              { env: [env('WHERE', value)], volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(WHERE)' }] },
            ),
          ],
          volumes: [{ name: 'v', emptyDir: {} }],
        }),
      },
      happens: [{ until: { waiting: 'main', reason: 'CreateContainerConfigError' } }],
      holds: [
        { neverStarted: 'main' },
        { event: new RegExp(`Warning Failed spec\\.containers\\{main\\}: Error: .*(${complaint.source})`) },
      ],
    }),
  ),
  {
    id: 'sub-path-mended',
    says: 'a container that waits for a subPathExpr starts when the annotation that it uses is put right, and keeps it when that changes',
    upstream: of(
      'expansion.go',
      'should verify that a failing subpath expansion can be modified during the lifecycle of a container [Slow]',
      'should succeed in writing subpaths in container [Slow]',
    ),
    pod: {
      metadata: { annotations: { where: '..' } },
      spec: stage({
        containers: [
          actor(
            'main',
            {},
            {
              env: [field('WHERE', "metadata.annotations['where']")],
              volumeMounts: [
                { name: 'v', mountPath: '/one', subPathExpr: '$(WHERE)' },
                { name: 'v', mountPath: '/all' },
              ],
            },
          ),
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      }),
    },
    happens: [
      { until: { waiting: 'main', reason: 'CreateContainerConfigError' } },
      { patch: { metadata: { annotations: { where: 'mine' } } } },
      { until: { told: 'main started' } },
      { until: { running: 'main' } },
      { patch: { metadata: { annotations: { where: 'other' } } } },
      { exec: 'main', script: 'echo written > /one/file' },
      { until: { prints: /^written$/m, of: 'main', script: 'cat /all/mine/file' } },
    ],
    holds: [{ notRestarted: 'main' }],
  },
  prints({
    id: 'env-odd-names',
    says: 'almost every printable sign may be in the name of a variable',
    upstream: of('expansion.go', 'allow almost all printable ASCII characters as environment variable names'),
    container: { command: ['env'], env: [env(ODD_NAME, 'odd')] },
    log: new RegExp(`^${ODD_NAME.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')}=odd$`, 'm'),
  }),
];

const downward: Scenario[] = [
  prints({
    id: 'downward-name',
    says: 'name, namespace and address of the Pod as variables',
    upstream: of('downwardapi.go', 'should provide pod name, namespace and IP address as env vars'),
    container: {
      ...sh('echo "$NAME $SPACE $IP"'),
      env: [field('NAME', 'metadata.name'), field('SPACE', 'metadata.namespace'), field('IP', 'status.podIP')],
    },
    log: /^downward-name default 10\.209\.45\.\d+\n$/,
  }),
  prints({
    id: 'downward-host',
    says: 'address of the machine as a variable',
    upstream: of('downwardapi.go', 'should provide host IP as an env var'),
    container: { ...sh('echo "$IP"'), env: [field('IP', 'status.hostIP')] },
    log: /^\d+\.\d+\.\d+\.\d+\n$/,
  }),
  prints({
    id: 'downward-hosts',
    says: 'all addresses of the machine as a variable',
    upstream: of('downwardapi.go', 'should provide hostIPs as an env var'),
    container: { ...sh('echo "$IPS"'), env: [field('IPS', 'status.hostIPs')] },
    log: /^\d+\.\d+\.\d+\.\d+(,[0-9a-f.:]+)*\n$/,
  }),
  prints({
    id: 'downward-host-network',
    says: 'on the network of the machine the address of the Pod is that of the machine',
    upstream: of('downwardapi.go', 'should provide pod and host IP as an env var when pod uses host network'),
    spec: { hostNetwork: true },
    container: {
      ...sh('[ "$POD" = "$HOST" ] && echo same'),
      env: [field('POD', 'status.podIP'), field('HOST', 'status.hostIP')],
    },
    log: 'same\n',
  }),
  prints({
    id: 'downward-resources',
    says: 'limits and requests as variables, rounded up to the divisor',
    upstream: of('downwardapi.go', "should provide container's limits.cpu/memory and requests.cpu/memory as env vars"),
    container: {
      ...sh('echo "$CPU $MEMORY $MY_CPU $MY_MEMORY $MILLIS $MEBIS"'),
      resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
      env: [
        resource('CPU', 'limits.cpu'),
        resource('MEMORY', 'limits.memory'),
        resource('MY_CPU', 'requests.cpu'),
        resource('MY_MEMORY', 'requests.memory'),
        resource('MILLIS', 'limits.cpu', '1m'),
        resource('MEBIS', 'limits.memory', '1Mi'),
      ],
    },
    log: '2 67108864 1 33554432 1250 64\n',
  }),
  prints({
    id: 'downward-default-limits',
    says: 'where there is no limit it is what the node has',
    upstream: of('downwardapi.go', 'should provide default limits.cpu/memory from node allocatable'),
    container: {
      ...sh('[ "$CPU" -ge 1 ] && [ "$MEMORY" -gt 100000000 ] && echo fine'),
      env: [resource('CPU', 'limits.cpu'), resource('MEMORY', 'limits.memory')],
    },
    log: 'fine\n',
  }),
  prints({
    id: 'downward-storage',
    says: 'limits and requests of the disk as variables',
    upstream: ofStorage(
      "Downward API tests for local ephemeral storage should provide container's limits.ephemeral-storage and requests.ephemeral-storage as env vars",
    ),
    container: {
      ...sh('echo "$LIMIT $REQUEST"'),
      resources: { requests: { 'ephemeral-storage': '32Mi' }, limits: { 'ephemeral-storage': '64Mi' } },
      env: [resource('LIMIT', 'limits.ephemeral-storage'), resource('REQUEST', 'requests.ephemeral-storage')],
    },
    log: '67108864 33554432\n',
  }),
  prints({
    id: 'downward-default-storage',
    says: 'where the disk is not limited it is what the node has',
    upstream: ofStorage(
      'Downward API tests for local ephemeral storage should provide default limits.ephemeral-storage from node allocatable',
    ),
    container: { ...sh('echo "$LIMIT"'), env: [resource('LIMIT', 'limits.ephemeral-storage')] },
    log: /^[1-9]\d{6,}\n$/,
  }),
  prints({
    id: 'downward-uid',
    says: 'uid of the Pod as a variable',
    upstream: of('downwardapi.go', 'should provide pod UID as env vars'),
    container: { ...sh('echo "$ID"'), env: [field('ID', 'metadata.uid')] },
    log: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/,
  }),
  prints({
    id: 'downward-labels',
    says: 'a label, an annotation, the node and the service account as variables',
    upstream: [],
    metadata: { labels: { app: 'shop' }, annotations: { note: 'two words' } },
    container: {
      ...sh('echo "$APP/$NOTE/$NODE/$ACCOUNT"'),
      env: [
        field('APP', "metadata.labels['app']"),
        field('NOTE', "metadata.annotations['note']"),
        field('NODE', 'spec.nodeName'),
        field('ACCOUNT', 'spec.serviceAccountName'),
      ],
    },
    log: 'shop/two words/node1/default\n',
  }),
];

/** ConfigMaps and Secrets give values in the same ways. */
const objects: Scenario[] = (['configmap', 'secret'] as const).flatMap((kind) => {
  const file = kind === 'configmap' ? 'configmap.go' : 'secrets.go';
  const make = kind === 'configmap' ? configMap : secret;
  const key = (name: string, more: object = {}) =>
    kind === 'configmap' ? { configMapKeyRef: { name, ...more } } : { secretKeyRef: { name, ...more } };
  const all = (name: string) => (kind === 'configmap' ? { configMapRef: { name } } : { secretRef: { name } });
  return [
    prints({
      id: `env-${kind}-key`,
      says: `a variable from a key of a ${kind}; an optional one that is not there is not set`,
      upstream: of(
        file,
        kind === 'configmap'
          ? 'should be consumable via environment variable'
          : 'should be consumable from pods in env vars',
      ),
      objects: [make(`env-${kind}-key`, { data: 'value-1' })],
      container: {
        ...sh('echo "$DATA/${NONE-unset}/${GONE-unset}"'),
        env: [
          { name: 'DATA', valueFrom: key(`env-${kind}-key`, { key: 'data' }) as never },
          { name: 'NONE', valueFrom: key(`env-${kind}-key`, { key: 'none', optional: true }) as never },
          { name: 'GONE', valueFrom: key('no-such-object', { key: 'none', optional: true }) as never },
        ],
      },
      log: 'value-1/unset/unset\n',
    }),
    prints({
      id: `env-${kind}-all`,
      says: `all keys of a ${kind} as variables, with a prefix; what a container sets itself wins`,
      upstream: of(file, 'should be consumable via the environment'),
      objects: [make(`env-${kind}-all`, { ONE: '1', TWO: '2' })],
      container: {
        ...sh('echo "$ONE $TWO $P_ONE $P_TWO"'),
        envFrom: [all(`env-${kind}-all`), { prefix: 'P_', ...all(`env-${kind}-all`) }],
        env: [env('TWO', 'mine')],
      },
      log: '1 mine 1 2\n',
    }),
    prints({
      id: `env-${kind}-odd`,
      says: `almost every printable sign may be in a prefix before the keys of a ${kind}`,
      upstream: of(file, `should be consumable as environment variable names when ${kind} keys start with a digit`),
      objects: [make(`env-${kind}-odd`, { '1st': 'first' })],
      container: { command: ['env'], envFrom: [{ prefix: 'a-b', ...all(`env-${kind}-odd`) }] },
      log: /^a-b1st=first$/m,
    }),
  ];
});

const commands: Scenario[] = [
  {
    id: 'image-defaults',
    says: 'without command and arguments those of the image run',
    upstream: of('containers.go', 'should use the image defaults if command and args are blank'),
    pod: {
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'nginx', imagePullPolicy: 'IfNotPresent' }],
      },
    },
    happens: [{ until: { prints: /Welcome to nginx/, of: 'main', script: 'wget -q -O - http://127.0.0.1/' } }],
    holds: [{ phase: 'Running' }],
  },
  prints({
    id: 'args-replaced',
    says: "arguments replace the image's, its entry point stays",
    upstream: of('containers.go', "should be able to override the image's default arguments (container args)"),
    container: { image: 'nginx', args: ['echo', 'by the entry point'] },
    log: /by the entry point\n$/,
  }),
  prints({
    id: 'command-replaced',
    says: "a command replaces the image's entry point, and its arguments with it",
    upstream: of('containers.go', "should be able to override the image's default command (container entrypoint)"),
    container: { image: 'nginx', command: ['echo', 'alone'] },
    log: 'alone\n',
  }),
  prints({
    id: 'command-and-args',
    says: 'command and arguments replace both',
    upstream: of('containers.go', "should be able to override the image's default command and arguments"),
    container: { image: 'nginx', command: ['echo'], args: ['a', 'b c'] },
    log: 'a b c\n',
  }),
  prints({
    id: 'working-dir',
    says: 'a container begins in its working directory',
    upstream: [],
    container: { ...sh('pwd'), workingDir: '/var' },
    log: '/var\n',
  }),
];

const kubelet: Scenario[] = [
  prints({
    id: 'output-in-log',
    says: 'what a container prints is its log',
    upstream: of('kubelet.go', 'when scheduling a busybox command in a pod: should print the output to logs'),
    container: sh("echo 'Hello World'; echo oh >&2"),
    // The two come through pipes of their own.
    log: /^(Hello World\noh|oh\nHello World)\n$/,
  }),
  {
    id: 'failing-command',
    says: 'a command that fails has a reason to have ended',
    upstream: of(
      'kubelet.go',
      'when scheduling a busybox command that always fails in a pod: should have an terminated reason',
    ),
    pod: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['false'] }],
      },
    },
    happens: [{ until: { phase: 'Failed' } }],
    holds: [{ exits: { main: [1, 'Error'] } }, { row: /0\/1 +Error +0 / }],
  },
  {
    id: 'failing-command-deleted',
    says: 'a Pod whose command fails again and again can be deleted',
    upstream: of(
      'kubelet.go',
      'when scheduling a busybox command that always fails in a pod: should be possible to delete',
    ),
    pod: {
      spec: { containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['false'] }] },
    },
    happens: [{ until: { restarts: 'main', atLeast: 1 } }, { delete: {} }, { gone: true }],
    holds: [{ phase: 'Failed' }],
  },
  prints({
    id: 'host-aliases',
    says: 'hostAliases are in /etc/hosts, below a line that says so',
    upstream: of('kubelet.go', 'when scheduling an agnhost Pod with hostAliases: should write entries to /etc/hosts'),
    spec: { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] },
    container: sh('cat /etc/hosts'),
    log: /\n# Entries added by HostAliases\.\n123\.45\.67\.89\tfoo\tbar\n$/,
  }),
  prints({
    id: 'host-aliases-host-network',
    says: 'hostAliases are in /etc/hosts on the network of the machine, too',
    upstream: of(
      'kubelet.go',
      'when scheduling an agnhost Pod with hostAliases and hostNetwork: should write entries to /etc/hosts when hostNetwork is enabled',
    ),
    spec: { hostNetwork: true, hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] },
    container: sh('tail -2 /etc/hosts'),
    log: '# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\n',
  }),
  prints({
    id: 'read-only-root',
    says: 'a read-only root file system cannot be written to',
    upstream: of('kubelet.go', 'when scheduling a read only busybox container: should not write to root filesystem'),
    container: {
      ...sh('(echo test > /file) 2>/dev/null || echo refused'),
      securityContext: { readOnlyRootFilesystem: true },
    },
    log: 'refused\n',
  }),
  prints({
    id: 'etc-hosts',
    says: '/etc/hosts is of the kubelet, also for root; a mount of a container goes before it',
    upstream: of('kubelet_etc_hosts.go', 'should test kubelet managed /etc/hosts file'),
    spec: {
      containers: [
        {
          name: 'own',
          image: 'busybox',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'head -1 /etc/hosts'],
          volumeMounts: [{ name: 'mine', mountPath: '/etc/hosts', subPath: 'hosts' }],
        },
      ],
      volumes: [{ name: 'mine', configMap: { name: 'etc-hosts' } }],
    },
    objects: [configMap('etc-hosts', { hosts: '# mine\n' })],
    container: sh('cat /etc/hosts'),
    log: /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n[\s\S]*\n10\.209\.45\.\d+\tetc-hosts\n$/,
    holds: [{ log: '# mine\n', of: 'own' }],
  }),
  prints({
    id: 'etc-hosts-host-network',
    says: "on the network of the machine /etc/hosts is the machine's, under another line",
    upstream: [],
    spec: { hostNetwork: true },
    container: sh('head -1 /etc/hosts'),
    log: '# Kubernetes-managed hosts file (host network).\n',
  }),
];

const names: Scenario[] = [
  prints({
    id: 'hostname-is-name',
    says: 'without a subdomain a Pod has its name as hostname, and no domain',
    upstream: [
      { file: 'e2e_node/pod_hostnamefqdn_test.go', tests: ['a pod without subdomain field does not have FQDN'] },
    ],
    container: sh('hostname; hostname -f'),
    log: 'hostname-is-name\nhostname-is-name\n',
  }),
  prints({
    id: 'hostname-without-subdomain',
    says: 'a hostname of its own without subdomain has no domain',
    upstream: [
      {
        file: 'e2e_node/pod_hostnamefqdn_test.go',
        tests: ['a pod with hostname but without subdomain does not have FQDN'],
      },
    ],
    spec: { hostname: 'me' },
    container: sh('hostname; hostname -f'),
    log: 'me\nme\n',
  }),
  prints({
    id: 'hostname-and-subdomain',
    says: 'with a subdomain the short name is the hostname, the long one has the domain',
    upstream: [
      {
        file: 'e2e_node/pod_hostnamefqdn_test.go',
        tests: ['a pod with subdomain field has FQDN, hostname is shortname'],
      },
    ],
    spec: { hostname: 'me', subdomain: 'sub' },
    container: sh('hostname; grep -o "me.*" /etc/hosts | tr "\\t" " "'),
    log: 'me\nme.sub.default.svc.cluster.local me\n',
  }),
  prints({
    id: 'hostname-as-fqdn',
    says: 'setHostnameAsFQDN: the long name is the hostname',
    upstream: [
      {
        file: 'e2e_node/pod_hostnamefqdn_test.go',
        tests: [
          'a pod with subdomain field has FQDN, when setHostnameAsFQDN is set to true, the FQDN is set as hostname',
        ],
      },
    ],
    spec: { hostname: 'me', subdomain: 'sub', setHostnameAsFQDN: true },
    container: sh('hostname'),
    log: 'me.sub.default.svc.cluster.local\n',
  }),
];

export const environment: Scenario[] = [...expansion, ...downward, ...objects, ...commands, ...kubelet, ...names];
