import { ids, systemClock, systemRandom } from '@dure/core';
import type { Broker, Message } from '@dure/messaging';
import { eventsTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import { localFeed } from '@dure/messaging/feed';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from '../../database.ts';
import { effectOf, said, toldDeliveries } from './history-services.ts';

const kit = { clock: systemClock, random: systemRandom, telemetry: silentTelemetry() };
const made = ids(systemClock, systemRandom);
const grantOfMirror = { events: [said.orders.type], addressed: false };

/** `orders` publishes its log; one of several does so at a time. */
export function startPublishing({ log, tail, relay: store }: Database, broker: Broker): AsyncDisposable {
  const routes = routesOf('shop', 'orders', { mirror: grantOfMirror });
  const owner = made.uuid();
  return startRelay({ ...kit, service: 'orders', owner, log, tail, store, broker, routes, leaseMs: 1_000 });
}

/** `mirror` applies what a broker brings, and what it does not bring from the log. */
export function startMirror(
  mirror: Database,
  { log, tail }: Database,
  broker: Broker,
  tell: (message: Message) => void,
): AsyncDisposable {
  return startBrokerConsumer({
    ...kit,
    broker,
    as: 'mirror',
    topics: [eventsTopic('shop', 'orders')],
    sources: ['orders'],
    wants: ({ type }) => type === said.orders.type,
    feed: () => localFeed({ source: 'orders', as: 'mirror', log, tail, grant: grantOfMirror }),
    deliveries: toldDeliveries(mirror, tell),
    dispatch: effectOf('mirror'),
  });
}
