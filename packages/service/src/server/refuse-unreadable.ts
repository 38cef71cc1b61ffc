import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Ids } from '@dure/core';
import { problemMediaType } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { problemAnswer } from './problem-answer.ts';

/** By the parser's code; anything else is 400. */
const refusals: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the header block is too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not arrive in time'],
};

/**
 * Answers what Node.js's parser refused with a problem (SERVICE_MALFORMED) and hangs up. Where something was answered
 * before, that answer may still be under way: nothing is written into it.
 */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, ids: Ids): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const [status, detail] = refusals[error.code ?? ''] ?? [400, 'the request is not well-formed HTTP/1.1'];
  const { problem } = problemAnswer(serviceErrors.MALFORMED(detail), ids.traceId());
  const body = JSON.stringify({ ...problem, status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
