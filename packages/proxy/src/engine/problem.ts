import type { ServerResponse } from 'node:http';
import type { ErrorDetails } from '@dure/core';
import { isDureError, problemMediaType } from '@dure/core';
import { problemAnswer } from '@dure/service/server';
import { gatewayErrors } from '../errors.ts';
import { grpcErrors } from '../grpc-errors.ts';

/** Statuses that belong to HTTP itself and to no kind of error elsewhere. */
const ownStatus: Readonly<Record<string, number>> = {
  [gatewayErrors.REQUEST_TIMEOUT.code]: 408,
  [gatewayErrors.TARGET_TOO_LONG.code]: 414,
  [gatewayErrors.HEADERS_TOO_LARGE.code]: 431,
  [gatewayErrors.TRANSFER_CODING.code]: 501,
  [gatewayErrors.NOT_CACHED.code]: 504,
  [gatewayErrors.VERSION.code]: 505,
  [gatewayErrors.LOOP.code]: 508,
  [grpcErrors.UNIMPLEMENTED.code]: 501,
};

/** Problem types that are not ours: draft-ietf-httpapi-ratelimit-headers-10, "Problem Types". */
const ownType: Readonly<Record<string, string>> = {
  [gatewayErrors.RATE_LIMITED.code]: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  [gatewayErrors.REDUCED_CAPACITY.code]: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
};

/** A problem, ready to be written by whatever writes it. */
export interface WrittenProblem {
  readonly status: number;
  /** Names and values in turn. */
  readonly fields: string[];
  readonly body: Buffer;
}

/**
 * Turns whatever was thrown into a problem (RFC 9457) that tells an outsider nothing about the inside. An error's
 * `details` may name the methods there are (`allow`), the rate limits that were broken (`violatedPolicies`), how to
 * authenticate (`challenge`), and the status to answer with in place of that of its kind (`answerStatus`).
 */
export function writeProblem(error: unknown, traceId: string): WrittenProblem {
  const answer = problemAnswer(error, traceId);
  const { code = '' } = answer.problem;
  const { allow, violatedPolicies, challenge, answerStatus } = isDureError(error) ? error.details : noDetails;
  const status = typeof answerStatus === 'number' ? answerStatus : (ownStatus[code] ?? answer.problem.status);
  const problem = { ...answer.problem, type: ownType[code] ?? answer.problem.type, status };
  const body = Buffer.from(
    JSON.stringify(Array.isArray(violatedPolicies) ? { ...problem, 'violated-policies': violatedPolicies } : problem),
  );
  const fields = ['content-type', problemMediaType, 'content-length', String(body.length)];
  const headers = typeof challenge === 'string' ? { ...answer.headers, 'www-authenticate': challenge } : answer.headers;
  for (const [name, value] of Object.entries(headers)) fields.push(name, value);
  if (typeof allow === 'string') fields.push('allow', allow);
  fields.push('cache-control', 'no-store', 'x-content-type-options', 'nosniff');
  return { status, fields, body };
}

/** Why a request was refused, for whoever runs the proxy. */
export function refusalText(error: unknown): string {
  return isDureError(error) ? `${error.code}: ${error.message}` : 'an unforeseen failure, which the log tells';
}

const noDetails: ErrorDetails = {};

/** Answers a request that became no exchange with a problem; does nothing when an answer has begun. Returns the status. */
export function sendProblem(response: ServerResponse, error: unknown, traceId: string): number {
  const { status, fields, body } = writeProblem(error, traceId);
  if (response.headersSent || response.destroyed) return status;
  response.writeHead(status, [...fields, 'dure-request-id', traceId]).end(body);
  return status;
}
