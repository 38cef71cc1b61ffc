import type { Instance } from '@dure/balancer';
import { formatPositions, formatTraceparent } from '@dure/core';
import type { Span } from '@dure/telemetry';
import { forwardedFields } from '../http/forwarding-fields.ts';
import { viaField } from '../http/via.ts';
import type { Exchange } from './exchange.ts';

/** Which attempt a request's head is for. */
export interface AttemptText {
  readonly instance: Instance;
  readonly span: Span;
  /** From 1. */
  readonly number: number;
  /** How often whoever is behind may still send again what it sends for this request. */
  readonly budgetLeft: number;
}

/** The head of a forwarded request, with the empty line; latin-1. */
export function requestText(exchange: Exchange, attempt: AttemptText): string {
  const { method, path, query, fields, head, authorization, cookie, destination, engine } = exchange;
  const { instance, span, number, budgetLeft } = attempt;
  const name = instance.host.includes(':') ? `[${instance.host}]` : instance.host;
  const host = exchange.sentHost ?? `${name}:${instance.port}`;
  let text = `${method} ${path}${query} HTTP/1.1\r\nhost: ${host}\r\n${fields}`;
  if (authorization !== undefined) text += `authorization: ${authorization}\r\n`;
  if (cookie !== undefined) text += `cookie: ${cookie}\r\n`;
  const { address, protocol, through } = exchange;
  const via = viaField(head.via, engine.via);
  text += forwardedFields({ address, host: head.host, protocol, prefix: destination.prefix, through, via });
  text += `traceparent: ${formatTraceparent(span.context)}\r\ndure-request-id: ${span.context.traceId}\r\n`;
  text += `dure-timeout-ms: ${destination.timeoutMs}\r\ndure-retry-budget: ${budgetLeft}\r\n`;
  const seen = formatPositions(exchange.positions);
  if (seen !== undefined) text += `dure-position: ${seen}\r\n`;
  if (exchange.upgrade !== undefined) text += 'connection: upgrade\r\nupgrade: websocket\r\n';
  if (head.takesTrailers === true) text += 'te: trailers\r\nconnection: te\r\n';
  if (number > 1) text += `dure-attempt: ${number}\r\n`;
  if (head.chunked) return `${text}transfer-encoding: chunked\r\n\r\n`;
  return head.contentLength === undefined ? `${text}\r\n` : `${text}content-length: ${head.contentLength}\r\n\r\n`;
}
