import type { ServerResponse } from 'node:http';
import type { Clock } from '@dure/core';

/** How often a comment keeps an idle stream open through proxies. */
const heartbeatMs = 15_000;

/**
 * Sends items as server-sent events (WHATWG HTML, "Server-sent events"), one JSON value each, no faster than the
 * caller reads. The first item is awaited before the head is sent, so that an early failure still has a status.
 */
export async function sendEventStream(
  response: ServerResponse,
  items: AsyncIterable<unknown>,
  extra: Readonly<Record<string, string>>,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = new Promise<{ done: true }>((resolve) => {
    if (signal.aborted) resolve({ done: true });
    else signal.addEventListener('abort', () => resolve({ done: true }), { once: true });
  });
  let heartbeat = { cancel: () => undefined as void };
  const beat = () => {
    heartbeat = clock.after(heartbeatMs, () => {
      response.write(':\n\n');
      beat();
    });
  };
  try {
    let next = await Promise.race([iterator.next(), aborted]);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...extra,
    });
    response.flushHeaders();
    beat();
    while (next.done !== true) {
      const fits = response.write(`data: ${JSON.stringify(next.value)}\n\n`);
      if (!fits) await Promise.race([drained(response), aborted]);
      next = await Promise.race([iterator.next(), aborted]);
    }
  } finally {
    heartbeat.cancel();
    await iterator.return?.();
    if (response.headersSent) response.end();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('drain', resolve));
}
