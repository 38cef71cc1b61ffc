import type { BusResource } from '@dure/config/bus';

export interface RabbitmqBusOptions {
  /** `amqp://rabbitmq:5672/shop`, or `amqps://…`. User and password are not written here. */
  readonly url: string;
  /** Users and passwords by service, as `BusResource.credentialsFile`. Default: the broker's `guest`, on its own machine only. */
  readonly credentialsFile?: string;
  /** The exchange, `spring.cloud.bus.destination` at Spring's services. Default `springCloudBus`. */
  readonly destination?: string;
}

/**
 * Spring Cloud Bus over RabbitMQ: the exchange, queues, keys and properties of Spring Cloud Stream's binder, so that Spring's
 * services on the same broker refresh with ours and ours with theirs.
 */
export function rabbitmqBus(options: RabbitmqBusOptions): BusResource {
  const { url, credentialsFile, destination = 'springCloudBus' } = options;
  return {
    kind: 'rabbitmq',
    credentialsFile,
    async open({ credentials, ...connection }) {
      const { RabbitmqBusTransport } = await import('./rabbitmq-bus-transport.ts');
      const known = new URL(url);
      if (credentials !== undefined) {
        known.username = encodeURIComponent(credentials.user);
        known.password = encodeURIComponent(credentials.password);
      }
      return new RabbitmqBusTransport({ ...connection, url: known.href, destination });
    },
  };
}
