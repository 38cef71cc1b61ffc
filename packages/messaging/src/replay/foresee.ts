import type { Clock } from '@dure/core';
import type { FeedSource } from '../feed/feed-source.port.ts';
import type { ReplayWish } from '../replay-store.port.ts';

/** What a replay would deliver. */
export interface Foreseen {
  readonly messages: number;
  readonly keys: number;
  /** Where it would begin, and where one has looked. */
  readonly after: number;
  readonly upTo: number;
  /** False when the time was over before the end of the log: there is more. */
  readonly complete: boolean;
}

/** Reads what a replay would deliver, for so long at most, and delivers nothing. */
export async function foresee(
  feed: FeedSource,
  { event, key, after, since = 0 }: Omit<ReplayWish, 'who'>,
  { clock, forMs, end }: { readonly clock: Clock; readonly forMs: number; readonly end: number },
): Promise<Foreseen> {
  const over = new AbortController();
  const until = clock.monotonicMs() + forMs;
  const keys = new Set<string>();
  let messages = 0;
  let upTo = after;
  for await (const page of feed.open(after, over.signal)) {
    for (const message of page.messages) {
      const fits = message.type === event && message.kind === 'event' && message.at >= since;
      if (!fits || (key !== undefined && message.key !== key) || message.position > end) continue;
      messages += 1;
      keys.add(message.key);
    }
    upTo = page.mark;
    if (upTo >= end || clock.monotonicMs() > until) over.abort();
  }
  return { messages, keys: keys.size, after, upTo, complete: upTo >= end };
}
