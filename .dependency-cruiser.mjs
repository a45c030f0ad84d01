// The table of folders of ARCHITECTURE.md, as rules. A change of the table is a decision record in docs/decisions/.
const FOLDERS = [
  'kube',
  'manifest',
  'sidecar',
  'files',
  'store',
  'cri',
  'image',
  'pods',
  'api',
  'krm',
  'webhook',
  'cli',
];
const MAY_IMPORT = {
  kube: [],
  manifest: ['kube'],
  sidecar: ['kube'],
  files: ['kube', 'manifest', 'sidecar'],
  store: ['kube'],
  cri: ['kube'],
  image: ['kube'],
  pods: ['kube', 'store', 'cri'],
  api: ['kube', 'store'],
  krm: ['kube', 'manifest', 'sidecar', 'files'],
  webhook: ['kube', 'manifest', 'sidecar'],
};
/** Folders that must also run in a browser: nothing of Node's. */
const PURE = ['kube', 'manifest', 'sidecar', 'files'];
const TEST = '(\\.(test|e2e|contract)\\.ts$|/fixtures/)';

const layers = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder}-imports-only-${allowed.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: TEST },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((f) => `^src/${f}/`) },
}));

export default {
  forbidden: [
    ...layers,
    {
      name: 'only-the-listed-folders',
      severity: 'error',
      from: { path: '^src/', pathNot: [...FOLDERS.map((f) => `^src/${f}/`), '^src/index\\.ts$'] },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'pure-folders-touch-nothing',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/`, pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-product-does-not-import-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: `(^test/|${TEST})` },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
