import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import type { Event, Pod, PodSpec } from '../../src/kube/generated/objects.ts';

interface Answer {
  code: number;
  body: unknown;
}

const PODS = '/api/v1/namespaces/default/pods';
/** How long to go on asking a node that may be down just now. Milliseconds. */
const PATIENCE = 120_000;

/** The node's API, asked again until it answers: the node may be killed at any moment, and be back later. */
export class ApiClient {
  readonly #kubeconfig: () => string;
  #connection: { text: string; agent: Agent; server: string } | undefined;

  /** `kubeconfig`: path of the file, read anew when its text changes. */
  constructor(kubeconfig: () => string) {
    this.#kubeconfig = kubeconfig;
  }

  /** Resolves when the Pod is there; one of this name that is there already counts, because an earlier answer may have been lost. */
  async create(name: string, spec: PodSpec): Promise<Pod> {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
    const { code, body } = await this.#insist('POST', PODS, pod);
    if (code === 201) return body as Pod;
    if (code !== 409) throw new Error(`creating ${name}: ${code} ${JSON.stringify(body)}`);
    return (await this.#insist('GET', `${PODS}/${name}`)).body as Pod;
  }

  /** Resolves when the deletion was accepted, or the Pod is gone. */
  async delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds };
    const { code, body } = await this.#insist('DELETE', `${PODS}/${name}`, options);
    if (code !== 200 && code !== 202 && code !== 404)
      throw new Error(`deleting ${name}: ${code} ${JSON.stringify(body)}`);
  }

  async pods(): Promise<Pod[]> {
    return ((await this.#insist('GET', PODS)).body as { items: Pod[] }).items;
  }

  async events(): Promise<Event[]> {
    return ((await this.#insist('GET', '/api/v1/namespaces/default/events')).body as { items: Event[] }).items;
  }

  close(): void {
    this.#connection?.agent.destroy();
  }

  async #insist(method: string, path: string, body?: unknown): Promise<Answer> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        const answer = await this.#ask(method, path, body);
        if (answer.code < 500) return answer;
        if (Date.now() > deadline) throw new Error(`${method} ${path}: ${answer.code} ${JSON.stringify(answer.body)}`);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const { agent, server } = this.#connect();
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    return new Promise((resolve, reject) => {
      const asked = request(`${server}${path}`, { method, agent, headers, timeout: 20_000 }, (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (answer += chunk));
        response.on('error', reject);
        response.on('end', () => {
          try {
            resolve({ code: response.statusCode ?? 0, body: JSON.parse(answer) });
          } catch (error) {
            reject(error);
          }
        });
        response.on('aborted', () => reject(new Error('the answer was cut off')));
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer')));
      asked.on('error', reject);
      asked.end(text);
    });
  }

  #connect(): { agent: Agent; server: string } {
    const text = readFileSync(this.#kubeconfig(), 'utf8');
    if (this.#connection?.text === text) return this.#connection;
    this.#connection?.agent.destroy();
    const config = parse(text) as Kubeconfig;
    const [{ cluster }, { user }] = [config.clusters[0]!, config.users[0]!];
    const decoded = (data: string) => Buffer.from(data, 'base64');
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 8,
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
    });
    this.#connection = { text, agent, server: cluster.server };
    return this.#connection;
  }
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}
