import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { codeOf, isDureError, messageOf, seededRandom, systemClock, systemRandom } from '@dure/core';
import { listenersIn, portHolder } from './port-holder.ts';
import { openPorts } from './ports.ts';

const choice = { host: '127.0.0.1', base: 0, random: systemRandom, clock: systemClock, patienceMs: 0 };

/** A port that somebody listens on, with free ones around it. A test that fails must not keep it open. */
async function busyPort() {
  const { registry: port } = await openPorts(choice);
  const server = createServer().unref();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

test('free ports are four in a row, away from those of outgoing connections', async () => {
  const ports = await openPorts({ ...choice, random: seededRandom(7) });
  assert.deepEqual(
    Object.values(ports),
    [0, 1, 2, 3].map((offset) => ports.gateway + offset),
  );
  assert.ok(ports.gateway >= 20_000 && ports.console < 32_000);
});

test('a port in use is refused with its component, its number, and who holds it', {
  skip: process.platform !== 'linux',
}, async () => {
  const busy = await busyPort();
  await assert.rejects(openPorts({ ...choice, base: busy.port - 1 }), (error) => {
    assert.equal(codeOf(error), 'DURE_PORT_BUSY');
    assert.match(
      messageOf(error),
      new RegExp(`^port ${busy.port} of the registry is in use by process ${process.pid} \\(node`),
    );
    assert.ok(isDureError(error));
    assert.equal(error.details.pid, process.pid);
    return true;
  });
  await busy.close();
});

test('a port that is being given up is waited for', async () => {
  const busy = await busyPort();
  const opening = openPorts({ ...choice, base: busy.port, patienceMs: 3_000 });
  await busy.close();
  assert.equal((await opening).gateway, busy.port);
});

test('a port that only root may open is refused as such', {
  skip: process.getuid?.() === 0 && 'root may open any port',
}, async () => {
  await assert.rejects(openPorts({ ...choice, base: 80 }), (error) => codeOf(error) === 'DURE_PORT_FORBIDDEN');
});

test('nobody holds a port that nobody listens on', async () => {
  const { port, close } = await busyPort();
  await close();
  assert.equal(await portHolder(port), undefined);
});

test('only listening sockets count, of both address families', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1
   2: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0`;
  assert.deepEqual(listenersIn(table, 8080), ['4711', '4713']);
  assert.deepEqual(listenersIn(table, 8081), []);
});
