import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPair } from '@dure/core/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { kafkaServer } from './kafka-server.ts';

/** Kafka that speaks TLS only, also with itself. */
export function tlsServer({ certFile, keyFile }: TestPair, caFile: string): ServerKind {
  return {
    ...kafkaServer,
    plan(folder, ports) {
      const plan = kafkaServer.plan(folder, ports);
      const file = join(folder, 'server.properties');
      const pair = join(folder, 'pair.pem');
      writeFileSync(pair, readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8'));
      const tls = [
        'listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT',
        'ssl.keystore.type=PEM',
        `ssl.keystore.location=${pair}`,
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${caFile}`,
        '',
      ];
      const plain = readFileSync(file, 'utf8')
        .replaceAll('PLAINTEXT://', 'SSL://')
        .replace('inter.broker.listener.name=PLAINTEXT', 'inter.broker.listener.name=SSL');
      writeFileSync(file, plain + tls.join('\n'));
      return plan;
    },
  };
}
