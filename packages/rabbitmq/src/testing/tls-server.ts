import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPair } from '@dure/core/testing';
import type { ServerKind } from '@dure/messaging/testing';
import { rabbitmqServer } from './rabbitmq-server.ts';

/** RabbitMQ that speaks TLS only. */
export function tlsServer({ certFile, keyFile }: TestPair, caFile: string): ServerKind {
  return {
    ...rabbitmqServer,
    plan(folder, ports) {
      const plan = rabbitmqServer.plan(folder, ports);
      const file = join(folder, 'rabbitmq.conf');
      const tls = [
        'listeners.tcp = none',
        `ssl_options.cacertfile = ${caFile}`,
        `ssl_options.certfile = ${certFile}`,
        `ssl_options.keyfile = ${keyFile}`,
        '',
      ];
      writeFileSync(file, readFileSync(file, 'utf8').replace('listeners.tcp.1', 'listeners.ssl.1') + tls.join('\n'));
      return { ...plan, url: plan.url.replace('amqp:', 'amqps:') };
    },
  };
}
