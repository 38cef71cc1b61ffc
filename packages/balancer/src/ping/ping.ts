import { balancerErrors } from '../errors.ts';
import type { Instance } from '../instance-list.port.ts';
import { checked } from '../options.ts';
import { connectOnce, statusOf } from './transport.ts';

/** Asks one instance whether it is well: resolves when it is, rejects when it is not. Ends promptly when `signal` aborts. */
export type Ping = (instance: Instance, signal: AbortSignal) => Promise<void>;

/** Options of `httpPing`. */
export interface HttpPingOptions {
  /** Begins with a slash. Default `/actuator/health/readiness`. */
  readonly path?: string;
  /** Which port to ask; instances without a management port are asked at their API port. Default `management`. */
  readonly port?: 'management' | 'api';
  /** Statuses below this one, from 200 on, are well. From 201 to 600, default 400. */
  readonly wellBelow?: number;
}

/**
 * A health check by HTTP GET. BALANCER_OPTION_INVALID for a path without a slash; a failing check is
 * BALANCER_PING_FAILED.
 */
export function httpPing(options: HttpPingOptions = {}): Ping {
  const { path = '/actuator/health/readiness', port = 'management', wellBelow = 400 } = options;
  checked('httpPing', 'wellBelow', wellBelow, { from: 201, to: 600, whole: true });
  if (!path.startsWith('/')) {
    throw balancerErrors.OPTION_INVALID(`httpPing: path is "${path}"; expected one that begins with "/"`, {
      details: { owner: 'httpPing', name: 'path', value: path },
    });
  }
  return async (instance, signal) => {
    const host = instance.host.includes(':') ? `[${instance.host}]` : instance.host;
    const number = port === 'management' ? (instance.managementPort ?? instance.port) : instance.port;
    const url = `http://${host}:${number}${path}`;
    const status = await statusOf(url, signal);
    if (status >= 200 && status < wellBelow) return;
    throw balancerErrors.PING_FAILED(`${instance.id}: ${url} answered ${status}; expected 200 to ${wellBelow - 1}`, {
      details: { instance: instance.id, url, status },
    });
  };
}

/** A health check by opening a TCP connection to the API port and closing it. */
export function tcpPing(): Ping {
  return ({ host, port }, signal) => connectOnce(host, port, signal);
}
