import { connect } from 'node:net';
import type { Clock } from '@dure/core';

/**
 * Whether somebody listens at an address. `refused`: the host is there and says that nobody does.
 * `unreachable`: no answer, which says nothing about whether the process lives.
 */
export type ProbeResult = 'open' | 'refused' | 'unreachable';

/** Looks at an address; never rejects. */
export type Probe = (host: string, port: number) => Promise<ProbeResult>;

/** Opens a TCP connection and closes it at once: the kernel accepts even while the process is too busy to. */
export function tcpProbe(clock: Clock, timeoutMs: number): Probe {
  return (host, port) =>
    new Promise((resolve) => {
      const socket = connect({ host, port });
      const end = (result: ProbeResult) => {
        timer.cancel();
        socket.destroy();
        resolve(result);
      };
      const timer = clock.after(timeoutMs, () => end('unreachable'));
      socket.once('connect', () => end('open'));
      socket.on('error', (error: NodeJS.ErrnoException) =>
        end(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
      );
    });
}
