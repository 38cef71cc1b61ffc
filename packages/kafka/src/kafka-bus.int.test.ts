import { busTransportContract } from '@dure/config/testing';
import { startTestServer } from '@dure/messaging/testing';
import { kafkaBus } from './kafka-bus.ts';
import { kafkaServer } from './testing/kafka-server.ts';

busTransportContract(
  'Kafka',
  async () => {
    const server = await startTestServer(kafkaServer);
    return {
      resource: kafkaBus({ servers: server.url }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  { skip: kafkaServer.absent },
);
