import type { Clock } from '@dure/core';

const beatMs = 15_000;
const retryMs = 2_000;

/**
 * Items as server-sent events (WHATWG HTML, section 9.2), with a comment every 15 seconds so that nobody in between
 * closes a quiet stream. Ends when the items do or `signal` aborts.
 */
export async function* eventStream(
  items: AsyncIterable<{ readonly id: number }>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${retryMs}\n\n`;
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    while (!signal.aborted) {
      const item = await orBeat(next, clock);
      if (item === undefined) {
        yield ': \n\n';
        continue;
      }
      if (item.done === true) return;
      yield `id: ${item.value.id}\ndata: ${JSON.stringify(item.value)}\n\n`;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

/** What the promise brings; undefined when nothing has come for a while. */
async function orBeat<Item>(next: Promise<Item>, clock: Clock): Promise<Item | undefined> {
  let timer = { cancel: () => {} };
  const beat = new Promise<undefined>((resolve) => {
    timer = clock.after(beatMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([next, beat]);
  } finally {
    timer.cancel();
  }
}
