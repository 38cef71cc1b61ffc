import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** A request whose answer is read as it comes. */
export interface StreamRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface StreamAnswer {
  readonly status: number;
  /** The body as text, in pieces as they arrive. Leaving the loop closes the connection. */
  readonly body: AsyncIterable<string>;
}

/** Opens a long answer; rejects when nobody answers. */
export type StreamTransport = (request: StreamRequest) => Promise<StreamAnswer>;

/** Over `node:http`: one socket for one answer, which lives for as long as the answer. */
export const httpStream: StreamTransport = ({ url, headers, signal }) =>
  new Promise((resolve, reject) => {
    const open = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request: ClientRequest = open(url, { headers, signal, agent: false });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      response.setEncoding('utf8');
      resolve({ status: response.statusCode ?? 0, body: response });
    });
    request.on('socket', (socket) => socket.setNoDelay(true));
    request.end();
  });
