import type { ServerKind } from '@dure/messaging/testing';
import { kafkaBehind } from './kafka-server.ts';

/** Kafka whose clients show a user and a password by SASL/PLAIN; the password of each user is its name. */
export function guardedServer(users: readonly string[]): ServerKind {
  const known = ['broker', ...users].map((user) => `user_${user}="${user}"`).join(' ');
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  return kafkaBehind('CLIENT', () => [
    'listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN',
    'sasl.mechanism.inter.broker.protocol=PLAIN',
    `listener.name.client.plain.sasl.jaas.config=${module} required username="broker" password="broker" ${known};`,
  ]);
}
