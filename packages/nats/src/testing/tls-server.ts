import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPair } from '@dure/core/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { natsServer } from './nats-server.ts';

/** NATS that speaks TLS only. */
export function tlsServer({ certFile, keyFile }: TestPair): ServerKind {
  return {
    ...natsServer,
    plan(folder, ports) {
      const plan = natsServer.plan(folder, ports);
      const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }\n`;
      writeFileSync(join(folder, 'nats.conf'), tls, { flag: 'a' });
      return { ...plan, url: plan.url.replace('nats:', 'tls:') };
    },
  };
}
