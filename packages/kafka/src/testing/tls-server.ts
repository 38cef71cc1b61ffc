import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPair } from '@dure/core/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { kafkaBehind } from './kafka-server.ts';

/** Kafka that speaks TLS only, also with itself. */
export function tlsServer({ certFile, keyFile }: TestPair, caFile: string): ServerKind {
  return kafkaBehind('SSL', (folder) => {
    const pair = join(folder, 'pair.pem');
    writeFileSync(pair, readFileSync(keyFile, 'utf8') + readFileSync(certFile, 'utf8'));
    return [
      'listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT',
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${pair}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.location=${caFile}`,
    ];
  });
}
