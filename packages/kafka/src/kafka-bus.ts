import type { BusResource } from '@dure/config/bus';

export interface KafkaBusOptions {
  /** Where the cluster is found: `kafka-1:9092,kafka-2:9092`. */
  readonly servers: string;
  /** Users and passwords by service, as `BusResource.credentialsFile`. Default: none are asked for. */
  readonly credentialsFile?: string;
  /** How user and password are shown. Default `SCRAM-SHA-512`. */
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Default false. */
  readonly tls?: boolean;
  /** The topic, `spring.cloud.bus.destination` at Spring's services. Default `springCloudBus`. */
  readonly destination?: string;
  /** Copies of the topic if it is made here. Default 1. */
  readonly replicas?: number;
}

/**
 * Spring Cloud Bus over Kafka: the topic, anonymous groups and headers of Spring Cloud Stream's binder, so that Spring's
 * services on the same cluster refresh with ours and ours with theirs.
 */
export function kafkaBus(options: KafkaBusOptions): BusResource {
  const { servers, credentialsFile, mechanism, tls, destination = 'springCloudBus', replicas = 1 } = options;
  return {
    kind: 'kafka',
    credentialsFile,
    async open({ credentials, ...connection }) {
      const { KafkaBusTransport } = await import('./kafka-bus-transport.ts');
      const secured = { ...(mechanism === undefined ? {} : { mechanism }), ...(tls === undefined ? {} : { tls }) };
      return new KafkaBusTransport({ ...connection, ...credentials, ...secured, servers, destination, replicas });
    },
  };
}
