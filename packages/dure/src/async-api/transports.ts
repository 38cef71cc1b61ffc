import { eventsTopic, inboxTopic } from '@dure/messaging/broker';

/** How messages travel, as far as a document tells. */
export interface Transport {
  /** What stands before the name of an attribute of the envelope that is a header; undefined where the envelope is the body. */
  readonly headerPrefix: string | undefined;
  /** A channel's address, its parameters and bindings. */
  channel(kind: 'events' | 'inbox', service: string): Readonly<Record<string, unknown>>;
  /** The bindings of a message. */
  readonly message: Readonly<Record<string, unknown>>;
  /** The bindings of an operation by which a service receives. */
  receive(service: string): Readonly<Record<string, unknown>>;
}

type MakeTransport = (system: string) => Transport;

const topicOf = (system: string, kind: 'events' | 'inbox', service: string) =>
  kind === 'events' ? eventsTopic(system, service) : inboxTopic(system, service);

/** Nothing between the services: each pulls what is for it from the logs of the others. */
const feed: MakeTransport = () => ({
  headerPrefix: undefined,
  channel: (kind, service) => ({
    address: '/.dure/feed',
    description:
      kind === 'events'
        ? `At ${service}, which serves its log: NDJSON, CloudEvents in structured mode, in the order of their COMMITs.`
        : `At whoever sends to ${service}, which pulls their logs: NDJSON, CloudEvents in structured mode.`,
  }),
  message: {},
  receive: (service) => ({
    bindings: {
      http: {
        method: 'GET',
        query: {
          type: 'object',
          required: ['as', 'after'],
          properties: {
            as: { const: service },
            after: { type: 'integer', minimum: 0, description: 'The position of the last message that was applied.' },
            wait: { type: 'integer', minimum: 0, maximum: 25, description: 'Seconds to wait for more.' },
          },
        },
        bindingVersion: '0.3.0',
      },
    },
  }),
});

const kafka: MakeTransport = (system) => ({
  headerPrefix: 'ce_',
  channel: (kind, service) => {
    const topic = topicOf(system, kind, service);
    return { address: topic, bindings: { kafka: { topic, bindingVersion: '0.5.0' } } };
  },
  message: { bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } } },
  receive: (service) => ({
    bindings: { kafka: { groupId: { type: 'string', enum: [service] }, bindingVersion: '0.5.0' } },
  }),
});

const rabbitmq: MakeTransport = (system) => ({
  headerPrefix: 'cloudEvents_',
  channel: (kind, service) => {
    const name = topicOf(system, kind, service);
    const exchange = { name, type: 'direct', durable: true, autoDelete: false };
    return { address: name, bindings: { amqp: { is: 'routingKey', exchange, bindingVersion: '0.3.0' } } };
  },
  message: { bindings: { amqp: { contentEncoding: 'utf-8', bindingVersion: '0.3.0' } } },
  receive: () => ({ bindings: { amqp: { ack: true, bindingVersion: '0.3.0' } } }),
});

/** JetStream: a stream for each topic, whose subjects are its partitions. */
const nats: MakeTransport = (system) => ({
  headerPrefix: 'ce-',
  channel: (kind, service) => ({
    address: `${topicOf(system, kind, service)}.{partition}`,
    parameters: { partition: { description: 'What has the same key is in the same.' } },
  }),
  message: {},
  receive: () => ({}),
});

const transports: Readonly<Record<string, MakeTransport>> = { feed, kafka, rabbitmq, nats };

/** The transport of a system, by its broker's kind; one that we do not know is described by its topics only. */
export function transportOf(broker: string | undefined, system: string): Transport {
  const make = transports[broker ?? 'feed'];
  if (make !== undefined) return make(system);
  return {
    headerPrefix: 'ce-',
    channel: (kind, service) => ({ address: topicOf(system, kind, service) }),
    message: {},
    receive: () => ({}),
  };
}
