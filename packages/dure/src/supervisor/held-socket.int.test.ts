import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { messageOf, systemClock, systemRandom } from '@dure/core';
import type { HeldSocket } from './held-socket.ts';
import { holdSocket } from './held-socket.ts';
import { holdPort, openPorts } from './ports.ts';

const host = '127.0.0.1';

async function freePort(): Promise<number> {
  const choice = { host, base: 0, random: systemRandom, clock: systemClock, patienceMs: 0 };
  return (await openPorts(choice)).gateway;
}

/** Accepts one connection, says who it is, and ends; ends by itself after a while, too. */
const acceptor = `
setTimeout(() => process.exit(1), 20_000);
process.on('message', (_message, handle) => {
  const server = require('node:net').createServer((socket) => socket.end(String(process.pid), () => process.exit()));
  server.listen(handle, () => process.send('listening'));
});`;

async function accepting({ handle }: HeldSocket) {
  const child = spawn(process.execPath, ['-e', acceptor], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ type: 'listen' }, handle);
  await once(child, 'message');
  return child;
}

async function heard(socket: Socket): Promise<string> {
  let text = '';
  for await (const piece of socket) text += String(piece);
  return text;
}

test('connections outlive the process that accepts: one that comes after its end is for the next', async () => {
  const port = await freePort();
  const held = await holdPort(host, 'gateway', port);
  const first = await accepting(held);
  const ended = once(first, 'exit');
  assert.equal(await heard(connect(port, host)), String(first.pid));
  await ended;
  const waiting = connect(port, host);
  await once(waiting, 'connect');
  const second = await accepting(held);
  const gone = once(second, 'exit');
  assert.equal(await heard(waiting), String(second.pid));
  await gone;
  held.close();
  held.close();
  await assert.rejects(once(connect(port, host), 'connect'), { code: 'ECONNREFUSED' });
});

test('a port that another listens on is refused, with the name of the component', async () => {
  const port = await freePort();
  const other = createServer().listen(port, host);
  await once(other, 'listening');
  assert.equal(holdSocket(host, port), 'EADDRINUSE');
  await assert.rejects(holdPort(host, 'gateway', port), (error) => {
    assert.match(messageOf(error), new RegExp(`^port ${port} of the gateway is in use by`));
    return true;
  });
  other.close();
});
