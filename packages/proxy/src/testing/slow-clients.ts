import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { systemClock } from '@dure/core';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import { plainAnswer, scriptedUpstream } from './scripted-upstream.ts';
import { until } from './until.ts';

/** Clients that do everything as slowly as they can. */
export interface SlowClients extends AsyncDisposable {
  /** How many connections the other side has not ended yet; what reads slowly cannot know. */
  open(): number;
}

const slowly: readonly ((client: Socket) => void)[] = [
  // The head, a field at a time (slowloris).
  (client) => begin(client, 'GET /things/7 HTTP/1.1\r\nHost: shop\r\n', 'X-A: b\r\n'),
  // The body, an octet at a time (R-U-Dead-Yet).
  (client) => begin(client, 'POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\n', 'a'),
  // Nothing at all.
  () => {},
];

function begin(client: Socket, first: string, more: string): void {
  client.write(first);
  const again = () => {
    if (client.destroyed) return;
    client.write(more);
    systemClock.after(200, again);
  };
  systemClock.after(200, again);
}

/** Reads an answer without end a few octets at a time. */
function slowReader(port: number): Socket {
  const client: Socket = connect({
    host: '127.0.0.1',
    port,
    onread: {
      buffer: Buffer.alloc(16),
      callback: () => {
        systemClock.after(200, () => client.resume());
        return false;
      },
    },
  });
  client.write('GET /things/endless HTTP/1.1\r\nHost: shop\r\n\r\n');
  return client;
}

/** Opens so many connections from 127.0.0.1 that do a quarter each of the kinds there are; a hundred at a time, for all to get in. */
export async function slowClients(port: number, count: number): Promise<SlowClients> {
  const clients: Socket[] = [];
  const areIn = () => clients.every(({ connecting }) => !connecting);
  await using leaving = new AsyncDisposableStack();
  leaving.defer(() => {
    for (const client of clients) client.destroy();
  });
  for (let index = 0; index < count; index += 1) {
    const act = slowly[index % 4];
    const client = act === undefined ? slowReader(port) : connect({ host: '127.0.0.1', port });
    client.on('error', () => {});
    if (act !== undefined) {
      client.resume();
      act(client);
    }
    clients.push(client);
    if (index % 100 === 99) await until('all are in', areIn);
  }
  const stack = leaving.move();
  return {
    open: () => clients.filter((client, index) => index % 4 !== 3 && !client.destroyed).length,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** An instance with one answer that has no end, and a short one. */
export function endlessUpstream(): Promise<ScriptedUpstream> {
  const piece = Buffer.alloc(65_536);
  return scriptedUpstream((socket, sofar) => {
    if (!sofar.startsWith('GET /things/endless')) {
      if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('fine'));
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    more();
  });
}

/** Sends so many requests from 127.0.0.2, four at a time, each on its own connection; what was not answered with 200. */
export async function healthyClient(port: number, count: number): Promise<readonly string[]> {
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: false });
  const ask = () =>
    new Promise<void>((resolve) => {
      const failed = (why: string) => {
        failures.push(why);
        resolve();
      };
      const options = { host: '127.0.0.1', port, path: '/things/7', localAddress: '127.0.0.2', agent };
      const outgoing = request(options, (answer) => {
        if (answer.statusCode !== 200) failures.push(`${answer.statusCode}`);
        answer
          .on('end', resolve)
          .on('error', (error) => failed(error.message))
          .resume();
      });
      outgoing.on('error', (error) => failed(error.message)).end();
    });
  const lane = async () => {
    for (let left = count / 4; left > 0; left -= 1) await ask();
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return failures;
}
