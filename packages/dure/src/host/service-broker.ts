import type { HealthCheck } from '@dure/core';
import type { Broker, BrokerResource } from '@dure/messaging';
import type { BrokerConsumer, BrokerSource, Relay } from '@dure/messaging/broker';
import { eventsTopic, inboxTopic, routesOf, startBrokerConsumer, startRelay } from '@dure/messaging/broker';
import type { Dispatch, FeedSource } from '@dure/messaging/feed';
import type { Database, Tx } from '@dure/postgres';
import { eventsOfFlow } from '@dure/saga';
import type { ServiceDefinition } from '@dure/service/server';
import { awaitedEvents } from '../awaited-events.ts';
import type { BrokerRun } from '../run-file.ts';
import { unreadable, wholeOf } from './consume.ts';
import { faultyBroker } from './faulty-carriers.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/** What a service does with the system's broker: its log goes there, and what is for it comes from there. */
export interface ServiceBroker {
  readonly health: readonly HealthCheck[];
  /** Those whose messages come by the broker. */
  sources(): readonly BrokerSource[];
  /** Whether everything of a source up to a position has been applied; nothing is before `run`. */
  holds(source: string, position: number): Promise<boolean>;
  run(dispatch: Dispatch<Tx>): Promise<void>;
  close(): Promise<void>;
}

export interface ServiceBrokerOptions {
  readonly resource: BrokerResource;
  readonly connection: BrokerRun;
  readonly definition: ServiceDefinition;
  readonly db: Database;
  readonly kit: ServiceKit;
  readonly process: ProcessKit;
  /** The log of another service, as it is at the moment, for what the broker has lost. */
  readonly logOf: (source: string) => FeedSource;
}

/** Nothing is connected before `run`. */
export function serviceBroker(options: ServiceBrokerOptions): ServiceBroker {
  const { resource } = options;
  let open: Broker | undefined;
  let relay: Relay | undefined;
  let consumer: BrokerConsumer | undefined;
  const unknown = { status: 'UNKNOWN', details: {} } as const;
  const reported = (name: string, check: () => HealthCheck | undefined): HealthCheck => ({
    name,
    groups: [],
    check: () => check()?.check() ?? unknown,
  });
  return {
    health: [reported('relay', () => relay?.health), reported(`broker-${resource.kind}`, () => consumer?.health)],
    sources: () => consumer?.sources ?? [],
    holds: async (source, position) => (await consumer?.holds(source, position)) ?? false,
    async run(dispatch) {
      const { name, clock, random } = { name: nameOf(options), ...options.process.machine };
      const { faults } = options.process;
      const opened = await resource.open({ name, credentials: options.connection.credentials, clock, random });
      open = faults === undefined ? opened : faultyBroker(opened, faults);
      relay = relayOf(options, open);
      consumer = consumerOf(options, open, dispatch);
    },
    async close() {
      await Promise.all([consumer?.close(), relay?.close()]);
      await open?.close();
    },
  };
}

function nameOf({ process, kit }: ServiceBrokerOptions): string {
  return `${process.run.system}.${kit.name}`;
}

/** A service whose messages nobody wants has no relay. */
function relayOf({ resource, connection, db, kit, process }: ServiceBrokerOptions, broker: Broker): Relay | undefined {
  const { clock, random, ids } = process.machine;
  const { name, telemetry } = kit;
  const routes = routesOf(process.run.system, name, connection.grants);
  if (routes.topics.length === 0) return undefined;
  const { log, tail, relay: store } = db;
  const { maxBytes } = resource;
  const owner = ids.uuid();
  return startRelay({ service: name, owner, log, tail, store, broker, routes, clock, random, telemetry, maxBytes });
}

function consumerOf(
  { connection, definition, db, kit, process, logOf }: ServiceBrokerOptions,
  broker: Broker,
  dispatch: Dispatch<Tx>,
): BrokerConsumer | undefined {
  const { name, service, telemetry } = kit;
  const { run, machine } = process;
  const { clock, random } = machine;
  const topics = [
    ...connection.hears.map((source) => eventsTopic(run.system, source)),
    ...(connection.addressed ? [inboxTopic(run.system, name)] : []),
  ];
  if (topics.length === 0) return undefined;
  const heard = new Set([
    ...awaitedEvents(definition).map((event) => event.name),
    ...(service.flows ?? []).flatMap(eventsOfFlow),
  ]);
  return startBrokerConsumer<Tx>({
    broker,
    as: name,
    topics,
    sources: service.pulls,
    retry: { fatal: unreadable },
    wants: ({ kind, type, destination }) => (kind === 'event' ? heard.has(type) : destination === name),
    feed: (source) => (service.pulls.includes(source) ? logOf(source) : undefined),
    deliveries: db.deliveries,
    dispatch,
    whole: wholeOf(kit, process),
    clock,
    random,
    telemetry,
  });
}
