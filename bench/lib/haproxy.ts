import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Child } from './child.ts';

/** HAProxy (Debian's package) in front of an upstream; undefined where it is not installed. */
export async function startHaproxy(upstream: number): Promise<Child | undefined> {
  const port = 21_900 + (process.pid % 90);
  const file = join(mkdtempSync(join(tmpdir(), 'dure-bench-')), 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n  nbthread 1\n  maxconn 1000\ndefaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n  option forwardfor\n  http-reuse always\nfrontend edge\n  bind 127.0.0.1:${port}\n  acl stock path_beg /stock/\n  use_backend stock if stock\nbackend stock\n  server one 127.0.0.1:${upstream}\n`,
  );
  const child = spawn('haproxy', ['-f', file, '-db'], { stdio: 'ignore' });
  const failed = new Promise<'failed'>((resolve) =>
    child.once('error', () => resolve('failed')).once('exit', () => resolve('failed')),
  );
  for (let tries = 0; tries < 100; tries += 1) {
    const state = await Promise.race([
      failed,
      new Promise<'open' | 'closed'>((resolve) => {
        const socket = createConnection(port, '127.0.0.1', () => {
          socket.destroy();
          resolve('open');
        }).once('error', () => setTimeout(() => resolve('closed'), 20));
      }),
    ]);
    if (state === 'failed') return undefined;
    if (state === 'open') break;
  }
  return { hello: { port }, pid: child.pid ?? 0, stop: async () => void child.kill('SIGTERM') };
}
