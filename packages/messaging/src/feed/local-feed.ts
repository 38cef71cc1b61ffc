import type { LogTail } from '../log-tail.ts';
import type { MessageFilter } from '../message-log.port.ts';
import type { FeedGrant, FeedSource } from './feed-source.port.ts';

/** What a grant lets a consumer see. */
export function filterOf(grant: FeedGrant, consumer: string): MessageFilter {
  return { events: grant.events, destination: grant.addressed ? consumer : undefined };
}

/** The log of a service that runs in the same process, without HTTP: same order, same positions, same grant. */
export function localFeed(options: {
  readonly source: string;
  /** The consumer. */
  readonly as: string;
  readonly tail: LogTail;
  readonly grant: FeedGrant;
}): FeedSource {
  const { source, as, tail, grant } = options;
  const filter = filterOf(grant, as);
  return {
    source,
    async *open(after, signal) {
      yield { messages: [], mark: after }; // At once, so that the consumer knows it is connected.
      yield* tail.follow(after, filter, signal);
    },
  };
}
