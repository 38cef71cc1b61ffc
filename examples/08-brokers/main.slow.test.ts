import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startProcesses } from '@dure/messaging/testing';
import { natsServer } from '@dure/nats/testing';

const expected = '10 cups of barley tea\n10 cups of citron tea\n10 cups of green tea\n';
const natsPort = 4222;

async function printedOn(carrier: string): Promise<string> {
  const main = join(import.meta.dirname, 'main.ts');
  return (await promisify(execFile)(process.execPath, [main, carrier], { timeout: 120_000 })).stdout;
}

test('every cup is drunk once by the feed, though the guest is killed', async () => {
  assert.equal(await printedOn('feed'), expected);
});

test('every cup is drunk once by NATS, though the guest is killed', { skip: natsServer.absent }, async (context) => {
  // The address stands in the example: what listens there already serves as well.
  if (!(await listens(natsPort))) {
    const folder = mkdtempSync(join(tmpdir(), 'dure-tea-'));
    const children = await startProcesses(natsServer.plan(folder, [natsPort]), folder, false);
    context.after(() => {
      for (const child of children) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
  }
  assert.equal(await printedOn('nats'), expected);
});

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
