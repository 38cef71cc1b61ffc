import type { ServerResponse } from 'node:http';
import { isDureError, problemMediaType } from '@dure/core';
import { problemAnswer } from '@dure/service/server';
import { gatewayErrors } from '../errors.ts';

/** Statuses that belong to HTTP itself and to no kind of error elsewhere. */
const ownStatus: Readonly<Record<string, number>> = {
  [gatewayErrors.REQUEST_TIMEOUT.code]: 408,
  [gatewayErrors.TARGET_TOO_LONG.code]: 414,
  [gatewayErrors.HEADERS_TOO_LARGE.code]: 431,
  [gatewayErrors.TRANSFER_CODING.code]: 501,
  [gatewayErrors.VERSION.code]: 505,
};

/** A problem, ready to be written by whatever writes it. */
export interface WrittenProblem {
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: string[];
  readonly body: Buffer;
}

/** Turns whatever was thrown into a problem (RFC 9457) that tells an outsider nothing about the inside. */
export function writeProblem(error: unknown, traceId: string): WrittenProblem {
  const answer = problemAnswer(error, traceId);
  const { code } = answer.problem;
  const status = (code === undefined ? undefined : ownStatus[code]) ?? answer.problem.status;
  const body = Buffer.from(JSON.stringify({ ...answer.problem, status }));
  const fields = ['content-type', problemMediaType, 'content-length', String(body.length)];
  for (const [name, value] of Object.entries(answer.headers)) fields.push(name, value);
  const allow = isDureError(error) ? error.details.allow : undefined;
  if (typeof allow === 'string') fields.push('allow', allow);
  fields.push('cache-control', 'no-store', 'x-content-type-options', 'nosniff');
  return { status, fields, body };
}

/** Answers a request that became no exchange with a problem; does nothing when an answer has begun. Returns the status. */
export function sendProblem(response: ServerResponse, error: unknown, traceId: string): number {
  const { status, fields, body } = writeProblem(error, traceId);
  if (response.headersSent || response.destroyed) return status;
  response.writeHead(status, [...fields, 'dure-request-id', traceId]).end(body);
  return status;
}
