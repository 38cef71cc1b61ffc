import type { ServerResponse } from 'node:http';
import type { Bytes } from '../contract/bytes.ts';
import { interrupted, interruptible } from '../interruptible.ts';

/**
 * Sends bytes no faster than the caller reads. The first piece is awaited before the head is sent, so that an early failure
 * still has a status; an answer that breaks off later ends the connection, so that it never looks whole.
 */
export async function sendBytes(
  response: ServerResponse,
  bytes: Bytes,
  { status, headOnly }: { readonly status: number; readonly headOnly: boolean },
  signal: AbortSignal,
): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const waiting = interruptible(signal);
  const head = {
    'content-type': bytes.type,
    'x-content-type-options': 'nosniff',
    ...(bytes.length === undefined ? {} : { 'content-length': String(bytes.length) }),
  };
  try {
    if (headOnly) return void response.writeHead(status, head).end();
    for (let begun = false; ; begun = true) {
      const next = await waiting.wait(iterator.next());
      if (next === interrupted) return void response.destroy();
      if (!begun) response.writeHead(status, head);
      if (next.done === true) return void response.end();
      if (response.write(next.value)) continue;
      if ((await waiting.wait(drained(response))) === interrupted) return void response.destroy();
    }
  } finally {
    waiting.end();
    // Not awaited: a source that waits for something else would hold us up until that comes.
    iterator.return?.().catch(() => {});
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('drain', resolve));
}
