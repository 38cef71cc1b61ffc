import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '@dure/core';

const sweepMs = 10;
/** A connection that is younger was opened for a request that is still on its way. */
const firstRequestMs = 100;

/**
 * Remembers the connections on which nothing has been asked yet: Node.js does not count them as idle, so that they would
 * hold up a stop. Returns the function that closes those on which nothing will be.
 */
export function unusedConnections(server: Server, clock: Clock): () => void {
  const unused = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    unused.set(socket, clock.monotonicMs());
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return () => {
    const until = clock.monotonicMs() - firstRequestMs;
    for (const [socket, openedMs] of unused) if (openedMs <= until) socket.destroy();
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
