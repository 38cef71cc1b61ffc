import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of clients, and what each was answered last. */
export interface ClientConnections {
  /**
   * Remembers the answer to the request that has just come over the connection. False when the answer before it was to be
   * the last: whatever came after that request must not be carried out (RFC 9112 §9.6), for it may be smuggled.
   */
  begin(socket: Socket, response: ServerResponse): boolean;
  /** The last answer begun on a connection; undefined before its first request. */
  lastAnswer(socket: Socket): ServerResponse | undefined;
  /**
   * Closes those that wait for a first request, which Node.js does not count as idle, and the others when the answer under
   * way is complete. With `keepsPromises`, none that a client may take for open is closed before its client has been told:
   * neither one that waits, nor one whose answer under way has promised to keep it.
   */
  drain(keepsPromises: boolean): void;
}

/** How many connections there may be at the moment. */
export interface ConnectionCaps {
  readonly all: () => number;
  readonly perClient: () => number;
}

/**
 * Keeps watch over a server's connections. One address may have only some of them: with a common cap alone a single slow
 * client would shut everybody out.
 */
export function clientConnections(server: Server, most: ConnectionCaps): ClientConnections {
  const answers = new Map<Socket, ServerResponse | undefined>();
  const perClient = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (perClient.get(address) ?? 0) + 1;
    if (count > most.perClient() || answers.size >= most.all()) {
      socket.destroy();
      return;
    }
    perClient.set(address, count);
    answers.set(socket, undefined);
    socket.once('close', () => {
      answers.delete(socket);
      const left = (perClient.get(address) ?? 1) - 1;
      if (left === 0) perClient.delete(address);
      else perClient.set(address, left);
    });
  });
  return {
    begin(socket, response) {
      if (answers.get(socket)?.shouldKeepAlive === false) return false;
      if (!socket.destroyed) answers.set(socket, response);
      return true;
    },
    lastAnswer: (socket) => answers.get(socket),
    drain(keepsPromises) {
      for (const [socket, answer] of answers) {
        if (answer === undefined) {
          if (!keepsPromises) socket.destroy();
          continue;
        }
        answer.shouldKeepAlive = false;
        if (!keepsPromises)
          answer.once('close', () => {
            if (answers.get(socket) === answer) socket.destroySoon();
          });
      }
    },
  };
}
