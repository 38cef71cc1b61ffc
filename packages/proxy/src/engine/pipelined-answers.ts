import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The answers of each connection that wait for those before it, because the client did not wait for them. Node.js tells
 * such an answer nothing of a client that leaves: here it hears `close`, as any other does.
 */
export class PipelinedAnswers {
  readonly #waiting = new WeakMap<Socket, Set<ServerResponse>>();

  /** Takes one more; answers with how many there are on its connection. */
  add(socket: Socket, response: ServerResponse): number {
    const waiting = this.#waiting.get(socket) ?? this.#open(socket);
    waiting.add(response);
    response.once('finish', () => waiting.delete(response));
    return waiting.size;
  }

  #open(socket: Socket): Set<ServerResponse> {
    const waiting = new Set<ServerResponse>();
    this.#waiting.set(socket, waiting);
    socket.once('close', () => {
      for (const one of waiting) if (one.socket === null) one.emit('close');
    });
    return waiting;
  }
}
