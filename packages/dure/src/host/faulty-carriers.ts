import { randomItem, wait } from '@dure/core';
import type { Broker, BrokerRecord, Message, SubscribeOptions } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { FeedSource } from '@dure/messaging/feed';
import type { Disorder, Faults } from './faults.ts';

const lateMs = 200;
const lookMs = 50;
const remembered = 32;

/** A broker that can be cut off, and of whose records some come twice, or late, behind others of their lane. */
export function faultyBroker(broker: Broker, faults: Faults): Broker {
  const { isCut } = faults;
  const whole = <T>(work: () => Promise<T>): Promise<T> =>
    isCut() ? Promise.reject(messagingErrors.BROKER_UNAVAILABLE('the broker is cut off on purpose')) : work();
  return {
    kind: broker.kind,
    get state() {
      return isCut() ? ({ status: 'connecting', error: 'cut off on purpose' } as const) : broker.state;
    },
    declare: (topics) => whole(() => broker.declare(topics)),
    publish: (publication) => whole(() => broker.publish(publication)),
    subscribe: (options) => broker.subscribe({ ...options, handle: faultyHandle(options.handle, faults) }),
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

function faultyHandle(handle: SubscribeOptions['handle'], faults: Faults): SubscribeOptions['handle'] {
  const { clock, isCut, disorder } = faults;
  return async (records: readonly BrokerRecord[], signal: AbortSignal) => {
    while (isCut()) {
      await wait(clock, lookMs, signal);
      signal.throwIfAborted();
    }
    const now = disorder();
    if (now === undefined) return handle(records, signal);
    const at = records.findIndex(() => now.random.next() < now.share);
    if (at === -1) return handle(records, signal);
    const before = at === 0 ? 0 : await handle(records.slice(0, at), signal);
    if (before < at) return before;
    const one = records.slice(at, at + 1);
    if (now.random.next() < 0.5) {
      await handle(one, signal);
      return at + (await handle(one, signal));
    }
    // Acknowledged before it was taken: if this process ends meanwhile the broker has lost it, which the log makes good.
    clock.after(lateMs, () => void handle(one, signal).catch(() => undefined));
    return at + 1;
  };
}

/** A feed that brings some messages again, behind later ones. */
export function faultyFeed(feed: FeedSource, { disorder }: Faults): FeedSource {
  return {
    source: feed.source,
    positionAt: (at, signal) => feed.positionAt(at, signal),
    ends: (after, upTo, signal) => feed.ends(after, upTo, signal),
    eras: (of, signal) => feed.eras(of, signal),
    payload: (message, signal) => feed.payload(message, signal),
    async *open(after, signal, era) {
      const recent: Message[] = [];
      for await (const page of feed.open(after, signal, era))
        yield { ...page, messages: page.messages.flatMap((message) => repeated(message, recent, disorder())) };
    },
    onChange: (ring) => feed.onChange?.(ring) ?? (() => undefined),
  };
}

function repeated(message: Message, recent: Message[], disorder: Disorder | undefined): readonly Message[] {
  recent.push(message);
  if (recent.length > remembered) recent.shift();
  if (disorder === undefined || disorder.random.next() >= disorder.share) return [message];
  return [message, randomItem(disorder.random, recent) ?? message];
}
