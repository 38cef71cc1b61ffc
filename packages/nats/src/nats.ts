import type { BrokerResource } from '@dure/messaging';

export interface NatsOptions {
  /** Where the servers are found: `nats://nats-1:4222,nats://nats-2:4222`, or `tls://…`. */
  readonly servers: string;
  /** Users and passwords by service, as `BrokerResource.credentialsFile`. Default: none are asked for. */
  readonly credentialsFile?: string;
  /** Subjects that a topic is cut into, at most 16. Default 8. Consumers of a group share them. */
  readonly partitions?: number;
  /** Copies of streams that are made. Default 1; 3 in production. */
  readonly replicas?: number;
  /** How long a stream keeps messages, in milliseconds. Default 604 800 000, a week. */
  readonly keepMs?: number;
  /** The largest data of a message, in bytes; the server's `max_payload` must be a little more. Default 900 000. */
  readonly maxBytes?: number;
}

/**
 * Messages between services by NATS JetStream. Needs NATS 2.9 or newer.
 *
 * @example
 * system('shop', { broker: nats({ servers: 'nats://nats:4222' }), … })
 */
export function nats(options: NatsOptions): BrokerResource {
  const { servers, credentialsFile, partitions = 8, replicas = 1, keepMs = weekMs, maxBytes = 900_000 } = options;
  return {
    kind: 'nats',
    credentialsFile,
    maxBytes,
    async open({ name, credentials, clock, random }) {
      const { natsBroker } = await import('./nats-broker.ts');
      return natsBroker({ servers, name, partitions, replicas, keepMs, clock, random, ...credentials });
    },
  };
}

const weekMs = 604_800_000;
