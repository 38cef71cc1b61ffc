import { ids, systemClock, systemRandom } from '@dure/core';
import type { Message } from '@dure/messaging';
import type { Dispatch } from '@dure/messaging/feed';
import { httpFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { HistoryMessage } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from '../../database.ts';
import { openDatabase } from '../../database.ts';
import type { Tx } from '../../transaction.ts';
import { insideOf } from '../../transaction.ts';

/**
 * Three services: `orders` writes; `ledger` takes it by the feed, and answers; `mirror` takes it by a broker. `orders` takes the
 * answers, and echoes them in the streams that it writes itself, so that what goes round would show if it went wrong.
 */
export type ServiceName = 'orders' | 'ledger' | 'mirror';

/** What each says, and who is to apply it. */
export const said = {
  orders: { type: 'test.noted', wantedBy: ['ledger', 'mirror'] },
  ledger: { type: 'test.answered', wantedBy: ['orders'] },
  echo: { type: 'test.echoed', wantedBy: [] },
} as const;

const kit = { clock: systemClock, ids: ids(systemClock, systemRandom), telemetry: silentTelemetry() };

/** Opens a service's database. */
export function openService(service: ServiceName, url: string, poolSize = 6): Database {
  return openDatabase({ ...kit, service, url, poolSize });
}

/** Writes a message of a stream; what it comes to in a history. */
export function put(
  tx: Tx,
  log: ServiceName,
  key: string,
  what: keyof typeof said,
  expectStream = true,
): HistoryMessage {
  const { type, wantedBy } = said[what];
  const stream = { name: key, expected: 'any', mayRepeat: false } as const;
  const draft = { kind: 'event', type, version: 1, key, data: { key, count: 1 } } as const;
  const id = insideOf(tx).buffer.put(expectStream ? { ...draft, stream } : draft);
  return { log, key, id, wantedBy };
}

/** What a consumer does with each message: it notes that it has, and says something itself if it is one that does. */
export function effectOf(consumer: ServiceName): Dispatch<Tx> {
  return async ({ id, key }, _call, tx) => {
    const says = consumer === 'ledger' ? 'ledger' : 'echo';
    const wrote = consumer === 'mirror' ? undefined : put(tx, consumer, key, says);
    await insideOf(tx).query('insert into effect (consumer, of, wrote, wrote_key) values ($1, $2, $3, $4)', [
      consumer,
      id,
      wrote?.id ?? null,
      wrote?.key ?? null,
    ]);
    return undefined;
  };
}

/** The deliveries of a consumer, of which each that has taken place is told. */
export function toldDeliveries(db: Database, tell: (message: Message) => void): Database['deliveries'] {
  return {
    ...db.deliveries,
    async deliver(message, ...rest) {
      const outcome = await db.deliveries.deliver(message, ...rest);
      if (outcome === 'applied') tell(message);
      return outcome;
    },
  };
}

/** `ledger`, by HTTP. */
export function startLedger(db: Database, port: number, tell: (message: Message) => void) {
  const at = { id: 'orders-1', service: 'orders', host: '127.0.0.1', port, managementPort: undefined, zone: undefined };
  const instances = { instances: () => [{ ...at, metadata: {} }], onChange: () => () => undefined };
  const signer = { authorize: async () => 'Bearer t' };
  const feed = httpFeed({ source: 'orders', as: 'ledger', instances, signer, clock: kit.clock, silenceMs: 6_000 });
  const deliveries = toldDeliveries(db, tell);
  return startFeedConsumer({ ...kit, feed, as: 'ledger', deliveries, dispatch: effectOf('ledger') });
}
