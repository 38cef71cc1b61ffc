import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientNetwork } from '../http/client-network.ts';
import { plainAddress } from '../http/forwarding-fields.ts';
import { PipelinedAnswers } from './pipelined-answers.ts';

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
  /** Requests of one connection; the one that makes it so many is its last. */
  readonly atOnce: number;
  /** Whether an address may have as many as all clients together, as a proxy needs that many come by. */
  readonly isExempt: (address: string) => boolean;
}

/**
 * Keeps watch over a server's connections. One client may have only some of them: with a common cap alone a single slow
 * client would shut everybody out.
 */
export function clientConnections(server: Server, most: ConnectionCaps, isSecure: boolean): ClientConnections {
  const all = new Set<Socket>();
  const answers = new Map<Socket, ServerResponse | undefined>();
  const pipelined = new PipelinedAnswers();
  const enter = entrance(all, most);
  server.on('connection', (socket) => {
    if (!enter(socket)) socket.destroy();
  });
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return;
    answers.set(socket, undefined);
    socket.once('close', () => answers.delete(socket));
  });
  return {
    begin(socket, response) {
      const before = answers.get(socket);
      if (before?.shouldKeepAlive === false) return false;
      if (!socket.destroyed) answers.set(socket, response);
      if (before?.writableFinished === false && pipelined.add(socket, response) >= most.atOnce)
        response.shouldKeepAlive = false;
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

/** Lets a connection in among all there are, and counts its client's. */
function entrance(all: Set<Socket>, most: ConnectionCaps): (socket: Socket) => boolean {
  const perClient = new Map<string, number>();
  return (socket) => {
    const address = plainAddress(socket.remoteAddress);
    const client = clientNetwork(address);
    const count = (perClient.get(client) ?? 0) + 1;
    if (all.size >= most.all() || (count > most.perClient() && !most.isExempt(address))) return false;
    perClient.set(client, count);
    all.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      const left = (perClient.get(client) ?? 1) - 1;
      if (left === 0) perClient.delete(client);
      else perClient.set(client, left);
    });
    return true;
  };
}
