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
  /** Whether requests can come over a connection by HTTP/1.1. */
  knows(socket: Socket): boolean;
  /** Whether no answer is under way on a connection. */
  isFree(socket: Socket): boolean;
  /** Ends all of them at once. */
  cutOff(): void;
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
export function clientConnections(server: Server, most: ConnectionCaps, isSecure: boolean): ClientConnections {
  const all = new Set<Socket>();
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
    all.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      const left = (perClient.get(address) ?? 1) - 1;
      if (left === 0) perClient.delete(address);
      else perClient.set(address, left);
    });
  });
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return;
    answers.set(socket, undefined);
    socket.once('close', () => answers.delete(socket));
  });
  return {
    begin(socket, response) {
      if (answers.get(socket)?.shouldKeepAlive === false) return false;
      if (!socket.destroyed) answers.set(socket, response);
      return true;
    },
    knows: (socket) => answers.has(socket),
    lastAnswer: (socket) => answers.get(socket),
    isFree: (socket) => answers.get(socket)?.writableFinished !== false,
    cutOff() {
      for (const socket of all) socket.destroy();
    },
    drain(keepsPromises) {
      for (const [socket, answer] of answers) {
        if (keepsPromises) {
          // What has said already that the connection is kept stands by it.
          if (answer?.headersSent === false) answer.shouldKeepAlive = false;
          continue;
        }
        if (answer === undefined) {
          socket.destroy();
          continue;
        }
        answer.shouldKeepAlive = false;
        answer.once('close', () => {
          if (answers.get(socket) === answer) socket.destroySoon();
        });
      }
    },
  };
}
