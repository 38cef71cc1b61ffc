import type { Topic } from '../broker.port.ts';
import type { FeedGrant } from '../feed/feed-source.port.ts';
import type { Message } from '../message.ts';

/** Where a service's events are: `shop.order.events`. */
export function eventsTopic(system: string, source: string): string {
  return `${system}.${source}.events`;
}

/** Where commands and replies to a service are: `shop.payment.inbox`. */
export function inboxTopic(system: string, service: string): string {
  return `${system}.${service}.inbox`;
}

/** Where a service's messages go to. */
export interface Routes {
  /** Every topic that it writes to, with those who read it. */
  readonly topics: readonly Topic[];
  /** Undefined for a message that nobody is to have. */
  topicOf(message: Message): string | undefined;
}

/** What a service publishes: the events that somebody reacts to, and what is addressed to those who may have it. */
export function routesOf(system: string, service: string, grants: Readonly<Record<string, FeedGrant>>): Routes {
  const consumers = Object.entries(grants);
  const wanted = new Set(consumers.flatMap(([, { events }]) => events));
  const addressed = new Map(
    consumers.filter(([, grant]) => grant.addressed).map(([name]) => [name, inboxTopic(system, name)]),
  );
  const readers = consumers.filter(([, { events }]) => events.length > 0).map(([name]) => name);
  const events = eventsTopic(system, service);
  return {
    topics: [
      ...(readers.length === 0 ? [] : [{ name: events, groups: readers }]),
      ...[...addressed].map(([name, topic]) => ({ name: topic, groups: [name] })),
    ],
    topicOf({ kind, type, destination }) {
      if (kind === 'event') return wanted.has(type) ? events : undefined;
      return destination === undefined ? undefined : addressed.get(destination);
    },
  };
}
