import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';

class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** The node's API over one connection pool: a kubectl for each look would cost more than all the containers. */
export class Api {
  private readonly kubeconfig: string;
  private connection: { url: URL; agent: Agent } | undefined;

  /** `kubeconfig` is a path; read again after each `forget`, as the node may come back on another port. */
  constructor(kubeconfig: string) {
    this.kubeconfig = kubeconfig;
  }

  forget(): void {
    this.connection?.agent.destroy();
    this.connection = undefined;
  }

  /** The answer's JSON, or its text where it is none. @throws ApiError for what is no success */
  async call(method: string, path: string, body?: object, type = 'application/json'): Promise<unknown> {
    const response = await this.send(method, path, body && JSON.stringify(body), type);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const code = response.statusCode ?? 0;
    if (code >= 300) throw new ApiError(code, text);
    return response.headers['content-type']?.includes('json') ? JSON.parse(text) : text;
  }

  /** Calls back for each event, until the connection ends. */
  async watch(path: string, each: (type: string, object: unknown) => void): Promise<void> {
    const response = await this.send('GET', path);
    for await (const line of createInterface({ input: response })) {
      const { type, object } = JSON.parse(line);
      each(type, object);
    }
  }

  private send(method: string, path: string, body?: string, type = 'application/json') {
    const { url, agent } = this.connect();
    const headers = body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const options: RequestOptions = { method, agent, headers };
    return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request(new URL(path, url), options, resolve).on('error', reject).end(body);
    });
  }

  private connect() {
    this.connection ??= connectionOf(readFileSync(this.kubeconfig, 'utf8'));
    return this.connection;
  }
}

function connectionOf(text: string): { url: URL; agent: Agent } {
  const { clusters, users } = parse(text);
  const { cluster } = clusters[0];
  const { user } = users[0];
  const bytes = (base64: string) => Buffer.from(base64, 'base64');
  const agent = new Agent({
    keepAlive: true,
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  });
  return { url: new URL(cluster.server), agent };
}
