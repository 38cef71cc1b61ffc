import type { Clock } from '@dure/core';
import type { Message } from '../message.ts';
import type { LogPage } from '../message-log.port.ts';

/** How messages are gathered before they are handled together. */
export interface BatchLimits {
  /** The most messages of one batch. */
  readonly size: number;
  /** How long the first message of a batch waits for others, in milliseconds; 0: not at all. */
  readonly withinMs: number;
}

/** Cuts pages into batches; a batch without messages says that nothing of interest came up to its mark. */
export async function* batches(
  pages: AsyncIterable<LogPage>,
  { size, withinMs }: BatchLimits,
  clock: Clock,
): AsyncGenerator<LogPage> {
  const iterator = pages[Symbol.asyncIterator]();
  const ask = () => {
    const asked = iterator.next();
    asked.catch(() => undefined); // It is told when it is awaited, which may be later.
    return asked;
  };
  let next = ask();
  let waiting: Message[] = [];
  let mark = 0;
  let sinceMs = 0;
  while (true) {
    const leftMs = sinceMs + withinMs - clock.monotonicMs();
    const page = waiting.length === 0 ? await next : await atMost(leftMs, next, clock);
    if (page?.done === true) return;
    if (page !== undefined) {
      next = ask();
      if (waiting.length === 0) sinceMs = clock.monotonicMs();
      waiting.push(...page.value.messages);
      mark = page.value.mark;
    }
    const isDue = page === undefined || withinMs === 0;
    while (waiting.length >= size || (isDue && waiting.length > 0)) {
      const messages = waiting.slice(0, size);
      waiting = waiting.slice(size);
      yield { messages, mark: waiting.length === 0 ? mark : (messages.at(-1)?.position ?? mark) };
    }
    if (page?.value.messages.length === 0 && waiting.length === 0) yield { messages: [], mark };
  }
}

/** The promise's outcome, or undefined when it takes longer. */
function atMost<T>(forMs: number, promise: Promise<T>, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(forMs, () => resolve(undefined));
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
