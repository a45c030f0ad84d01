import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Failure } from '../command.ts';
import type { Request } from './cluster.ts';

/** Sends requests with the credentials of a kubeconfig. The library's own API classes know fixed kinds only and no Tables. */
export class HttpClient {
  readonly #kubeConfig: KubeConfig;
  readonly #server: URL;
  #options: Promise<RequestOptions> | undefined;

  constructor(kubeConfig: KubeConfig, server: URL) {
    this.#kubeConfig = kubeConfig;
    this.#server = server;
  }

  /** The answer, whatever its code. @throws Failure when no answer comes */
  async send(request: Request): Promise<IncomingMessage> {
    const options = await this.#requestOptions();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    return new Promise((resolve, reject) => {
      const module = this.#server.protocol === 'http:' ? http : https;
      const call = module.request(this.#urlOf(request), {
        ...options,
        method: request.method ?? 'GET',
        headers: {
          ...options.headers,
          accept: request.accept ?? 'application/json',
          'user-agent': 'outfit',
          ...(body !== undefined && {
            'content-type': request.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
        },
        ...(request.signal && { signal: request.signal }),
      });
      call.on('response', resolve);
      call.on('error', (error: NodeJS.ErrnoException) =>
        reject(request.signal?.aborted ? request.signal.reason : this.#unreachable(error)),
      );
      call.end(body);
    });
  }

  async #requestOptions(): Promise<RequestOptions> {
    this.#options ??= (async () => {
      const options: https.RequestOptions = {};
      await this.#kubeConfig.applyToHTTPSOptions(options);
      return options;
    })();
    return this.#options;
  }

  #urlOf({ path, query = {} }: Request): URL {
    const url = new URL(this.#server.href.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query))
      for (const one of Array.isArray(value) ? value : [value])
        if (one !== undefined) url.searchParams.append(name, String(one));
    return url;
  }

  #unreachable(error: NodeJS.ErrnoException): Failure {
    if (error.code === 'ECONNREFUSED')
      return new Failure(
        `The connection to the server ${this.#server.host} was refused - did you specify the right host or port?`,
        {
          whole: true,
          hint: 'does the node run? "outfit node status" tells, "outfit node start" starts it',
          cause: error,
        },
      );
    return new Failure(`Unable to connect to the server: ${error.message}`, { whole: true, cause: error });
  }
}
