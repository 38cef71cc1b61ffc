import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from '@dure/messaging/testing';
import { kafkaServer } from './kafka-server.ts';

/** Kafka whose clients show a user and a password by SASL/PLAIN; the password of each user is its name. */
export function guardedServer(users: readonly string[]): ServerKind {
  return {
    ...kafkaServer,
    plan(folder, ports) {
      const plan = kafkaServer.plan(folder, ports);
      const file = join(folder, 'server.properties');
      const known = ['broker', ...users].map((user) => `user_${user}="${user}"`).join(' ');
      const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
      const guarded = [
        'listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms=PLAIN',
        'sasl.mechanism.inter.broker.protocol=PLAIN',
        `listener.name.client.plain.sasl.jaas.config=${module} required username="broker" password="broker" ${known};`,
        '',
      ];
      const open = readFileSync(file, 'utf8')
        .replaceAll('PLAINTEXT://', 'CLIENT://')
        .replace('inter.broker.listener.name=PLAINTEXT', 'inter.broker.listener.name=CLIENT');
      writeFileSync(file, open + guarded.join('\n'));
      return plan;
    },
  };
}
