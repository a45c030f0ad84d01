import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SERVICE_ACCOUNT_ROLES, type ServiceAccountRole } from '../../api/auth/access-rules.ts';
import { type Args, Failure, type Option, UsageError } from '../command.ts';

/** What a node was started with; kept in node.json, so that the next start needs no flags. */
export interface NodeSettings {
  /** 0: any free one. */
  port: number;
  bridge: string;
  podCidr: string;
  nodeName: string;
  /** `unix:///…` of an existing runtime; undefined: a private containerd. */
  cri?: string;
  /** Registry host → URLs that are asked before it, in this order. */
  registryMirrors: Record<string, string[]>;
  /** How long containers that end wait for their restart. */
  restartBackoff: RestartBackoff;
  /** Processes and threads of one Pod; -1: as many as all Pods may have together. */
  podPidsLimit: number;
  /** What service accounts may do through the API. */
  serviceAccountRole: ServiceAccountRole;
  /** The API listens at the Pods' gateway too, and containers are told where. */
  apiForPods: boolean;
  /** Where requests are written down; '' for nowhere. */
  auditLog: string;
  logLevel: string;
}

/** `kubernetes`: as in a cluster, up to five minutes; `fast`: for development. */
type RestartBackoff = (typeof RESTART_BACKOFFS)[number];
const RESTART_BACKOFFS = ['kubernetes', 'fast'] as const;

/** The settings of a new node. The subnet is one that home routers, Docker, podman, kind and cloud networks do not take by default. */
export const DEFAULT_SETTINGS: NodeSettings = {
  port: 7443,
  bridge: 'outfit0',
  podCidr: '10.205.0.0/24',
  nodeName: '',
  registryMirrors: {},
  restartBackoff: 'kubernetes',
  podPidsLimit: -1,
  serviceAccountRole: 'view',
  apiForPods: false,
  auditLog: '',
  logLevel: 'info',
};

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

export const SETTING_OPTIONS: Option[] = [
  {
    name: 'port',
    type: 'string',
    value: 'PORT',
    summary: `port of the API on 127.0.0.1; 0: any free one (default: ${DEFAULT_SETTINGS.port})`,
  },
  {
    name: 'bridge',
    type: 'string',
    value: 'NAME',
    summary: `network bridge of the Pods (default: ${DEFAULT_SETTINGS.bridge})`,
  },
  {
    name: 'pod-cidr',
    type: 'string',
    value: 'CIDR',
    summary: `IPv4 addresses of the Pods (default: ${DEFAULT_SETTINGS.podCidr})`,
  },
  {
    name: 'node-name',
    type: 'string',
    value: 'NAME',
    summary: "name of the Node object (default: the machine's host name)",
  },
  {
    name: 'cri',
    type: 'string',
    value: 'SOCKET',
    summary: 'use the runtime of this socket (unix:///…) instead of a private containerd',
  },
  {
    name: 'registry-mirror',
    type: 'string',
    multiple: true,
    value: 'HOST=URL',
    summary: 'ask URL before the registry HOST; may repeat',
  },
  {
    name: 'restart-backoff',
    type: 'string',
    value: 'RULE',
    summary:
      'kubernetes: containers that end wait 10 s to 5 min for their restart; fast: 1 s to 10 s (default: kubernetes)',
  },
  {
    name: 'pod-pids-limit',
    type: 'string',
    value: 'N',
    summary: "processes and threads that one Pod may have; -1: no limit of its own (default: -1, a kubelet's)",
  },
  {
    name: 'service-account-role',
    type: 'string',
    value: 'ROLE',
    summary: `what containers may do with the token of their service account: ${SERVICE_ACCOUNT_ROLES.join(', ')} (default: ${DEFAULT_SETTINGS.serviceAccountRole})`,
  },
  {
    name: 'api-for-pods',
    type: 'boolean',
    summary: "serve the API to Pods as well, at their gateway's address (default: on loopback only)",
  },
  {
    name: 'audit-log',
    type: 'string',
    value: 'FILE',
    summary: 'write every request down in FILE, as audit.k8s.io/v1 events (default: nowhere)',
  },
  {
    name: 'log-level',
    type: 'string',
    value: 'LEVEL',
    summary: `${LOG_LEVELS.join(', ')} (default: ${DEFAULT_SETTINGS.logLevel})`,
  },
];

/** The settings that the user gave as flags, checked. @throws UsageError */
export function givenSettings(args: Args): Partial<NodeSettings> {
  const given: Partial<NodeSettings> = {};
  const take = <K extends keyof NodeSettings>(flag: string, key: K, read: (text: string) => NodeSettings[K]): void => {
    const text = args.value(flag);
    if (text !== undefined) given[key] = read(text);
  };
  take('port', 'port', readPort);
  take('bridge', 'bridge', readBridge);
  take('pod-cidr', 'podCidr', readCidr);
  take('node-name', 'nodeName', readNodeName);
  take('cri', 'cri', readSocket);
  take('restart-backoff', 'restartBackoff', readRestartBackoff);
  take('pod-pids-limit', 'podPidsLimit', readPidsLimit);
  take('service-account-role', 'serviceAccountRole', readRole);
  take('audit-log', 'auditLog', readFileName);
  take('log-level', 'logLevel', readLogLevel);
  if (args.has('api-for-pods')) given.apiForPods = args.flag('api-for-pods');
  if (args.has('registry-mirror')) given.registryMirrors = readMirrors(args.values('registry-mirror'));
  return given;
}

/** The same settings as flags, for the daemon's command line. */
export function settingFlags(given: Partial<NodeSettings>): string[] {
  const { registryMirrors = {}, ...simple } = given;
  const mirrors = Object.entries(registryMirrors).flatMap(([host, urls]) =>
    urls.map((url) => `--registry-mirror=${host}=${url}`),
  );
  return [...Object.entries(simple).map(([key, value]) => `${FLAGS[key as keyof NodeSettings]}=${value}`), ...mirrors];
}

const FLAGS: Record<keyof NodeSettings, string> = {
  port: '--port',
  bridge: '--bridge',
  podCidr: '--pod-cidr',
  nodeName: '--node-name',
  cri: '--cri',
  registryMirrors: '--registry-mirror',
  restartBackoff: '--restart-backoff',
  podPidsLimit: '--pod-pids-limit',
  serviceAccountRole: '--service-account-role',
  apiForPods: '--api-for-pods',
  auditLog: '--audit-log',
  logLevel: '--log-level',
};

/** Names of the flags whose values differ from what a running node has. Port 0 is content with any port. */
export function differingFlags(given: Partial<NodeSettings>, running: NodeSettings): string[] {
  return (Object.keys(given) as (keyof NodeSettings)[])
    .filter((key) => !(key === 'port' && given.port === 0))
    .filter((key) => JSON.stringify(given[key]) !== JSON.stringify(running[key]))
    .map((key) => FLAGS[key]);
}

/** Settings that exclude each other, whether given now or kept from an earlier start. @throws Failure */
export function checkTogether({ cri, apiForPods }: NodeSettings): void {
  if (cri !== undefined && apiForPods)
    throw new Failure(
      "--api-for-pods does not go with --cri: the network of the Pods is that runtime's own, and the node has no address there",
      { hint: '--api-for-pods=false switches it off' },
    );
}

/** The shape of what lies in the state directory. Raised when an older Outfit could not read it any more. */
const STATE_VERSION = 1;

interface SettingsFile {
  stateVersion: number;
  outfit: string;
  settings: NodeSettings;
}

/** undefined when there is no node yet. @throws Failure when the directory belongs to a newer Outfit or the file is damaged */
export async function readSettings(path: string): Promise<NodeSettings | undefined> {
  let file: SettingsFile;
  try {
    file = JSON.parse(await readFile(path, 'utf8')) as SettingsFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure(`cannot read ${path}: ${(error as Error).message}`, {
      hint: `"outfit node reset" removes the node and all its Pods; or remove only ${path} to start with default settings`,
      cause: error,
    });
  }
  if (file.stateVersion > STATE_VERSION)
    throw new Failure(`${path} was made by a newer Outfit (${file.outfit}); this one cannot use its state directory`, {
      hint: 'install that version, or choose another directory with OUTFIT_HOME',
    });
  return { ...DEFAULT_SETTINGS, ...file.settings };
}

export async function writeSettings(path: string, settings: NodeSettings, outfit: string): Promise<void> {
  const file: SettingsFile = { stateVersion: STATE_VERSION, outfit, settings };
  await writeFile(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new UsageError(`invalid --port "${text}": a number from 0 to 65535`);
  return port;
}

function readBridge(text: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(text))
    throw new UsageError(
      `invalid --bridge "${text}": a link name has at most 15 letters, digits, dots, dashes and underscores`,
    );
  return text;
}

function readCidr(text: string): string {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const bytes = match?.slice(1, 5).map(Number) ?? [];
  const bits = Number(match?.[5]);
  if (!match || bytes.some((b) => b > 255) || bits < 8 || bits > 29)
    throw new UsageError(
      `invalid --pod-cidr "${text}": an IPv4 network from /8 to /29, such as ${DEFAULT_SETTINGS.podCidr}`,
    );
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (address % 2 ** (32 - bits) !== 0)
    throw new UsageError(`invalid --pod-cidr "${text}": the address has bits outside of the /${bits} network`);
  return text;
}

function readNodeName(text: string): string {
  if (text.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text))
    throw new UsageError(`invalid --node-name "${text}": lower case letters, digits, dashes and dots`);
  return text;
}

function readSocket(text: string): string {
  if (!/^unix:\/\/\/./.test(text)) throw new UsageError(`invalid --cri "${text}": unix:///path/of/the.sock`);
  return text;
}

function readRestartBackoff(text: string): RestartBackoff {
  const rule = RESTART_BACKOFFS.find((one) => one === text);
  if (!rule) throw new UsageError(`invalid --restart-backoff "${text}": ${RESTART_BACKOFFS.join(' or ')}`);
  return rule;
}

function readPidsLimit(text: string): number {
  if (text === '-1') return -1;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`invalid --pod-pids-limit "${text}": a number from 1 on, or -1`);
  return Number(text);
}

function readRole(text: string): ServiceAccountRole {
  const role = SERVICE_ACCOUNT_ROLES.find((one) => one === text);
  if (!role) throw new UsageError(`invalid --service-account-role "${text}": ${SERVICE_ACCOUNT_ROLES.join(', ')}`);
  return role;
}

/** Absolute, because the node runs elsewhere. */
function readFileName(text: string): string {
  return text === '' ? '' : resolve(text);
}

function readLogLevel(text: string): string {
  if (!LOG_LEVELS.includes(text)) throw new UsageError(`invalid --log-level "${text}": ${LOG_LEVELS.join(', ')}`);
  return text;
}

function readMirrors(pairs: string[]): Record<string, string[]> {
  const mirrors: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [host, url] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at < 1 || host.includes('/') || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new UsageError(`invalid --registry-mirror "${pair}": HOST=URL, such as docker.io=http://127.0.0.1:5000`);
    mirrors[host] = [...(mirrors[host] ?? []), url];
  }
  return mirrors;
}
