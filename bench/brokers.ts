// How long from the commit of a message to its handler, at 2 000 messages a second, by the feed and by each broker?
// Two services with a real PostgreSQL each, in one process; brokers are real, started here: npm run brokers install
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ids, newTrace, startCall, systemClock, systemRandom, wait } from '@dure/core';
import { kafka } from '@dure/kafka';
import { kafkaServer } from '@dure/kafka/testing';
import type { BrokerResource } from '@dure/messaging';
import { eventsTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import type { Dispatch } from '@dure/messaging/feed';
import { feedRoute, httpFeed, startFeedConsumer } from '@dure/messaging/feed';
import { noted, startTestServer } from '@dure/messaging/testing';
import { nats } from '@dure/nats';
import { natsServer } from '@dure/nats/testing';
import type { Database, Tx } from '@dure/postgres';
import { openDatabase } from '@dure/postgres';
import { testDatabase } from '@dure/postgres/testing';
import { rabbitmq } from '@dure/rabbitmq';
import { rabbitmqServer } from '@dure/rabbitmq/testing';
import { silentTelemetry } from '@dure/telemetry';
import { globalSetup, globalTeardown } from '../packages/postgres/src/testing/global-setup.ts';
import { printTable, round } from './lib/table.ts';

const perSecond = Number(process.env.RATE ?? 2_000);
const perCommit = Number(process.env.PER_COMMIT ?? 10);
const seconds = Number(process.env.SECONDS ?? 20);
/** At the same rate, before it counts: until code is compiled and statements are planned. */
const warmSeconds = Number(process.env.WARM_SECONDS ?? 3);
const only = process.env.ONLY;
const clock = systemClock;
const random = systemRandom;
const made = ids(clock, random);
const telemetry = silentTelemetry(made);
const grant = { events: ['test.noted'], addressed: false };

const carriers = {
  feed: undefined,
  nats: { kind: natsServer, on: (url: string) => nats({ servers: url }) },
  rabbitmq: { kind: rabbitmqServer, on: (url: string) => rabbitmq({ url }) },
  kafka: { kind: kafkaServer, on: (url: string) => kafka({ servers: url }) },
};

/** What carries messages while it is measured. */
type Carry = (source: Database, target: Database, dispatch: Dispatch<Tx>) => Promise<() => Promise<void>>;

const byFeed: Carry = async (source, target, dispatch) => {
  const route = feedRoute({ service: 'test', log: source.log, tail: source.tail, grants: { other: grant }, clock });
  const identity = { kind: 'service', subject: 'other', roles: [], scopes: [] } as const;
  const server = createServer(async (request, response) => {
    const left = new AbortController();
    response.on('close', () => left.abort());
    const query = new URL(request.url ?? '', 'http://h').searchParams;
    const asked = { method: 'GET', url: '', params: {}, query, headers: {}, body: new Uint8Array() } as const;
    const answer = await route.handle(asked, startCall({ trace: newTrace(made), identity, signal: left.signal }));
    for await (const chunk of answer.body as AsyncIterable<string>) response.write(chunk);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const at = { id: 'p', service: 'test', host: '127.0.0.1', port, managementPort: 0, zone: undefined, metadata: {} };
  const instances = { instances: () => [at], onChange: () => () => undefined };
  const feed = httpFeed({ source: 'test', as: 'other', instances, signer: { authorize: async () => '' }, clock });
  const consumer = startFeedConsumer({ feed, as: 'other', deliveries: target.deliveries, dispatch, clock, telemetry });
  return async () => {
    await consumer.close();
    server.closeAllConnections();
    server.close();
  };
};

const byBroker =
  (resource: BrokerResource): Carry =>
  async (source, target, dispatch) => {
    const open = (name: string) => resource.open({ name, credentials: undefined, clock, random });
    const [ours, theirs] = await Promise.all([open('bench.test'), open('bench.other')]);
    const routes = routesOf('bench', 'test', { other: grant });
    const { log, tail, relay: store } = source;
    const common = { clock, random, telemetry };
    const relay = startRelay({ service: 'test', owner: 'o', log, tail, store, broker: ours, routes, ...common });
    const consumer = startBrokerConsumer<Tx>({
      broker: theirs,
      as: 'other',
      topics: [eventsTopic('bench', 'test')],
      sources: ['test'],
      wants: () => true,
      feed: () => undefined,
      deliveries: target.deliveries,
      dispatch,
      ...common,
    });
    return async () => {
      await consumer.close();
      await relay.close();
      await Promise.all([ours.close(), theirs.close()]);
    };
  };

await globalSetup();
const rows: string[][] = [];
for (const [name, carrier] of Object.entries(carriers)) {
  if (only !== undefined && only !== name) continue;
  if (carrier !== undefined && carrier.kind.absent !== false) {
    rows.push([name, carrier.kind.absent]);
    continue;
  }
  const server = carrier === undefined ? undefined : await startTestServer(carrier.kind);
  const url = server?.url ?? '';
  rows.push([name, ...(await measure(carrier === undefined ? byFeed : byBroker(carrier.on(url))))]);
  await server?.[Symbol.asyncDispose]();
}
await globalTeardown();
printTable(`commit to handler at ${perSecond} messages/s, ${perCommit} a commit`, [
  ['', 'applied/s', 'p50', 'p99', 'largest'],
  ...rows,
]);

async function measure(carry: Carry): Promise<string[]> {
  const databases = await Promise.all([testDatabase(), testDatabase()]);
  const [source, target] = databases.map(({ url }, index) =>
    openDatabase({ url, service: index === 0 ? 'test' : 'other', clock, ids: made, telemetry }),
  );
  if (source === undefined || target === undefined) throw new TypeError('there are two');
  const committedAt: number[] = [];
  const latencies: number[] = [];
  let reached = false;
  const uncounted = perSecond * warmSeconds;
  const total = uncounted + perSecond * seconds;
  const end = await carry(source, target, async (message) => {
    const { count } = message.data as { count: number };
    if (count >= uncounted) latencies.push(performance.now() - (committedAt[count] ?? Number.NaN));
    else reached = true;
    return undefined;
  });
  const commit = async (counts: readonly number[]) => {
    await source.uow(startCall({ trace: newTrace(made) }), async (tx) => {
      for (const count of counts) tx.emit(noted, { key: `k${Math.abs(count) % 251}`, count });
    });
    const now = performance.now();
    for (const count of counts) committedAt[count] = now;
  };
  await commit([-1]);
  while (!reached) await wait(clock, 20);
  const began = performance.now();
  const pending: Promise<void>[] = [];
  for (let sent = 0; sent < total; sent += perCommit) {
    const due = began + (sent / perSecond) * 1_000;
    if (due > performance.now()) await wait(clock, due - performance.now());
    pending.push(commit(Array.from({ length: perCommit }, (_, index) => sent + index)));
  }
  await Promise.all(pending);
  const giveUpAt = performance.now() + 60_000;
  while (latencies.length < total - uncounted && performance.now() < giveUpAt) await wait(clock, 20);
  const rate = latencies.length / ((performance.now() - began) / 1_000 - warmSeconds);
  await end();
  for (const db of [source, target]) await db.close();
  for (const database of databases) await database[Symbol.asyncDispose]();
  // A handler may run before its committer has heard of the commit.
  const sorted = latencies.map((ms) => Math.max(ms || 0, 0)).sort((a, b) => a - b);
  const at = (part: number) => `${round(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN, 1)} ms`;
  return [String(Math.round(rate)), at(0.5), at(0.99), at(1)];
}
