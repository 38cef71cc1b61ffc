import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from '@dure/messaging/testing';
import { rabbitmqServer } from './rabbitmq-server.ts';

/** What a user may configure, write and read, as RabbitMQ's patterns of names. */
export interface Rights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** RabbitMQ with these users, and no other; the password of each is its name. */
export function guardedServer(rights: Readonly<Record<string, Rights>>): ServerKind {
  return {
    ...rabbitmqServer,
    plan(folder, ports) {
      const definitions = {
        vhosts: [{ name: '/' }],
        users: Object.keys(rights).map((name) => ({ name, password_hash: hashOf(name), tags: [] })),
        permissions: Object.entries(rights).map(([user, own]) => ({ user, vhost: '/', ...own })),
      };
      const file = join(folder, 'definitions.json');
      writeFileSync(file, JSON.stringify(definitions));
      const plan = rabbitmqServer.plan(folder, ports);
      writeFileSync(join(folder, 'rabbitmq.conf'), `\nload_definitions = ${file}\n`, { flag: 'a' });
      return { ...plan, url: plan.url.replace('guest:guest@', '') };
    },
  };
}

/** As RabbitMQ stores passwords: four bytes of salt, then SHA-256 of salt and password. */
function hashOf(password: string): string {
  const salt = Buffer.from([1, 2, 3, 4]);
  const hash = createHash('sha256')
    .update(Buffer.concat([salt, Buffer.from(password)]))
    .digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
