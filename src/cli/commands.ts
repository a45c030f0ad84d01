import type { Command } from './command.ts';

/**
 * Every command, by the words that are typed, in the order of the overview. Each lives in a file of its own and is loaded only when
 * it is called: that keeps the start of the process short.
 */
export const COMMANDS: Record<string, () => Promise<Command>> = {
  attach: async () => (await import('./attach/attach.ts')).attachCommand,
  detach: async () => (await import('./attach/detach.ts')).detachCommand,
  explain: async () => (await import('./explain/explain.ts')).explain,
  plan: async () => (await import('./explain/plan.ts')).plan,
  status: async () => (await import('./explain/status.ts')).status,
  'sidecar check': async () => (await import('./sidecar/check.ts')).sidecarCheck,
  'sidecar schema': async () => (await import('./sidecar/schema.ts')).sidecarSchemaCommand,
  'sidecar crds': async () => (await import('./sidecar/crds.ts')).sidecarCrdsCommand,
  'node start': async () => (await import('./node/start.ts')).nodeStart,
  'node stop': async () => (await import('./node/stop.ts')).nodeStop,
  'node status': async () => (await import('./node/status.ts')).nodeStatus,
  'node logs': async () => (await import('./node/logs.ts')).nodeLogs,
  'node reset': async () => (await import('./node/reset.ts')).nodeReset,
  up: async () => (await import('./up/up.ts')).up,
  kubeconfig: async () => (await import('./kubeconfig.ts')).kubeconfig,
  create: async () => (await import('./verbs/create.ts')).create,
  get: async () => (await import('./verbs/get.ts')).get,
  wait: async () => (await import('./verbs/wait.ts')).wait,
  logs: async () => (await import('./verbs/logs.ts')).logs,
  exec: async () => (await import('./verbs/exec.ts')).exec,
  'port-forward': async () => (await import('./verbs/port-forward.ts')).portForward,
  delete: async () => (await import('./verbs/delete.ts')).deleteVerb,
  'image list': async () => (await import('./image/list.ts')).imageList,
  'image pull': async () => (await import('./image/pull.ts')).imagePull,
  'image load': async () => (await import('./image/load.ts')).imageLoad,
  'image build': async () => (await import('./image/build.ts')).imageBuild,
  'image rm': async () => (await import('./image/rm.ts')).imageRm,
  krm: async () => (await import('./krm.ts')).krm,
  version: async () => (await import('./version.ts')).version,
};

/** Commands that other commands start; not shown in help. */
export const HIDDEN_COMMANDS: Record<string, () => Promise<Command>> = {
  'node run': async () => (await import('./node/run.ts')).nodeRun,
};
