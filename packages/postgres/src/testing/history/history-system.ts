import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ids, systemClock, systemRandom } from '@dure/core';
import { eventsTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import { localFeed, startFeedConsumer } from '@dure/messaging/feed';
import type { HistoryRecorder, MemoryBroker } from '@dure/messaging/testing';
import { memoryBroker } from '@dure/messaging/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Database } from '../../database.ts';
import type { ServedFeed } from '../../fixtures/served-feed.ts';
import { servedFeed } from '../../fixtures/served-feed.ts';
import type { SlowProxy } from '../../fixtures/slow-proxy.ts';
import { slowProxy } from '../../fixtures/slow-proxy.ts';
import type { ConsumerProcess } from './history-faults.ts';
import type { ServiceName } from './history-services.ts';
import { effectOf, openService, said, toldDeliveries } from './history-services.ts';

/** The services at work, with everything that can be broken. */
export interface HistorySystem extends AsyncDisposable {
  readonly orders: Database;
  /** The same, behind a proxy that loses answers. */
  readonly ordersFarAway: Database;
  readonly ledger: Database;
  readonly proxy: SlowProxy;
  readonly feed: ServedFeed;
  readonly broker: MemoryBroker;
  readonly consumers: readonly ConsumerProcess[];
  replace(): Promise<void>;
}

const kit = { clock: systemClock, random: systemRandom, telemetry: silentTelemetry() };
const made = ids(systemClock, systemRandom);

/** Starts them: two processes of `ledger`, two consumers and two relays of `mirror`, and `orders`, which takes the answers. */
export async function startHistorySystem(
  urls: Readonly<Record<ServiceName, string>>,
  recorder: HistoryRecorder,
): Promise<HistorySystem> {
  await using opened = new AsyncDisposableStack();
  const orders = opened.use(openService('orders', urls.orders));
  const ledger = opened.use(openService('ledger', urls.ledger, 3));
  const proxy = opened.use(await slowProxy(urls.orders));
  const ordersFarAway = opened.use(openService('orders', proxy.url, 3));
  const feed = opened.use(await servedFeed(orders, { service: 'orders', consumer: 'ledger', event: said.orders.type }));
  const consumers = [1, 2].map(() =>
    opened.use(ledgerProcess(urls.ledger, feed.port, (id) => recorder.applied('ledger', id))),
  );
  opened.use(startEcho(orders, ledger, recorder));
  const broker = memoryBroker();
  const members = [
    ...[1, 2].map(() => replaceable(() => startPublishing(orders, broker))),
    ...[1, 2].map(() => replaceable(() => startMirror(urls.mirror, orders, broker, recorder))),
  ];
  for (const member of members) opened.use(member);
  let turn = 0;
  const replace = async () => {
    turn += 1;
    await members[turn % members.length]?.replace();
  };
  const all = opened.move();
  return {
    ...{ orders, ordersFarAway, ledger, proxy, feed, broker, consumers, replace },
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

const grantOfMirror = { events: [said.orders.type], addressed: false };

function startPublishing(orders: Database, broker: MemoryBroker): AsyncDisposable {
  const { log, tail, relay: store } = orders;
  const routes = routesOf('shop', 'orders', { mirror: grantOfMirror });
  const owner = made.uuid();
  return startRelay({
    ...kit,
    service: 'orders',
    owner,
    log,
    tail,
    store,
    broker: broker.connect(),
    routes,
    leaseMs: 1_000,
  });
}

function startMirror(url: string, orders: Database, broker: MemoryBroker, recorder: HistoryRecorder): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const db = stack.use(openService('mirror', url, 4));
  const { log, tail } = orders;
  stack.use(
    startBrokerConsumer({
      ...kit,
      broker: broker.connect(),
      as: 'mirror',
      topics: [eventsTopic('shop', 'orders')],
      sources: ['orders'],
      wants: ({ type }) => type === said.orders.type,
      feed: () => localFeed({ source: 'orders', as: 'mirror', log, tail, grant: grantOfMirror }),
      deliveries: toldDeliveries(db, ({ id }) => recorder.applied('mirror', id)),
      dispatch: effectOf('mirror'),
    }),
  );
  return stack;
}

function replaceable(start: () => AsyncDisposable): AsyncDisposable & { replace(): Promise<void> } {
  let running = start();
  return {
    async replace() {
      await running[Symbol.asyncDispose]();
      running = start();
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

const idLength = 36;

/** A process of `ledger`, with another in its place as soon as it has ended. */
function ledgerProcess(url: string, port: number, tell: (id: string) => void): ConsumerProcess & AsyncDisposable {
  let child: ChildProcess;
  let isOver = false;
  const over = Promise.withResolvers<void>();
  const start = () => {
    const module = join(import.meta.dirname, 'history-consumer.main.ts');
    const started = spawn(process.execPath, [module, url, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    createInterface(started.stdout).on('line', (line) => {
      if (line.length === idLength) tell(line); // Whoever is killed may be in the middle of a word.
    });
    started.on('exit', () => {
      if (isOver) over.resolve();
      else start();
    });
  };
  start();
  return {
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      isOver = true;
      child.kill('SIGKILL');
      await over.promise;
    },
  };
}
