import { findResource } from '../../kube/resources.ts';
import type { Store } from '../../store/store.ts';
import type { Route } from '../http/route.ts';
import { SERVED } from '../rest/served.ts';

/** Upper bounds of the histogram of durations, seconds. */
const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 5, 10, 30, 60];
/** Answers that go on have no duration that says anything. */
const LONG = ['WATCH', 'CONNECT'];
const STREAMS = ['attach', 'exec', 'log', 'portforward', 'proxy'];

type Labels = Record<string, string>;

interface Histogram {
  labels: Labels;
  /** How many lie within each bound; each request counts in one bucket here. */
  buckets: number[];
  sum: number;
  count: number;
}

export interface Observed {
  /** As authorization names it. */
  verb: string;
  /** Absent where the URL could not be read. */
  route?: Route;
  code: number;
  seconds: number;
}

export interface MetricsSource {
  store: Pick<Store, 'list' | 'revision'>;
  /** Of this process: bytes of memory, and seconds of processor time. */
  process(): { residentBytes: number; cpuSeconds: number; startedAt: number };
}

/** What the API has done, counted under the names that kube-apiserver uses, in Prometheus' text form. */
export class Metrics {
  readonly #requests = new Map<string, { labels: Labels; count: number }>();
  readonly #durations = new Map<string, Histogram>();
  readonly #source: MetricsSource;
  #watches = 0;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  observe({ verb: name, route, code, seconds }: Observed): void {
    const labels = labelsOf(name, route);
    const key = Object.values(labels).join(' ');
    const counter = this.#requests.get(`${key} ${code}`) ?? { labels: { ...labels, code: String(code) }, count: 0 };
    counter.count += 1;
    this.#requests.set(`${key} ${code}`, counter);
    if (!LONG.includes(labels.verb!)) this.#time(key, labels, seconds);
  }

  /** A watch has begun. Call the result when it is over. */
  watching(): () => void {
    this.#watches += 1;
    return () => {
      this.#watches -= 1;
    };
  }

  /** The page at /metrics. */
  text(): string {
    const { store, process } = this.#source;
    const { residentBytes, cpuSeconds, startedAt } = process();
    const objects = [
      ...new Map(SERVED.map((one) => [`${one.storage.resource}.${one.storage.group}`, one.storage])).values(),
    ]
      .map((storage) => ({ resource: qualified(storage), count: store.list(storage).items.length }))
      .filter(({ count }) => count > 0);
    return [
      ...family(
        'apiserver_request_total',
        'counter',
        'Requests that were answered.',
        [...this.#requests.values()].map(({ labels, count }) => ['', labels, count]),
      ),
      ...family(
        'apiserver_request_duration_seconds',
        'histogram',
        'Time to the answer; watches and streams are not counted.',
        [...this.#durations.values()].flatMap(histogramLines),
      ),
      ...family('apiserver_longrunning_requests', 'gauge', 'Watches that are open.', [
        ['', { verb: 'WATCH' }, this.#watches],
      ]),
      ...family(
        'apiserver_storage_objects',
        'gauge',
        'Objects in the store.',
        objects.map(({ resource, count }) => ['', { resource }, count]),
      ),
      ...family('outfit_store_revision', 'gauge', 'The last resourceVersion.', [['', {}, store.revision]]),
      ...family('process_cpu_seconds_total', 'counter', 'Processor time of the node.', [['', {}, cpuSeconds]]),
      ...family('process_resident_memory_bytes', 'gauge', 'Memory of the node.', [['', {}, residentBytes]]),
      ...family('process_start_time_seconds', 'gauge', 'When the node was started, since the epoch.', [
        ['', {}, startedAt],
      ]),
    ].join('');
  }

  #time(key: string, labels: Labels, seconds: number): void {
    const known = this.#durations.get(key) ?? { labels, buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
    const at = BUCKETS.findIndex((bound) => seconds <= bound);
    if (at >= 0) known.buckets[at]! += 1;
    known.sum += seconds;
    known.count += 1;
    this.#durations.set(key, known);
  }
}

/** Of what is not served nothing is told but that it was asked for: strangers' words are no labels. */
function labelsOf(name: string, route: Route | undefined): Labels {
  const nothing = { group: '', version: '', resource: '', subresource: '', scope: '' };
  if (route?.kind !== 'resource' || !findResource(route.group, route.version, route.resource))
    return { verb: VERBS[name] ?? 'OTHER', ...nothing };
  const { group, version, resource, subresource: sub, namespace } = route;
  const subresource =
    sub !== undefined && findResource(group, version, resource)!.subresources.some((one) => one.name === sub)
      ? sub
      : '';
  const scope = route.name !== undefined ? 'resource' : namespace !== undefined ? 'namespace' : 'cluster';
  const verb = STREAMS.includes(subresource) ? 'CONNECT' : (VERBS[name] ?? 'OTHER');
  return { verb, group, version, resource, subresource, scope };
}

/** As kube-apiserver's metrics name them. */
const VERBS: Record<string, string> = {
  create: 'POST',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  get: 'GET',
  head: 'GET',
  list: 'LIST',
  patch: 'PATCH',
  post: 'POST',
  put: 'PUT',
  update: 'PUT',
  watch: 'WATCH',
};

type Line = [suffix: string, labels: Labels, value: number];

function histogramLines({ labels, buckets, sum, count }: Histogram): Line[] {
  let within = 0;
  const lines = buckets.map((own, i): Line => {
    within += own;
    return ['_bucket', { ...labels, le: String(BUCKETS[i]) }, within];
  });
  return [...lines, ['_bucket', { ...labels, le: '+Inf' }, count], ['_sum', labels, sum], ['_count', labels, count]];
}

function family(name: string, type: string, help: string, lines: Line[]): string[] {
  const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  return [head, ...lines.map(([suffix, labels, value]) => `${name}${suffix}${inBraces(labels)} ${value}\n`)];
}

function inBraces(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const qualified = ({ group, resource }: { group: string; resource: string }): string =>
  group === '' ? resource : `${resource}.${group}`;
