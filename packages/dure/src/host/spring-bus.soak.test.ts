import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { after, test } from 'node:test';
import type { BusEvent, BusResource, BusTransport } from '@dure/config/bus';
import { busEventJson, readBusEvent } from '@dure/config/bus';
import { startConfig } from '@dure/config/testing';
import type { Clock } from '@dure/core';
import { systemClock, wait } from '@dure/core';
import { kafkaBus } from '@dure/kafka';
import { kafkaServer } from '@dure/kafka/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { startTestServer } from '@dure/messaging/testing';
import { rabbitmqBus } from '@dure/rabbitmq';
import { rabbitmqServer } from '@dure/rabbitmq/testing';
import type { JvmProgram } from '@dure/registry/testing';
import { buildJvm, startJvm, whyNoJvm } from '@dure/registry/testing';
import { contract } from '@dure/service/contract';
import { service, startService } from '@dure/service/server';
import { believing, serviceParts } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { machine } from './machine.ts';
import { openServiceConfig } from './service-config.ts';

// Two instances of a service with Spring Cloud Bus and two of ours, on one broker, configured by one server of ours.

const noJvm = await whyNoJvm();
interface Generation {
  readonly boot: string;
  readonly cloud: string;
}

interface Carrier {
  /** As in the name of Spring's starter. */
  readonly name: 'amqp' | 'kafka';
  readonly server: ServerKind;
  readonly resource: (url: string) => BusResource;
  readonly options: (url: string) => readonly string[];
  readonly generations: readonly Generation[];
}

const newest = { boot: '4.0.7', cloud: '2025.1.4' };
const older = { boot: '3.5.7', cloud: '2025.0.0' };

const carriers: readonly Carrier[] = [
  {
    name: 'amqp',
    server: rabbitmqServer,
    resource: (url) => rabbitmqBus({ url }),
    options: (url) => [`-Dspring.rabbitmq.addresses=${url}`],
    // Boot 4.0.7 has Spring AMQP 4.0.4, which RabbitMQ before 4 refuses (spring-amqp#3478).
    generations: [older, { ...newest, boot: '4.0.5' }],
  },
  {
    name: 'kafka',
    server: kafkaServer,
    resource: (servers) => kafkaBus({ servers }),
    options: (servers) => [`-Dspring.cloud.stream.kafka.binder.brokers=${servers}`],
    generations: [older, newest],
  },
];

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** The folder of the compiled program; undefined when the test had to be skipped. */
async function build(context: TestContext, carrier: string, { boot, cloud }: Generation): Promise<string | undefined> {
  const versions = { 'spring-boot.version': boot, 'spring-cloud.version': cloud, 'bus.carrier': carrier };
  const built = await buildJvm(join(import.meta.dirname, '..', 'testing', 'jvm', 'spring-bus'), versions);
  if (typeof built === 'string') {
    context.skip(built);
    return undefined;
  }
  folders.push(built.folder);
  return built.folder;
}

async function until(holds: () => boolean | Promise<boolean>, what: string, patienceMs = 30_000): Promise<void> {
  const giveUpAt = systemClock.monotonicMs() + patienceMs;
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() < giveUpAt, what);
    await wait(systemClock, 20);
  }
}

/** Nobody looks at the configuration by himself: what changes was refreshed. */
const unpolled: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs(),
  after: (delayMs, ...rest) => systemClock.after(delayMs >= 4_000 ? 600_000 : delayMs, ...rest),
};

/** The config server without its change feed, as Spring's is. */
async function withoutFeed(url: string) {
  const server = createServer((question, answer) => {
    if (question.url?.startsWith('/dure/') === true) return void answer.writeHead(404).end();
    const { method, headers } = question;
    const passed = send(url + question.url, { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    question.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const schema = z.object({ lines: z.int() });

/** An instance of our service `order`, configured as the host does it. */
async function startOrder(instance: string, configUrl: string, folder: string, bus: BusResource) {
  await using stack = new AsyncDisposableStack();
  const signer = { authorize: async () => 'Bearer order' };
  const platform = { instances: { instances: () => [], onChange: () => () => {} }, signer, verifier: believing };
  const definition = service({ contract: contract('order', {}), config: schema, start: () => ({}) });
  const telemetry = silentTelemetry();
  const tools = machine(unpolled);
  const stateFolder = join(folder, `state-${instance}`);
  const keyringFile = join(stateFolder, 'keyring.json');
  const run = { folder, stateFolder, configUrl, mode: 'test', keyringFile } as const;
  const ports = { api: 0, management: 0 };
  const config = await openServiceConfig(
    definition,
    {
      name: 'order',
      instanceId: `order:${instance}`,
      platform,
      telemetry,
      service: { ports, key: {}, scopes: {}, pulls: [], grants: {} },
    },
    { run, environment: {}, machine: tools, configSources: [], bus },
  );
  stack.defer(() => config.close());
  const { endpoints, health } = config;
  const running = await startService(definition, serviceParts({ platform, endpoints, health, config: config.value }));
  stack.defer(() => running.close());
  config.started(`http://127.0.0.1:${running.managementPort}`, running.port);
  const opened = stack.move();
  return {
    actuator: `http://127.0.0.1:${running.managementPort}/actuator`,
    port: running.port,
    lines: async () => (config.live.current as z.infer<typeof schema>).lines,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** An instance of Spring's service `price`. */
async function startPrice(program: string, index: number, configUrl: string, options: readonly string[]) {
  const running: JvmProgram = await startJvm(
    program,
    'dure.BusProgram',
    '-Dspring.application.name=price',
    `-Dspring.application.index=${index}`,
    `-Dspring.config.import=configserver:${configUrl}`,
    '-Dspring.cloud.config.username=price',
    '-Dspring.cloud.config.password=x',
    '-Dspring.cloud.bus.trace.enabled=true',
    '-Dspring.main.banner-mode=off',
    '-Dserver.port=0',
    '-Dserver.address=127.0.0.1',
    '-Dlogging.level.root=warn',
    '-Dmanagement.endpoints.web.exposure.include=busrefresh,busenv',
    ...options,
  );
  return {
    actuator: `http://127.0.0.1:${running.ready}/actuator`,
    lines: async () => Number(await running.ask('lines')),
    get: (key: string) => running.ask(`get ${key}`),
    acks: () => running.ask('acks'),
    end: () => running.end(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

async function post(url: string, body?: object): Promise<void> {
  const headers = { authorization: 'Bearer operator', 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) });
  assert.equal(response.status, 204, `${url}: ${await response.text()}`);
}

/** Hears all that is sent, and says who acknowledged what: `order a`, `price 1`. */
async function openWitness(resource: BusResource) {
  const events: BusEvent[] = [];
  const tools = machine();
  const transport: BusTransport = await resource.open({
    ...tools,
    name: 'witness',
    heard(text) {
      const event = readBusEvent(text, () => '');
      if (event !== undefined) events.push(event);
    },
    observe: () => {},
  });
  const who = ({ origin }: BusEvent) => {
    const [application = '', , ...rest] = origin.split(':');
    return application === 'price' ? `price ${origin.split(':')[1]}` : `${application} ${rest.at(-1)}`;
  };
  const acks = (id: string) =>
    events.flatMap((event) => (event.kind === 'ack' && event.ackId === id ? [who(event)] : [])).sort();
  return {
    acks,
    /** Everything but acknowledgements, in order: kind, sender, destination, and who acknowledged it. */
    told: () =>
      events
        .filter(({ kind, origin }) => kind !== 'ack' && !origin.startsWith('witness'))
        .map((event) => `${event.kind} of ${who(event)} to ${event.destination}: ${acks(event.id).join(', ')}`),
    classes: () => new Set(events.flatMap((event) => (event.kind === 'ack' ? [event.event] : []))),
    /** Asks until everybody hears: who joins a broker hears nothing that was sent before. */
    async gather(count: number) {
      await until(() => transport.isConnected, 'the witness is not connected');
      let id = '';
      await until(
        async () => {
          if (acks(id).length >= count) return true;
          id = tools.ids.uuid();
          const event = { kind: 'refresh', id, timestamp: 0, origin: 'witness:0:1', destination: '**' } as const;
          await transport.publish(JSON.stringify(busEventJson(event)));
          await wait(systemClock, 1_000);
          return acks(id).length >= count;
        },
        'not everybody has come to the bus',
        90_000,
      );
    },
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

for (const { name, server, resource, options, generations } of carriers)
  for (const generation of generations) {
    const versions = `Spring Cloud Bus ${generation.cloud} (Boot ${generation.boot}) over ${name}`;
    test(`${versions} refreshes with ours and ours with it, whom a destination names and nobody else, and acknowledges`, {
      skip: noJvm ?? server.absent,
    }, async (context) => {
      const program = await build(context, name, generation);
      if (program === undefined) return;
      await using broker = await startTestServer(server);
      const folder = await mkdtemp(join(tmpdir(), 'dure-spring-bus-'));
      folders.push(folder);
      const edit = (lines: number) => writeFile(join(folder, 'application.yml'), `lines: ${lines}\n`);
      await edit(1);
      await using config = await startConfig({ folder, applications: ['order', 'price'] });
      await using plain = await withoutFeed(config.url);
      const bus = resource(broker.url);
      await using witness = await openWitness(bus);
      await using a = await startOrder('a', plain.url, folder, bus);
      await using b = await startOrder('b', plain.url, folder, bus);
      const starting = [1, 2].map((index) => startPrice(program, index, plain.url, options(broker.url)));
      const [one, two] = await Promise.all(starting);
      assert.ok(one !== undefined && two !== undefined);
      await using _one = one;
      await using _two = two;
      await witness.gather(4);
      const all = async () => Promise.all([a, b, one, two].map(({ lines }) => lines()));
      const becomes = (expected: readonly number[]) =>
        until(async () => String(await all()) === String(expected), `not ${expected}`);

      await edit(2);
      await post(`${a.actuator}/busrefresh`);
      await becomes([2, 2, 2, 2]);
      await edit(3);
      await post(`${one.actuator}/busrefresh`);
      await becomes([3, 3, 3, 3]);

      await edit(4);
      await post(`${a.actuator}/busrefresh/price/1`);
      await becomes([3, 3, 4, 3]);
      await post(`${two.actuator}/busrefresh/order/test/${b.port}/**`);
      await becomes([3, 4, 4, 3]);
      await post(`${b.actuator}/busrefresh/price:*`);
      await becomes([3, 4, 4, 4]);
      await edit(5);
      await post(`${one.actuator}/busrefresh/order:**`);
      await becomes([5, 5, 4, 4]);

      await post(`${a.actuator}/busenv/price:2`, { name: 'lines', value: '6' });
      await until(async () => (await two.get('lines')) === '6', 'Spring has not set what ours asked for');
      assert.equal(await one.get('lines'), '4');
      await post(`${two.actuator}/busenv/order`, { name: 'lines', value: '7' });
      await becomes([7, 7, 4, 4]);
      await post(`${b.actuator}/busrefresh/**`);
      await until(
        () => witness.told().at(-1)?.split(',').length === 4,
        'not everybody has acknowledged the last event',
      );

      assert.deepEqual(witness.told(), [
        'refresh of order a to **: order a, order b, price 1, price 2',
        'refresh of price 1 to **: order a, order b, price 1, price 2',
        'refresh of order a to price:1:**: price 1',
        `refresh of price 2 to order:test:${b.port}:**: order b`,
        'refresh of order b to price:*:**: price 1, price 2',
        'refresh of price 1 to order:**: order a, order b',
        'environment of order a to price:2:**: price 2',
        'environment of price 2 to order:**: order a, order b',
        'refresh of order b to **: order a, order b, price 1, price 2',
      ]);
      const java = 'org.springframework.cloud.bus.event';
      assert.deepEqual(
        [...witness.classes()].sort(),
        ['EnvironmentChange', 'Refresh'].map((kind) => `${java}.${kind}RemoteApplicationEvent`),
      );
      const heard = await one.acks();
      assert.match(heard, /order:test:\d+:a RefreshRemoteApplicationEvent/);
      assert.match(heard, /order:test:\d+:b EnvironmentChangeRemoteApplicationEvent/);
      await one.end();
      await two.end();
    });
  }
