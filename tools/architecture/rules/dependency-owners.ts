import type { Rule, Violation } from '../source-tree.ts';
import { packageOf } from '../source-tree.ts';

/** The one package that owns each third-party runtime dependency. Zod may be used wherever a schema is written. */
const owners: Readonly<Record<string, string>> = {
  fastify: 'packages/service',
  undici: 'packages/service',
  jose: 'packages/identity',
  rolldown: 'packages/dure',
  croner: 'packages/jobs',
  yaml: 'packages/config',
  'dns-packet': 'packages/registry',
  protobufjs: 'packages/proxy',
  pg: 'packages/postgres',
  kysely: 'packages/postgres',
  '@redis/client': 'packages/redis',
  '@platformatic/kafka': 'packages/kafka',
  amqplib: 'packages/rabbitmq',
  '@nats-io/jetstream': 'packages/nats',
  '@nats-io/transport-node': 'packages/nats',
  preact: 'packages/console',
  vite: 'packages/console',
};
const anywhere: ReadonlySet<string> = new Set(['zod']);
const inWebFolders: ReadonlySet<string> = new Set(['preact', 'vite']);

/** Rule 4: one owner for each third-party runtime dependency, and none in a public type. */
export const dependencyOwners: Rule = {
  name: '4-dependency-owners',
  *check(tree) {
    for (const file of tree.files) {
      if (file.unit === 'tools' || file.isTest) continue;
      for (const { specifier, line, reExport, typeOnly } of file.imports) {
        if (/^(\.|node:|@dure\/|@shop\/|virtual:)/.test(specifier)) continue;
        const name = packageOf(specifier);
        const complain = (message: string): Violation => ({ rule: this.name, path: file.path, line, message });
        if (reExport && typeOnly && !file.path.startsWith('packages/postgres/'))
          yield complain(`a public type must not come from "${name}"`);
        if (anywhere.has(name) || (inWebFolders.has(name) && file.path.includes('/web/'))) continue;
        const owner = owners[name];
        if (owner === undefined)
          yield complain(`"${name}" has no owner; a runtime dependency needs one package that owns it and a reason`);
        else if (owner !== file.unit) yield complain(`"${name}" belongs to ${owner}; use what that package offers`);
      }
    }
  },
};
