import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '@dure/core';

/** How long what nobody wants is read at most. */
const patienceMs = 2_000;

/**
 * When the answer is the last of its connection and its request is still arriving, the connection is closed in one
 * direction, and what still comes is read and forgotten until the request is complete. Hung up on at once, a client that
 * still sends would see a broken connection and not the answer (RFC 9112 §9.6).
 */
export function lingerAfter(request: IncomingMessage, response: ServerResponse, clock: Clock): void {
  // Before Node.js's own listener, which closes the connection.
  response.prependOnceListener('finish', () => {
    const { socket } = request;
    if (request.complete || socket.destroyed) return;
    const close = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      if (request.complete || socket.isPaused()) {
        close();
        return;
      }
      socket.end();
      const timer = clock.after(patienceMs, () => socket.destroy());
      request.once('end', close);
      socket.once('close', () => timer.cancel());
    };
  });
}

/** Has each request with a body linger, if it must. */
export function lingering(server: Server, clock: Clock): void {
  server.on('request', (request, response) => {
    const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
    if (coding !== undefined || (length !== undefined && length !== '0')) lingerAfter(request, response, clock);
  });
}
