import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@dure/core';

const sweepMs = 10;

/**
 * Remembers the connections on which nothing has been asked yet: Node.js does not count them as idle, so that they would
 * hold up a stop. Returns the function that closes them.
 */
export function unusedConnections(server: Server): () => void {
  const unused = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return () => {
    for (const socket of unused) socket.destroy();
  };
}

/**
 * Waits until a server that is closing has closed. Connections that fall idle meanwhile are closed as they do, and all
 * that are left after `graceMs`.
 */
export async function drained(
  server: Server,
  closed: Promise<unknown>,
  closeUnused: () => void,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  const force = clock.after(graceMs, () => server.closeAllConnections());
  let sweep: Timer | undefined;
  const again = () => {
    server.closeIdleConnections();
    closeUnused();
    sweep = clock.after(sweepMs, again);
  };
  again();
  await closed;
  force.cancel();
  sweep?.cancel();
}
