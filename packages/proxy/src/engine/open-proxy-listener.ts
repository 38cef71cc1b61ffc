import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { Server as SocketServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { coreErrors } from '@dure/core';
import type { Bind, Listener } from '@dure/service/server';
import { serviceErrors } from '@dure/service/server';
import { gatewayErrors } from '../errors.ts';
import type { ClientConnections, ConnectionCaps } from './client-connections.ts';
import { clientConnections } from './client-connections.ts';
import { headText } from './head-text.ts';
import type { Http2Front } from './http2-front.ts';
import { http2Front } from './http2-front.ts';
import type { ProxyLimits } from './limits.ts';
import { writeProblem } from './problem.ts';
import type { ProxyEngine } from './proxy-engine.ts';
import type { RequestHandler } from './request-handler.ts';
import type { ListenerTls } from './tls-certificate.ts';
import { tellRefused } from './unrouted.ts';
import { asksForWebSocket, responseOver } from './upgradable-answer.ts';

/**
 * Opens a proxy's port: HTTP/1.1 by Node.js's strict parser, with limits for slow and for greedy clients.
 * SERVICE_LISTEN_FAILED when the port cannot be opened.
 */
export async function openProxyListener(
  engine: ProxyEngine,
  handle: RequestHandler,
  bind: Bind,
  tls?: ListenerTls,
): Promise<Listener> {
  const { limits } = engine;
  const upgrades = (request: IncomingMessage) => asksForWebSocket(request) && connections.isFree(request.socket);
  const server = createProxyServer(limits, upgrades, tls);
  const connections = clientConnections(server, capsOf(engine), tls !== undefined);
  const http2 = tls?.http2 === true ? http2Front(engine, handle) : undefined;
  if (http2 !== undefined) splitByProtocol(server, http2);
  let closing = false;
  const take = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    if (!connections.begin(request.socket, response)) return;
    // A client that is refused instead of told to continue may send its next request where the body would be.
    if (closing || expectsContinue) response.shouldKeepAlive = false;
    handle(request, response, expectsContinue);
  };
  server.on('request', (request, response) => take(request, response, false));
  server.on('checkContinue', (request, response) => take(request, response, true));
  // Other expectations than to be told to continue are nobody's here (RFC 9110 §10.1.1 lets one pass over them).
  server.on('checkExpectation', (request, response) => take(request, response, false));
  server.on('upgrade', (request, socket, early) => {
    const response = responseOver(request, socket);
    if (!connections.begin(request.socket, response)) return;
    handle(request, response, false, { upgrade: { socket, early } });
  });
  server.on('connect', ({ socket }) => refuseTunnel(engine, connections, socket));
  server.on('clientError', (error, socket) => onClientError(engine, connections, error, socket as Socket));
  await listen(engine.name, server, bind);
  const address = server.address();
  let closed: Promise<void> | undefined;
  const close = async (graceMs: number) => {
    closing = true;
    const force = engine.clock.after(graceMs, () => connections.cutOff());
    const keepsPromises = graceMs > limits.keepAliveMs + server.keepAliveTimeoutBuffer;
    const ended = stopListening(server, keepsPromises);
    connections.drain(keepsPromises);
    http2?.drain();
    for (const exchange of [...engine.underway.items]) exchange.endStream();
    await ended;
    force.cancel();
    tls?.certificate.close();
    engine.pool.close();
    engine.http2.close();
    engine.policies.breakers?.close();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : bind.port,
    close(graceMs) {
      closed ??= close(graceMs);
      return closed;
    },
  };
}

/** Proxies that are trusted need the connections of all their clients. */
function capsOf({ limits, shareOf, readOrigin }: ProxyEngine): ConnectionCaps {
  return {
    all: () => shareOf(limits.maxConnections),
    perClient: () => shareOf(limits.maxConnectionsPerClient),
    atOnce: limits.maxStreamsPerConnection,
    isExempt: (address) => readOrigin?.(address, []) !== undefined,
  };
}

/** Hangs up where an answer is due: a refusal before it would be taken for it. */
function refuseTunnel(engine: ProxyEngine, connections: ClientConnections, socket: Socket): void {
  const answer = connections.lastAnswer(socket);
  if (answer !== undefined && !answer.writableFinished) socket.destroy();
  else refuseRaw(engine, socket, gatewayErrors.METHOD_NOT_ALLOWED('this is no tunnel', { details: { allow: 'GET' } }));
}

/** Clients that chose HTTP/2 in the handshake are for `http2`, the others stay. */
function splitByProtocol(server: Server, http2: Http2Front): void {
  const others = server.listeners('secureConnection');
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.accept(socket);
    else for (const listener of others) Reflect.apply(listener, server, [socket]);
  });
}

/** Node.js's server, set up so that nothing is accepted that it would only repair. */
function createProxyServer(
  limits: ProxyLimits,
  upgrades: (request: IncomingMessage) => boolean,
  tls: ListenerTls | undefined,
): Server {
  const options = {
    shouldUpgradeCallback: upgrades,
    insecureHTTPParser: false,
    // The proxy demands exactly one good Host itself, and answers with a problem.
    requireHostHeader: false,
    joinDuplicateHeaders: false,
    noDelay: true,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  };
  const server = tls === undefined ? createServer(options) : createTlsServer(options, limits, tls);
  // Fields beyond a count would be cut off silently; the proxy counts them itself.
  server.maxHeadersCount = 0;
  return server;
}

/**
 * Takes no new connection; resolves when none is left. An HTTP server's own `close` hangs up on idle connections at once, just
 * when a client may send the next request. With time enough they stay for as long as the last answer has promised: the
 * client's next request is answered, with `connection: close`.
 */
function stopListening(server: Server, keepsPromises: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (keepsPromises) SocketServer.prototype.close.call(server, () => resolve());
  else server.close(() => resolve());
  return promise;
}

function createTlsServer(
  options: ServerOptions,
  limits: ProxyLimits,
  { certificate, http2, asksClients }: ListenerTls,
): Server {
  const server = createSecureServer({
    ...options,
    ...certificate.context,
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: limits.headersTimeoutMs,
    honorCipherOrder: true,
    requestCert: asksClients,
    rejectUnauthorized: asksClients,
  });
  certificate.follow((context) => server.setSecureContext(context));
  return server;
}

async function listen(service: string, server: Server, { socket, ...bind }: Bind): Promise<void> {
  const where = (await socket) ?? bind;
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'another process holds it' : (cause.code ?? cause.message);
      reject(
        serviceErrors.LISTEN_FAILED(`${service} cannot listen on ${bind.host}:${bind.port}: ${why}`, {
          cause,
          details: { service, ...bind, code: cause.code },
        }),
      );
    };
    server.once('error', failed);
    server.listen(where, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

type ClientError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly reason?: string };

/**
 * Answers what the parser refused, as far as an answer can still be understood, and hangs up. An answer that has begun is
 * never followed by another.
 */
function onClientError(engine: ProxyEngine, connections: ClientConnections, error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || !connections.knows(socket)) {
    socket.destroy();
    return;
  }
  const answer = connections.lastAnswer(socket);
  if (answer === undefined || answer.writableFinished) {
    refuseRaw(engine, socket, refusalOf(error, engine));
    return;
  }
  // What follows a request that was to be the last is not read; the request is whole and has a right to its answer.
  const isWhole = error.code === 'HPE_CLOSED_CONNECTION';
  for (const exchange of engine.underway.items) {
    if (!isWhole && exchange.answers(answer)) exchange.breakOff(refusalOf(error, engine));
  }
  socket.pause();
  if (isWhole || answer.writableEnded) answer.once('close', () => socket.destroySoon());
  else socket.destroy();
}

/** A request line that is well-formed but for its version. */
const otherVersion = /^[A-Z]+ [^\s]+ HTTP\/\d+(?:\.\d+)?\r\n/;

function refusalOf(error: ClientError, { limits }: ProxyEngine) {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return error.rawPacket?.subarray(0, limits.maxTargetBytes).includes(0x0a) === false
        ? gatewayErrors.TARGET_TOO_LONG(`the request target is longer than ${limits.maxTargetBytes} bytes`)
        : gatewayErrors.HEADERS_TOO_LARGE(`the header block is larger than ${limits.maxHeaderBytes} bytes`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return gatewayErrors.BODY_TOO_LARGE('the chunk extensions are too long');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return gatewayErrors.REQUEST_TIMEOUT('the request did not arrive in time');
    case 'HPE_INVALID_VERSION':
    case 'HPE_PAUSED_H2_UPGRADE':
      return otherVersion.test(error.rawPacket?.toString('latin1', 0, limits.maxTargetBytes) ?? '')
        ? gatewayErrors.VERSION('the HTTP version is not 1.0 or 1.1')
        : gatewayErrors.MALFORMED('the request line is not well-formed');
    default:
      return gatewayErrors.MALFORMED('the request is not well-formed HTTP/1.1');
  }
}

function refuseRaw(engine: ProxyEngine, socket: Socket, error: unknown): void {
  const traceId = engine.ids.traceId();
  const { status, fields, body } = writeProblem(error, traceId);
  engine.meters.refused(status);
  tellRefused(engine, { rawHeaders: [], socket }, { error, status, traceId });
  fields.push('dure-request-id', traceId, 'connection', 'close');
  if (!socket.writable) throw coreErrors.INVARIANT('a refusal needs a writable socket');
  socket.end(headText(status, fields) + body, () => socket.destroy());
}
