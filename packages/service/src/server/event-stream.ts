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
  let heartbeat = { cancel: () => undefined as void };
  const beat = () => {
    heartbeat = clock.after(heartbeatMs, () => {
      response.write(':\n\n');
      beat();
    });
  };
  try {
    let next = await untilAborted(iterator.next(), signal);
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
      if (!fits) await untilAborted(drained(response), signal);
      next = await untilAborted(iterator.next(), signal);
    }
  } finally {
    heartbeat.cancel();
    if (response.headersSent) response.end();
    // One that waits for something and heeds no signal would never return: it is told to, and not waited for.
    void iterator.return?.().then(undefined, () => undefined);
  }
}

const ended = { done: true, value: undefined } as const;

/** What a wait comes to, or the end of the stream when the caller leaves first; leaves nothing behind on the signal. */
async function untilAborted<T>(waited: Promise<T>, signal: AbortSignal): Promise<T | typeof ended> {
  waited.catch(() => undefined); // whoever has left hears of no failure either
  if (signal.aborted) return ended;
  const { promise: left, resolve } = Promise.withResolvers<typeof ended>();
  const leave = () => resolve(ended);
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([waited, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('drain', resolve));
}
