import type { Instance } from '@dure/balancer';
import type { Clock } from '@dure/core';
import type { FetchJson } from '../transport.ts';

/**
 * Asks an instance's management port for the JSON at a path of its actuator, or posts a body there; rejects when it does not
 * answer in time.
 */
export type AskInstance = (instance: Instance, path: string, withinMs: number, body?: unknown) => Promise<unknown>;

/** Questions that prove who asks. An instance without a management port rejects. */
export function askInstance(
  clock: Clock,
  fetchJson: FetchJson,
  authorize: (service: string) => Promise<string>,
): AskInstance {
  return async ({ host, managementPort, service }, path, withinMs, body) => {
    const controller = new AbortController();
    const limit = clock.after(withinMs, () => controller.abort());
    try {
      const url = `http://${host}:${managementPort ?? 0}/actuator/${path}`;
      return await Promise.race([
        authorize(service).then((token) => fetchJson(url, token, controller.signal, body)),
        aborted(controller.signal),
      ]);
    } finally {
      limit.cancel();
    }
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
