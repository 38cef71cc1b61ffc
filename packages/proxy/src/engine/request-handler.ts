import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { codeOf, isDureError } from '@dure/core';
import { lingerAfter } from '@dure/service/server';
import { gatewayErrors } from '../errors.ts';
import { plainAddress } from '../http/forwarding-fields.ts';
import { http1Fields } from '../http/http2-fields.ts';
import type { BadRequestHead, RequestHead } from '../http/request-head.ts';
import { isAuthority, readRequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';
import { readTarget } from '../http/target.ts';
import { timesVia } from '../http/via.ts';
import type { ArrivedRequest } from './arrived-request.ts';
import { mustClose } from './arrived-request.ts';
import type { ProxyLimits } from './limits.ts';
import { sendProblem } from './problem.ts';
import type { ProxyEngine } from './proxy-engine.ts';
import { tellRefused } from './unrouted.ts';

/** Answers one request, whatever it is. Never throws. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
  over?: ArrivedOver,
) => void;

/** What is not plain HTTP/1.1 about a request. */
export type ArrivedOver = Pick<ArrivedRequest, 'stream' | 'upgrade'>;

/** After these nobody can be sure where the next request begins, or that whoever is before us reads requests as we do. */
const inDoubt: ReadonlySet<string> = new Set([
  gatewayErrors.MALFORMED.code,
  gatewayErrors.TARGET_INVALID.code,
  gatewayErrors.VERSION.code,
  gatewayErrors.TRANSFER_CODING.code,
  gatewayErrors.HEADERS_TOO_LARGE.code,
]);

/**
 * Reads each request's target and head, once and strictly, and hands it to `take`; what cannot be read, and what `take`
 * throws or rejects with, is refused with a problem.
 */
export function requestHandler(
  engine: ProxyEngine,
  take: (arrived: ArrivedRequest) => Promise<void> | undefined,
): RequestHandler {
  const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    if (!isDureError(error)) engine.telemetry.log.error(`the ${engine.name} failed`, { error });
    if (inDoubt.has(codeOf(error) ?? '') || mustClose(request, engine.limits.maxBodyBytes)) {
      response.shouldKeepAlive = false;
      if (request.httpVersionMajor < 2) lingerAfter(request, response, engine.clock);
    }
    const traceId = engine.ids.traceId();
    const status = sendProblem(response, error, traceId);
    engine.meters.refused(status);
    tellRefused(engine, request, { error, status, traceId });
  };
  return (request, response, expectsContinue, over) => {
    try {
      if (over?.stream === undefined) demandVersion(request);
      const target = targetOf(request, engine.limits.maxTargetBytes);
      const head = headOf(request, engine.limits, over?.stream);
      if (target === undefined) {
        response.writeHead(204, ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']).end();
        return;
      }
      if (target.authority !== undefined && target.authority !== head.host) {
        throw gatewayErrors.MALFORMED('the target names another authority than the field "Host"');
      }
      if (head.via !== undefined) demandNoLoop(head.via, engine);
      const origin = engine.readOrigin?.(plainAddress(request.socket.remoteAddress), request.rawHeaders);
      const seen = origin?.host === undefined ? head : { ...head, host: origin.host };
      take({ request, response, head: seen, target, expectsContinue, origin, ...over })?.catch((error: unknown) =>
        refuse(request, response, error),
      );
    } catch (error) {
      refuse(request, response, error);
    }
  };
}

/** Node.js's parser takes a line without a version for HTTP/0.9, and chunks in HTTP/1.0, which has none (RFC 9112 §6.1). */
function demandVersion({ httpVersion, headers }: IncomingMessage): void {
  if (httpVersion === '1.1') return;
  if (httpVersion !== '1.0') throw gatewayErrors.VERSION('the HTTP version is not 1.0 or 1.1');
  if (headers['transfer-encoding'] !== undefined) throw gatewayErrors.MALFORMED('HTTP/1.0 knows no transfer coding');
}

function headOf(request: IncomingMessage, limits: ProxyLimits, stream: ServerHttp2Stream | undefined): RequestHead {
  let raw: readonly string[] = request.rawHeaders;
  if (stream !== undefined) {
    demandUnpackedSize(raw, limits.maxHeaderBytes);
    const translated = http1Fields(raw);
    if ('why' in translated) throw gatewayErrors.MALFORMED(`the request is refused: ${translated.why}`);
    raw = translated.raw;
  }
  const head = readRequestHead(raw, limits.maxHeaderFields);
  if ('refusal' in head) throw headRefusal(head);
  // HTTP/2 needs no word for a body of unknown length, HTTP/1.1 does.
  const isOpenEnded = stream?.endAfterHeaders === false && head.contentLength === undefined;
  return isOpenEnded ? { ...head, chunked: true } : head;
}

/** What HPACK has packed into a few bytes may be long once it is unpacked, and nghttp2 bounds the bytes (RFC 7541 §7.3). */
function demandUnpackedSize(raw: readonly string[], most: number): void {
  let bytes = 0;
  for (const text of raw) bytes += text.length + 2;
  if (bytes > most)
    throw gatewayErrors.HEADERS_TOO_LARGE(`the header list has more than ${most} bytes once it is unpacked`);
}

function demandNoLoop(via: string, { limits, via: name }: ProxyEngine): void {
  if (timesVia(via, name) <= limits.maxLoops) return;
  throw gatewayErrors.LOOP(`the request has come by more than ${limits.maxLoops} times`);
}

function targetOf({ url = '', method }: IncomingMessage, maxBytes: number): Target | undefined {
  if (url.length > maxBytes) {
    throw gatewayErrors.TARGET_TOO_LONG(`the request target has ${url.length} bytes; at most ${maxBytes} are taken`);
  }
  if (url === '*' && method === 'OPTIONS') return undefined;
  const target = readTarget(url);
  if (!target.ok) throw gatewayErrors.TARGET_INVALID(`the request target is refused: ${target.why}`);
  if (target.authority !== undefined && !isAuthority(target.authority)) {
    throw gatewayErrors.TARGET_INVALID('the request target is refused: its authority is not a name and a port');
  }
  return target;
}

function headRefusal({ refusal, why }: BadRequestHead) {
  switch (refusal) {
    case 'too-many':
      return gatewayErrors.HEADERS_TOO_LARGE(`the request is refused: ${why}`);
    case 'coding':
      return gatewayErrors.TRANSFER_CODING(`the request is refused: ${why}`);
    case 'malformed':
      return gatewayErrors.MALFORMED(`the request is refused: ${why}`);
    default:
      return refusal satisfies never;
  }
}
