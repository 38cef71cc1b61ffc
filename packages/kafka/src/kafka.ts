import type { BrokerResource } from '@dure/messaging';

export interface KafkaOptions {
  /** Where the cluster is found: `kafka-1:9092,kafka-2:9092`. */
  readonly servers: string;
  /** Users and passwords by service, as `BrokerResource.credentialsFile`. Default: none are asked for. */
  readonly credentialsFile?: string;
  /** How they are shown. Default `SCRAM-SHA-512`. */
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Default false. */
  readonly tls?: boolean;
  /** Partitions of topics that are made; those that are there keep their own. Default 8, at most 16 are of use. */
  readonly partitions?: number;
  /** Copies of topics that are made. Default 1; 3 in production. */
  readonly replicas?: number;
  /** The largest data of a message, in bytes; the broker's `message.max.bytes` must be a little more. Default 900 000. */
  readonly maxBytes?: number;
}

/**
 * Messages between services by Kafka. Needs Kafka 3.5 or newer.
 *
 * @example
 * system('shop', { broker: kafka({ servers: 'kafka:9092', credentialsFile: './secrets/kafka.json' }), … })
 */
export function kafka(options: KafkaOptions): BrokerResource {
  const { servers, credentialsFile, mechanism, tls, partitions = 8, replicas = 1, maxBytes = 900_000 } = options;
  return {
    kind: 'kafka',
    credentialsFile,
    maxBytes,
    async open({ name, credentials, clock, random }) {
      const { kafkaBroker } = await import('./kafka-broker.ts');
      const secured = { ...(mechanism === undefined ? {} : { mechanism }), ...(tls === undefined ? {} : { tls }) };
      return kafkaBroker({ servers, name, partitions, replicas, clock, random, ...credentials, ...secured });
    },
  };
}
