import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';

/** Node.js's own handle of a socket. */
interface SocketHandle {
  getsockname(out: { port?: number }): number;
  close(): void;
}

/**
 * Binds without listening: no documented function of Node.js does, and one that listens also accepts. `node:cluster`
 * makes the sockets of its workers by it.
 */
const { _createServerHandle: createServerHandle } = net as unknown as {
  readonly _createServerHandle: (host: string, port: number, addressType: 4 | 6, fd: undefined, flags: 0) => unknown;
};

/**
 * A bound socket that processes are handed over IPC, to listen and accept on. Whoever holds it accepts nothing; connections
 * that come while no process accepts wait in the kernel, as long as it is held.
 */
export interface HeldSocket {
  /** For `send` of `node:child_process`. */
  readonly handle: net.Server;
  /** Lets go of it: when no process accepts on it either, connections are refused. Idempotent. */
  close(): void;
}

/** Binds a socket; the name of the fault (`EADDRINUSE`) when it cannot be had. */
export function holdSocket(host: string, port: number): HeldSocket | string {
  const handle = createServerHandle(host, port, net.isIPv6(host) ? 6 : 4, undefined, 0);
  if (typeof handle === 'number') return getSystemErrorName(handle);
  const native = handle as SocketHandle;
  // libuv keeps EADDRINUSE for whoever listens; a socket that is not bound to its port shows it.
  const bound: { port?: number } = {};
  if (native.getsockname(bound) !== 0 || bound.port !== port) {
    native.close();
    return 'EADDRINUSE';
  }
  let isHeld = true;
  return {
    handle: native as unknown as net.Server,
    close() {
      if (isHeld) native.close();
      isHeld = false;
    },
  };
}
