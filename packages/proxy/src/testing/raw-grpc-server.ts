import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gatewayErrors } from '../errors.ts';

/** What a call is answered with, byte by byte: head, pieces of the body, trailer fields. */
export interface RawAnswer {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly pieces?: readonly Uint8Array[];
  /** Without: the stream ends without any. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** There is no body, and the head is the end. */
  readonly isHeadOnly?: boolean;
  /** Instead of an end, the stream is reset. */
  readonly isReset?: boolean;
}

export const grpcFields = { 'content-type': 'application/grpc' };

/** Starts a server of HTTP/2 that answers calls of gRPC as it is told, however wrong. `answer` may see to it itself. */
export async function rawGrpcServer(answer: (stream: ServerHttp2Stream, calls: number) => RawAnswer | undefined) {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  let calls = 0;
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream) => {
    calls += 1;
    stream.on('error', () => {});
    stream.resume();
    const told = answer(stream, calls);
    if (told !== undefined) send(stream, told);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(stream: ServerHttp2Stream, answer: RawAnswer): void {
  const { status = 200, fields = grpcFields, pieces = [], trailers, isHeadOnly = false, isReset = false } = answer;
  const head = { ':status': status, ...fields };
  if (isHeadOnly) {
    stream.respond(head, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: trailers !== undefined });
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }));
  for (const piece of pieces) stream.write(piece);
  // `close` with a code would end the body first, as if it were whole.
  if (isReset) stream.write('', () => stream.destroy(gatewayErrors.UPSTREAM_CLOSED('the test resets the stream')));
  else stream.end();
}
