import type { Random } from '@dure/core';
import { randomInteger, randomItem, systemClock, systemRandom, wait } from '@dure/core';
import { kafka } from '@dure/kafka';
import { kafkaProxied, kafkaServer } from '@dure/kafka/testing';
import type { Broker, BrokerResource } from '@dure/messaging';
import type { ServerKind, TestServer } from '@dure/messaging/testing';
import { startTestServer } from '@dure/messaging/testing';
import { nats } from '@dure/nats';
import { natsServer } from '@dure/nats/testing';
import { rabbitmq } from '@dure/rabbitmq';
import { rabbitmqServer } from '@dure/rabbitmq/testing';
import type { BrokenNetwork } from '../../fixtures/broken-network.ts';
import { brokenNetwork } from '../../fixtures/broken-network.ts';
import type { HistoryBroker } from './history-broker.ts';
import { memberProcess } from './member-process.ts';

export type RealBroker = 'nats' | 'rabbitmq' | 'kafka';

interface Kind {
  readonly server: ServerKind;
  /** The server where its clients are led to another port. */
  behind(port: number): ServerKind;
  resource(address: string): BrokerResource;
}

const kinds: Readonly<Record<RealBroker, Kind>> = {
  nats: { server: natsServer, behind: () => natsServer, resource: (at) => nats({ servers: `nats://${at}` }) },
  rabbitmq: {
    server: rabbitmqServer,
    behind: () => rabbitmqServer,
    resource: (at) => rabbitmq({ url: `amqp://${at}` }),
  },
  kafka: { server: kafkaServer, behind: kafkaProxied, resource: (at) => kafka({ servers: at }) },
};

/** Why there is none here, or false. */
export function whyNo(kind: RealBroker): string | false {
  return kinds[kind].server.absent;
}

/** A connection to one, as a process of a service has it. */
export function openRealBroker(kind: RealBroker, address: string): Promise<Broker> {
  const kit = { name: 'shop.history', credentials: undefined, clock: systemClock, random: systemRandom };
  return kinds[kind].resource(address).open(kit);
}

/**
 * A server of its own behind a network that breaks. Its members are processes, which are frozen and killed as well; the server is frozen,
 * killed and comes back with its data or without.
 */
export async function realHistoryBroker(kind: RealBroker): Promise<HistoryBroker> {
  await using opened = new AsyncDisposableStack();
  const network = opened.use(await brokenNetwork(systemRandom));
  const server = opened.use(await startTestServer(kinds[kind].behind(network.port)));
  network.leadTo(Number(/:(\d+)$/.exec(server.url)?.[1]));
  const all = opened.move();
  return {
    join({ urls, recorder }) {
      const common = [kind, `127.0.0.1:${network.port}`, urls.orders, urls.mirror];
      const started = ['relay', 'relay', 'mirror', 'mirror'].map((role) =>
        memberProcess('history-member.main.ts', [role, ...common], (id) => recorder.applied('mirror', id)),
      );
      let turn = 0;
      return {
        processes: started,
        async replace() {
          turn += 1;
          started[turn % started.length]?.signal('SIGTERM');
        },
        async [Symbol.asyncDispose]() {
          await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
        },
      };
    },
    ways: waysToBreak(server, network),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** As long as a process may take to notice, and longer. */
const [shortestMs, longestMs] = [200, 8_000];

function waysToBreak(server: TestServer, network: BrokenNetwork): HistoryBroker['ways'] {
  const moment = (random: Random) => wait(systemClock, randomInteger(random, shortestMs, longestMs));
  return {
    async brokerFrozen(random) {
      server.freeze();
      await moment(random);
      server.thaw();
    },
    async brokerKilled(random) {
      await server.kill();
      await wait(systemClock, randomInteger(random, 0, 2_000));
      await server.restart();
    },
    async brokerEmptied() {
      await server.kill();
      await server.restartEmpty();
    },
    async brokerCut() {
      network.cut();
    },
    async brokerParted(random) {
      const [share, of] = [randomItem(random, [0.5, 1]) ?? 1, randomItem(random, ['all', 'answers'] as const) ?? 'all'];
      network.part({ share, of });
      await moment(random);
      // What was held is lost with its connection, or arrives late.
      if (random.next() < 0.5) network.cut();
      network.heal();
    },
  };
}
