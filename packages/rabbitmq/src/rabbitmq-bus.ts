import type { BusResource } from '@dure/config/bus';

export interface RabbitmqBusOptions {
  /** `amqp://rabbitmq:5672/shop`, or `amqps://…`. User and password are not written here. */
  readonly url: string;
  /** The exchange, `spring.cloud.bus.destination` at Spring's services. Default `springCloudBus`. */
  readonly destination?: string;
}

/**
 * Spring Cloud Bus over RabbitMQ: the exchange, queues, keys and properties of Spring Cloud Stream's binder, so that Spring's
 * services on the same broker refresh with ours and ours with theirs.
 */
export function rabbitmqBus({ url, destination = 'springCloudBus' }: RabbitmqBusOptions): BusResource {
  return {
    kind: 'rabbitmq',
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
