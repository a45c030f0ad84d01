import type { IncomingMessage } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Status } from '../../kube/generated/objects.ts';
import { type Args, type Context, Failure, type Option, tell } from '../command.ts';
import { nodePaths } from '../node/paths.ts';
import { ServerError } from './server-error.ts';

/** Flags of every verb that speaks to a Kubernetes API. */
export const CLUSTER_OPTIONS: Option[] = [
  {
    name: 'namespace',
    short: 'n',
    type: 'string',
    value: 'NAME',
    summary: "namespace (default: the context's, or default)",
  },
  {
    name: 'kubeconfig',
    type: 'string',
    value: 'FILE',
    summary: 'speak to the cluster of this kubeconfig instead of the node',
  },
  {
    name: 'context',
    type: 'string',
    value: 'NAME',
    summary: 'context of the kubeconfig ($KUBECONFIG or ~/.kube/config)',
  },
];

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Without the server's address: `/api/v1/pods`. */
  path: string;
  query?: Record<string, string | string[] | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Of the body, where it is not `application/json`: the kind of a PATCH. */
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
}

/** One Kubernetes API: this machine's node or any other cluster. */
export interface Cluster {
  readonly kubeConfig: KubeConfig;
  /** `-n`, or the context's namespace, or `default`. */
  readonly namespace: string;
  /** The JSON answer. Warnings of the server are shown. @throws ServerError, Failure when there is no answer */
  request<T = unknown>(request: Request): Promise<T>;
  /** The body as it comes. @throws as request */
  stream(request: Request): Promise<IncomingMessage>;
}

/** What CLUSTER_OPTIONS were given. */
export type ClusterChoice = Pick<Args, 'has' | 'value'>;

/**
 * Opens the cluster that the flags name: `--kubeconfig`, else with `--context` the user's own kubeconfig, else this machine's node.
 * So nothing is ever sent to a cluster that the user did not name in the command. `warn` gets the server's warnings.
 * @throws Failure when the kubeconfig is missing or has no such context
 */
export async function connect(
  args: ClusterChoice,
  context: Context,
  warn: (text: string) => void = (text) => tell(context, `Warning: ${text}`),
): Promise<Cluster> {
  const kubeConfig = await loadKubeConfig(args, context);
  const current = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const server = kubeConfig.getCurrentCluster()?.server;
  if (!server) throw new Failure('the kubeconfig names no cluster: current-context is not set or has no cluster');
  const { HttpClient } = await import('./http.ts');
  const http = new HttpClient(kubeConfig, new URL(server));
  const stream = async (request: Request): Promise<IncomingMessage> => {
    const response = await http.send({ ...request, signal: request.signal ?? context.signal });
    for (const warning of warningsOf(response)) warn(warning);
    if (response.statusCode! < 300) return response;
    throw new ServerError(statusOf(await bodyOf(response), response));
  };
  return {
    kubeConfig,
    namespace: args.value('namespace') ?? current?.namespace ?? 'default',
    stream,
    request: async <T>(request: Request) => JSON.parse(await bodyOf(await stream(request))) as T,
  };
}

async function loadKubeConfig(args: ClusterChoice, context: Context): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  const contextName = args.value('context');
  const files = kubeConfigFiles(args, context);
  for (const [i, file] of files.entries()) {
    const part = i === 0 ? config : new KubeConfig();
    readInto(part, file, context);
    if (i > 0) config.mergeConfig(part, true);
  }
  if (contextName !== undefined) {
    if (!config.getContextObject(contextName)) throw new Failure(`context "${contextName}" does not exist`);
    config.setCurrentContext(contextName);
  }
  return config;
}

function kubeConfigFiles(args: ClusterChoice, context: Context): string[] {
  const file = args.value('kubeconfig');
  if (file !== undefined) return [file];
  if (!args.has('context')) return [nodePaths(context).kubeconfig];
  const listed = (context.env.KUBECONFIG ?? '').split(':').filter((f) => f !== '');
  return listed.length > 0 ? listed : [join(context.env.HOME ?? homedir(), '.kube', 'config')];
}

function readInto(config: KubeConfig, file: string, context: Context): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && file === nodePaths(context).kubeconfig)
      throw new Failure(`there is no node in ${nodePaths(context).home}`, { hint: 'start one: outfit node start' });
    throw new Failure(`cannot read the kubeconfig ${file}: ${missing ? 'no such file' : (error as Error).message}`);
  }
}

/** `Warning: 299 - "text"`, several in one header, quotes escaped. */
function warningsOf(response: IncomingMessage): string[] {
  const header = response.headers.warning;
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]!.replace(/\\(.)/g, '$1'));
}

export async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function statusOf(body: string, response: IncomingMessage): Status {
  try {
    const parsed = JSON.parse(body) as Status;
    if (parsed.kind === 'Status') return parsed;
  } catch {
    // A proxy's page, or plain text: the text itself is the message.
  }
  const message = body.trim() || `the server answered ${response.statusCode} ${response.statusMessage ?? ''}`.trim();
  return { status: 'Failure', code: response.statusCode!, message };
}
