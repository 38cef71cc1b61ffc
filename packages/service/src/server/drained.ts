import type { Server } from 'node:http';
import type { Clock, Timer } from '@dure/core';

const sweepMs = 10;

/**
 * Waits until a server that is closing has closed. Connections that fall idle meanwhile are closed as they do, and all
 * that are left after `graceMs`.
 */
export async function drained(server: Server, closed: Promise<unknown>, graceMs: number, clock: Clock): Promise<void> {
  const force = clock.after(graceMs, () => server.closeAllConnections());
  let sweep: Timer | undefined;
  const again = () => {
    server.closeIdleConnections();
    sweep = clock.after(sweepMs, again);
  };
  again();
  await closed;
  force.cancel();
  sweep?.cancel();
}
