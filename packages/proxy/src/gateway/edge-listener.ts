import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { coreErrors } from '@dure/core';
import type { Listener } from '@dure/service/server';
import { serviceErrors } from '@dure/service/server';
import { gatewayErrors } from '../errors.ts';
import type { Edge } from './edge.ts';
import type { EdgeHandler } from './edge-handler.ts';
import { writeProblem } from './problem.ts';

/**
 * Opens the edge's port: HTTP/1.1 by Node.js's strict parser, with limits for slow and for greedy clients.
 * SERVICE_LISTEN_FAILED when the port cannot be opened.
 */
export async function openEdgeListener(
  edge: Edge,
  handle: EdgeHandler,
  bind: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const { limits } = edge;
  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: true,
    joinDuplicateHeaders: false,
    noDelay: true,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  });
  // Fields beyond a count would be cut off silently; the edge counts them itself.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  let closing = false;
  const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    if (closing) response.shouldKeepAlive = false;
    handle(request, response, expectsContinue);
  };
  server.on('request', (request, response) => take(request, response, false));
  server.on('checkContinue', (request, response) => take(request, response, true));
  server.on('connect', (_request, socket) => {
    refuseRaw(
      edge,
      socket as Socket,
      gatewayErrors.METHOD_NOT_ALLOWED('this is no tunnel', { details: { allow: 'GET' } }),
    );
  });
  server.on('clientError', (error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, socket) => {
    onClientError(edge, error, socket as Socket);
  });
  limitPerClient(server, limits.maxConnectionsPerClient);
  await listen(server, bind);
  const address = server.address();
  let closed: Promise<void> | undefined;
  const close = (graceMs: number) =>
    new Promise<void>((resolve) => {
      closing = true;
      const force = edge.clock.after(graceMs, () => server.closeAllConnections());
      server.close(() => {
        force.cancel();
        edge.pool.close();
        resolve();
      });
      for (const exchange of [...edge.underway.items]) exchange.endStream();
    });
  return {
    port: typeof address === 'object' && address !== null ? address.port : bind.port,
    close(graceMs) {
      closed ??= close(graceMs);
      return closed;
    },
  };
}

type Server = ReturnType<typeof createServer>;

function listen(server: Server, bind: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another process holds it' : (cause.code ?? cause.message);
      reject(
        serviceErrors.LISTEN_FAILED(`gateway cannot listen on ${bind.host}:${bind.port}: ${why}`, {
          cause,
          details: { service: 'gateway', ...bind, code: cause.code },
        }),
      );
    };
    server.once('error', failed);
    server.listen({ host: bind.host, port: bind.port }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** One address must not take every connection: with a common cap alone a single slow client shuts everybody out. */
function limitPerClient(server: Server, most: number): void {
  const perClient = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (perClient.get(address) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    perClient.set(address, count);
    socket.once('close', () => {
      const left = (perClient.get(address) ?? 1) - 1;
      if (left === 0) perClient.delete(address);
      else perClient.set(address, left);
    });
  });
}

/** Answers what the parser refused, as far as an answer can still be understood, and hangs up. */
function onClientError(
  edge: Edge,
  error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer },
  socket: Socket,
): void {
  const begun = [...edge.underway.items].some((exchange) => exchange.usesSocket(socket));
  if (error.code === 'ECONNRESET' || !socket.writable || begun) {
    socket.destroy();
    return;
  }
  refuseRaw(edge, socket, refusalOf(error, edge));
}

function refusalOf(error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }, { limits }: Edge) {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW': {
      const line = error.rawPacket?.subarray(0, limits.maxTargetBytes).includes(0x0a) ?? true;
      if (!line)
        return gatewayErrors.TARGET_TOO_LONG(`the request target is longer than ${limits.maxTargetBytes} bytes`);
      return gatewayErrors.HEADERS_TOO_LARGE(`the header block is larger than ${limits.maxHeaderBytes} bytes`);
    }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return gatewayErrors.BODY_TOO_LARGE('the chunk extensions are too long');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return gatewayErrors.REQUEST_TIMEOUT('the request did not arrive in time');
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return gatewayErrors.VERSION('the HTTP version is not 1.0 or 1.1');
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return gatewayErrors.TRANSFER_CODING('the transfer coding does not end with "chunked"');
    default:
      return gatewayErrors.MALFORMED('the request is not well-formed HTTP/1.1');
  }
}

function refuseRaw(edge: Edge, socket: Socket, error: unknown): void {
  const { status, fields, body } = writeProblem(error, edge.ids.traceId());
  edge.meters.refused(status);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`;
  if (!socket.writable) throw coreErrors.INVARIANT('a refusal needs a writable socket');
  socket.end(`${head}connection: close\r\n\r\n${body}`, () => socket.destroy());
}
