import { C, LABEL, LOST, rules, SUBDOMAIN, V, volume } from './fixtures/table.ts';

const MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const ONE_TYPE = 'Forbidden: may not specify more than 1 volume type';

rules('volumes', [
  ['no name', (pod) => pod.spec.volumes.push({ emptyDir: {} }), ['spec.volumes[2].name: Required value']],
  [
    'one name twice',
    (pod) => pod.spec.volumes.push({ name: 'data', emptyDir: {} }),
    ['spec.volumes[2].name: Duplicate value: "data"'],
  ],
  [
    'an upper-case name, and so a lost mount',
    (pod) => {
      pod.spec.volumes[0].name = 'Data';
      pod.spec.containers[0].volumeMounts[0].name = 'Data';
    },
    [`${V}.name: ${LABEL('Data')}`, `${C}.volumeMounts[0].name: Not found: "Data"`],
  ],
  ['two sources', volume({ emptyDir: {}, secret: { secretName: 's' } }), [`${V}.secret: ${ONE_TYPE}`, LOST]],
  [
    'a negative size',
    volume({ emptyDir: { sizeLimit: '-1' } }),
    [`${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`, LOST],
  ],
  ['hostPath without path', volume({ hostPath: {} }), [`${V}.hostPath.path: Required value`, LOST]],
  [
    'hostPath upwards',
    volume({ hostPath: { path: '/a/../b' } }),
    [`${V}.hostPath.path: Invalid value: "/a/../b": must not contain '..'`, LOST],
  ],
  [
    'an unknown type of hostPath',
    volume({ hostPath: { path: '/a', type: 'Dir' } }),
    [
      `${V}.hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
      LOST,
    ],
  ],
  ['secret without name', volume({ secret: {} }), [`${V}.secret.secretName: Required value`, LOST]],
  [
    'a mode too large',
    volume({ secret: { secretName: 's', defaultMode: 0o1777 } }),
    [`${V}.secret.defaultMode: Invalid value: 1023: ${MODE}`, LOST],
  ],
  ['configMap without name', volume({ configMap: {} }), [`${V}.configMap.name: Required value`, LOST]],
  [
    'an item upwards',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: '../x' }] } }),
    [`${V}.configMap.items[0].path: Invalid value: "../x": must not contain '..'`, LOST],
  ],
  [
    'an item with a reserved path',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: '..x' }] } }),
    [`${V}.configMap.items[0].path: Invalid value: "..x": must not start with '..'`, LOST],
  ],
  [
    'an absolute item',
    volume({ secret: { secretName: 's', items: [{ path: '/x' }] } }),
    [
      `${V}.secret.items[0].key: Required value`,
      `${V}.secret.items[0].path: Invalid value: "/x": must be a relative path`,
      LOST,
    ],
  ],
  [
    'a claim without name',
    volume({ persistentVolumeClaim: {} }),
    [`${V}.persistentVolumeClaim.claimName: Required value`, LOST],
  ],
  [
    'a file of no field',
    volume({ downwardAPI: { items: [{ path: 'a' }] } }),
    [`${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`, LOST],
  ],
  [
    'a file of a field that variables take',
    volume({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } }),
    [
      `${V}.downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
      LOST,
    ],
  ],
  [
    'two projected files at one path',
    volume({
      projected: {
        sources: [
          { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
          { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
        ],
      },
    }),
    [`${V}.projected: Invalid value: "b": conflicting duplicate paths`, LOST],
  ],
  [
    'a projected source of two kinds',
    volume({ projected: { sources: [{ secret: { name: 'a' }, configMap: { name: 'b' } }] } }),
    [`${V}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`, LOST],
  ],
  [
    'a token for too short a time',
    volume({ projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
    [
      `${V}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
      LOST,
    ],
  ],
  ['an image without reference', volume({ image: {} }), [`${V}.image.reference: Required value`, LOST]],
  [
    'NFS with a relative path',
    volume({ nfs: { server: 's', path: 'x' } }),
    [`${V}.nfs.path: Invalid value: "x": must be an absolute path`, LOST],
  ],
  [
    'CSI without driver',
    volume({ csi: {} }),
    [`${V}.csi.driver: Required value`, `${V}.csi.driver: ${SUBDOMAIN('')}`, LOST],
  ],
  [
    'an ephemeral volume without template',
    volume({ ephemeral: {} }),
    [`${V}.ephemeral.volumeClaimTemplate: Required value`, LOST],
  ],
  [
    'an ephemeral volume that asks for nothing',
    volume({ ephemeral: { volumeClaimTemplate: { spec: {} } } }),
    [
      `${V}.ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required`,
      `${V}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
      LOST,
    ],
  ],
  ['a disk without name', volume({ gcePersistentDisk: {} }), [`${V}.persistentDisk.pdName: Required value`, LOST]],

  ['no source: an emptyDir', (pod) => pod.spec.volumes.push({ name: 'x' }), []],
  [
    'a claim that an ephemeral volume will make',
    (pod) =>
      pod.spec.volumes.push(
        {
          name: 'scratch',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
        { name: 'same', persistentVolumeClaim: { claimName: 'web-scratch' } },
      ),
    [
      'spec.volumes[3].persistentVolumeClaim.claimName: Invalid value: "web-scratch": must not reference a PVC that gets created for an ephemeral volume',
    ],
  ],
  [
    'a negative mode',
    volume({ configMap: { name: 'c', defaultMode: -1 } }),
    [`${V}.configMap.defaultMode: Invalid value: -1: ${MODE}`, LOST],
  ],
  [
    'an item with a mode too large',
    volume({ secret: { secretName: 's', items: [{ key: 'k', path: 'p', mode: 0o1000 }] } }),
    [`${V}.secret.items[0].mode: Invalid value: 512: ${MODE}`, LOST],
  ],
  [
    'a file without path',
    volume({ downwardAPI: { items: [{ fieldRef: { fieldPath: 'metadata.name' } }] } }),
    [`${V}.downwardAPI.path: Required value`, LOST],
  ],
  [
    'a file of two fields',
    volume({
      downwardAPI: {
        items: [
          {
            path: 'a',
            fieldRef: { fieldPath: 'metadata.name' },
            resourceFieldRef: { containerName: 'web', resource: 'limits.cpu' },
          },
        ],
      },
    }),
    [
      `${V}.downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously`,
      LOST,
    ],
  ],
  [
    'an amount of no container',
    volume({ downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] } }),
    [`${V}.downwardAPI.resourceFieldRef.containerName: Required value`, LOST],
  ],
  [
    'a token without path',
    volume({ projected: { sources: [{ serviceAccountToken: { expirationSeconds: 600 } }] } }),
    [`${V}.projected.path: Required value`, LOST],
  ],
  [
    'a projected secret without name',
    volume({ projected: { sources: [{ secret: {} }] } }),
    [`${V}.projected.sources[0].secret.name: Required value`, LOST],
  ],
  [
    'an image that is pulled sometimes',
    volume({ image: { reference: 'x', pullPolicy: 'Sometimes' } }),
    [
      `${V}.image.pullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
      LOST,
    ],
  ],
]);
