import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf, isDureError } from '@dure/core';
import { gatewayErrors } from '../errors.ts';
import type { BadRequestHead } from '../http/request-head.ts';
import { isAuthority, readRequestHead } from '../http/request-head.ts';
import type { Target } from '../http/target.ts';
import { readTarget } from '../http/target.ts';
import type { Edge } from './edge.ts';
import type { EdgeRequest } from './edge-request.ts';
import { mustClose } from './edge-request.ts';
import { forward } from './forward.ts';
import type { OwnAddresses } from './own-addresses.ts';
import { sendProblem } from './problem.ts';

/** Answers one request, whatever it is. Never throws. */
export type EdgeHandler = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => void;

/** After these nobody can be sure where the next request begins. */
const inDoubt: ReadonlySet<string> = new Set([
  gatewayErrors.MALFORMED.code,
  gatewayErrors.TRANSFER_CODING.code,
  gatewayErrors.HEADERS_TOO_LARGE.code,
]);

/** Leads each request to the operation, page or refusal that answers it. */
export function edgeHandler(edge: Edge, own: OwnAddresses): EdgeHandler {
  const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown) => {
    if (!isDureError(error)) edge.telemetry.log.error('the gateway failed', { error });
    if (inDoubt.has(codeOf(error) ?? '') || mustClose(request, edge.limits.maxBodyBytes))
      response.shouldKeepAlive = false;
    edge.meters.refused(sendProblem(response, error, edge.ids.traceId()));
  };
  return (request, response, expectsContinue) => {
    try {
      const target = targetOf(request, edge.limits.maxTargetBytes);
      const head = readRequestHead(request.rawHeaders, edge.limits.maxHeaderFields);
      if ('refusal' in head) throw headRefusal(head);
      if (target === undefined) {
        response.writeHead(204, ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']).end();
        return;
      }
      if (target.authority !== undefined && target.authority !== head.host) {
        throw gatewayErrors.MALFORMED('the target names another authority than the field "Host"');
      }
      const arrived: EdgeRequest = { request, response, head, target, expectsContinue };
      const route = edge.table.find(request.method ?? '', target.path);
      if (route !== undefined) {
        forward(edge, arrived, route);
        return;
      }
      own.answer(arrived).catch((error: unknown) => refuse(request, response, error));
    } catch (error) {
      refuse(request, response, error);
    }
  };
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
