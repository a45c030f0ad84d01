import { isIPv6 } from 'node:net';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { joinHostPort } from '../../kube/go-errors.ts';
import { goDuration } from '../go-duration.ts';
import type { ProbeAnswer } from './answer.ts';

export interface GrpcProbeInput {
  host: string;
  port: number;
  /** '' asks for the server as a whole. */
  service: string;
  timeoutMs: number;
  userAgent: string;
  signal: AbortSignal;
}

const CHECK = '/grpc.health.v1.Health/Check';
/** `HealthCheckResponse.ServingStatus`, by number. */
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Asks the gRPC health protocol, version 1, without encryption (`pkg/probe/grpc`): SERVING is success, everything else failure. */
export async function grpcProbe(input: GrpcProbeInput): Promise<ProbeAnswer> {
  const { host, port, service, timeoutMs, userAgent, signal } = input;
  const address = joinHostPort(host, port);
  const client = new Client(`${isIPv6(host) ? 'ipv6' : 'ipv4'}:${address}`, credentials.createInsecure(), {
    'grpc.primary_user_agent': userAgent,
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
  });
  const close = () => client.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const deadline = Date.now() + timeoutMs;
    if (!(await isConnected(client, deadline))) {
      const within = goDuration(timeoutMs);
      return failure(`timeout: failed to connect service "${address}" within ${within}: context deadline exceeded`);
    }
    const answer = await check(client, service, deadline);
    if (answer === 'SERVING') return { result: 'success', output: 'service healthy' };
    return failure(`service unhealthy (responded with "${answer}")`);
  } catch (error) {
    return failure(rpcFailure(error as ServiceError, timeoutMs));
  } finally {
    signal.removeEventListener('abort', close);
    client.close();
  }
}

function failure(output: string): ProbeAnswer {
  return { result: 'failure', output };
}

function isConnected(client: Client, deadline: number): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(deadline, (error) => resolve(!error)));
}

function check(client: Client, service: string, deadline: number): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<string, string>(CHECK, request, response, service, { deadline }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer ?? 'UNKNOWN');
    });
  });
}

/** `HealthCheckRequest { string service = 1 }`. */
function request(service: string): Buffer {
  const text = Buffer.from(service);
  if (text.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x0a]), varint(text.length), text]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`. */
function response(bytes: Buffer): string {
  const at = bytes.indexOf(0x08);
  const number = at < 0 ? 0 : (bytes[at + 1] ?? 0);
  return SERVING_STATUS[number] ?? String(number);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left]);
    bytes.push((left & 0x7f) | 0x80);
  }
}

function rpcFailure({ code, details, message }: ServiceError, timeoutMs: number): string {
  if (code === status.UNIMPLEMENTED)
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
  if (code === status.DEADLINE_EXCEEDED) return `timeout: health rpc did not complete within ${goDuration(timeoutMs)}`;
  return `error: health rpc probe failed: rpc error: code = ${goCode(code)} desc = ${details ?? message}`;
}

/** NOT_FOUND is NotFound in Go. */
function goCode(code: number): string {
  const words = (status[code] ?? 'UNKNOWN').toLowerCase().split('_');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
