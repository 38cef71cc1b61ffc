import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerKind } from '@dure/messaging/testing';
import { hasCommand } from '@dure/messaging/testing';

/** NATS with JetStream, as Debian has it. */
export const natsServer: ServerKind = {
  name: 'nats',
  absent: hasCommand('nats-server') ? false : 'there is no nats-server; npm run brokers install nats',
  ports: 1,
  plan(folder, [port = 0]) {
    const store = join(folder, 'data');
    mkdirSync(store, { recursive: true });
    const config = join(folder, 'nats.conf');
    writeFileSync(
      config,
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${store}", max_mem: 64M, max_file: 2G }\nmax_payload: 8MB\n`,
    );
    return {
      processes: [{ file: 'nats-server', args: ['-c', config] }],
      url: `nats://127.0.0.1:${port}`,
      port,
    };
  },
};
