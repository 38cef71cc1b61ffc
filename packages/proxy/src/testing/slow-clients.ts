import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { systemClock } from '@dure/core';
import { until } from './until.ts';

/** Clients that do everything as slowly as they can. */
export interface SlowClients extends AsyncDisposable {
  /** How many connections of each kind the other side has not ended yet; what reads slowly cannot know. */
  open(): SlowCounts;
}

/** Connections by what they do slowly. */
export type SlowCounts = Readonly<Record<(typeof kinds)[number], number>>;

const kinds = ['slow head', 'slow body', 'silent'] as const;

/** In the order of `kinds`. */
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
    open: () => {
      const open = (place: number) => clients.filter((one, index) => index % 4 === place && !one.destroyed).length;
      return { 'slow head': open(0), 'slow body': open(1), silent: open(2) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
