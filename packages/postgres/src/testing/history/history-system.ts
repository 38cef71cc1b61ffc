import { systemClock, systemRandom } from '@dure/core';
import { localFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { HistoryRecorder } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from '../../database.ts';
import type { ServedFeed } from '../../fixtures/served-feed.ts';
import { servedFeed } from '../../fixtures/served-feed.ts';
import type { SlowProxy } from '../../fixtures/slow-proxy.ts';
import { slowProxy } from '../../fixtures/slow-proxy.ts';
import type { HistoryBroker } from './history-broker.ts';
import type { ServiceName } from './history-services.ts';
import { effectOf, openService, said, toldDeliveries } from './history-services.ts';
import type { MemberProcess } from './member-process.ts';
import { memberProcess } from './member-process.ts';

/** The services at work, with everything that can be broken. */
export interface HistorySystem extends AsyncDisposable {
  readonly orders: Database;
  /** The same, behind a proxy that loses answers. */
  readonly ordersFarAway: Database;
  readonly ledger: Database;
  readonly proxy: SlowProxy;
  readonly feed: ServedFeed;
  readonly processes: readonly MemberProcess[];
  replace(): Promise<void>;
}

const kit = { clock: systemClock, random: systemRandom, telemetry: silentTelemetry() };

/** Starts them: two processes of `ledger`, the relays of `orders` and consumers of `mirror` on each side of a broker, and `orders`, which takes the answers. */
export async function startHistorySystem(
  urls: Readonly<Record<ServiceName, string>>,
  recorder: HistoryRecorder,
  broker: HistoryBroker,
): Promise<HistorySystem> {
  await using opened = new AsyncDisposableStack();
  const orders = opened.use(openService('orders', urls.orders));
  const ledger = opened.use(openService('ledger', urls.ledger, 3));
  const proxy = opened.use(await slowProxy(urls.orders));
  const ordersFarAway = opened.use(openService('orders', proxy.url, 3));
  const feed = opened.use(await servedFeed(orders, { service: 'orders', consumer: 'ledger', event: said.orders.type }));
  const told = (id: string) => recorder.applied('ledger', id);
  const ledgers = [1, 2].map(() =>
    opened.use(memberProcess('history-consumer.main.ts', [urls.ledger, String(feed.port)], told)),
  );
  opened.use(startEcho(orders, ledger, recorder));
  const members = opened.use(broker.join({ urls, orders, recorder }));
  const all = opened.move();
  return {
    ...{ orders, ordersFarAway, ledger, proxy, feed },
    processes: [...ledgers, ...members.processes],
    replace: () => members.replace(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** `orders` takes the answers of `ledger`, in this process. */
function startEcho(orders: Database, ledger: Database, recorder: HistoryRecorder): AsyncDisposable {
  const grant = { events: [said.ledger.type], addressed: false };
  const feed = localFeed({ source: 'ledger', as: 'orders', log: ledger.log, tail: ledger.tail, grant });
  const deliveries = toldDeliveries(orders, ({ id }) => recorder.applied('orders', id));
  return startFeedConsumer({ ...kit, feed, as: 'orders', deliveries, dispatch: effectOf('orders') });
}
