import type { BrokerResource } from '@dure/messaging';

export interface RabbitmqOptions {
  /** `amqp://rabbitmq:5672/shop`, or `amqps://…`; the path is the virtual host. User and password are not written here. */
  readonly url: string;
  /** Users and passwords by service, as `BrokerResource.credentialsFile`. Default: the broker's `guest`, on its own machine only. */
  readonly credentialsFile?: string;
  /** Queues of each group of a topic, at most 16. Default 4. The instances of a service divide them among themselves. */
  readonly partitions?: number;
  /** The largest data of a message, in bytes. Default 4 000 000. */
  readonly maxBytes?: number;
}

/**
 * Messages between services by RabbitMQ. Needs RabbitMQ 3.8 or newer, with quorum queues.
 *
 * @example
 * system('shop', { broker: rabbitmq({ url: 'amqp://rabbitmq:5672', credentialsFile: './secrets/rabbitmq.json' }), … })
 */
export function rabbitmq({
  url,
  credentialsFile,
  partitions = 4,
  maxBytes = 4_000_000,
}: RabbitmqOptions): BrokerResource {
  return {
    kind: 'rabbitmq',
    credentialsFile,
    maxBytes,
    async open({ name, credentials, clock, random }) {
      const { rabbitmqBroker } = await import('./rabbitmq-broker.ts');
      const known = new URL(url);
      if (credentials !== undefined) {
        known.username = encodeURIComponent(credentials.user);
        known.password = encodeURIComponent(credentials.password);
      }
      return rabbitmqBroker({ url: known.href, name, partitions, clock, random });
    },
  };
}
