import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from '@dure/messaging/testing';
import { hasCommand } from '@dure/messaging/testing';

/** Debian's launcher in /usr/sbin changes to the user of the system service; this one does not. */
const launcher = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** RabbitMQ as Debian has it, with a name service of its own, so that none of it outlives the test. */
export const rabbitmqServer: ServerKind = {
  name: 'rabbitmq',
  absent:
    existsSync(launcher) && hasCommand('epmd')
      ? false
      : 'there is no rabbitmq-server; npm run brokers install rabbitmq',
  ports: 3,
  plan(folder, [port = 0, distribution = 0, names = 0]) {
    for (const part of ['data', 'log']) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(
      join(folder, 'rabbitmq.conf'),
      [
        `listeners.tcp.1 = 127.0.0.1:${port}`,
        'disk_free_limit.absolute = 50MB',
        'log.console = true',
        'log.console.level = info',
        'log.file = false',
        '',
      ].join('\n'),
    );
    writeFileSync(join(folder, 'enabled_plugins'), '[].\n');
    const env = {
      HOME: folder,
      RABBITMQ_NODENAME: `dure${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_PID_FILE: join(folder, 'rabbitmq.pid'),
      // Without it the launcher stays as a parent that is not killed with its child.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
    return {
      processes: [
        { file: 'epmd', args: ['-port', String(names), '-address', '127.0.0.1'] },
        { file: launcher, args: [], env },
      ],
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      port,
      says: 'Server startup complete',
    };
  },
};
