import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants, createServer } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ProxyEngine } from './proxy-engine.ts';
import type { RequestHandler } from './request-handler.ts';

/** The HTTP/2 side of a proxy's port. */
export interface Http2Front {
  /** Takes over a connection whose client chose `h2`. */
  accept(socket: TLSSocket): void;
  /** Says that no more requests are taken; each connection ends with its last answer. */
  drain(): void;
}

/** PING and SETTINGS frames of one connection in ten seconds; each makes us answer. */
const mostControlFrames = 100;
const controlWindowMs = 10_000;

/**
 * Reads HTTP/2 by Node.js's nghttp2 with bounds for what costs a client nothing: streams at once, header lists, resets
 * (CVE-2023-44487), CONTINUATION, PING and SETTINGS frames, connections without a request.
 */
export function http2Front(engine: ProxyEngine, handle: RequestHandler): Http2Front {
  const { limits } = engine;
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.maxStreamsPerConnection,
      maxHeaderListSize: limits.maxHeaderBytes,
      initialWindowSize: 65_535,
    },
    maxHeaderListPairs: limits.maxHeaderFields + 5,
    maxSessionMemory: 10,
    maxSettings: 16,
    maxOutstandingPings: 5,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: limits.maxStreamsPerConnection,
    streamResetBurst: 2 * limits.maxStreamsPerConnection,
    streamResetRate: 20,
    strictFieldWhitespaceValidation: true,
  });
  const take = (request: Http2ServerRequest, response: Http2ServerResponse, expectsContinue: boolean) => {
    boundRequest(engine, request);
    // Node.js makes both do what their HTTP/1.1 counterparts do; what differs is in `stream`.
    const [plainRequest, plainResponse] = [request as unknown, response as unknown];
    handle(plainRequest as IncomingMessage, plainResponse as ServerResponse, expectsContinue, {
      stream: request.stream,
    });
  };
  server.on('request', (request, response) => take(request, response, false));
  server.on('checkContinue', (request, response) => take(request, response, true));
  server.on('sessionError', () => {});
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    boundSession(engine, session);
  });
  return {
    accept: (socket) => void server.emit('connection', socket),
    drain() {
      for (const session of sessions) session.close();
    },
  };
}

/** A body that comes too slowly ends with its stream. */
function boundRequest({ clock, limits }: ProxyEngine, request: Http2ServerRequest): void {
  request.on('error', () => {});
  if (request.stream.endAfterHeaders) return;
  const { stream } = request;
  const slow = clock.after(limits.requestTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
  request.once('end', () => slow.cancel());
  stream.once('close', () => slow.cancel());
}

function boundSession({ clock, limits }: ProxyEngine, session: ServerHttp2Session): void {
  let open = 0;
  let windowEnds = 0;
  let frames = 0;
  const endIdle = () => session.close();
  let idle = clock.after(limits.keepAliveMs, endIdle);
  const countFrame = () => {
    const now = clock.monotonicMs();
    if (now >= windowEnds) {
      windowEnds = now + controlWindowMs;
      frames = 0;
    }
    frames += 1;
    if (frames > mostControlFrames) session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  session.on('ping', countFrame);
  session.on('remoteSettings', countFrame);
  session.on('stream', (stream: ServerHttp2Stream) => {
    open += 1;
    idle.cancel();
    stream.once('close', () => {
      open -= 1;
      if (open === 0 && !session.destroyed) idle = clock.after(limits.keepAliveMs, endIdle);
    });
  });
  session.once('close', () => idle.cancel());
}
