import type { Call, Clock, Identity, Ids, Operation } from '@dure/core';
import { anonymous, isDureError, problemMediaType } from '@dure/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { serviceErrors } from '../errors.ts';
import { inboundCall, traceIdOf } from './inbound-call.ts';
import { problemAnswer } from './problem-answer.ts';
import type { TokenVerifier } from './token-verifier.port.ts';

/** What turning a request into a call needs. */
export interface ArrivalOptions {
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Verifies whoever sent the request and makes its call. */
export async function arrive(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  options: ArrivalOptions,
  stopping: AbortSignal,
): Promise<Call> {
  const authorization = request.headers.authorization;
  const identity: Identity = authorization === undefined ? anonymous : await options.verifier.verify(authorization);
  const signal = () => callerSignal(reply, stopping);
  return inboundCall({ headers: request.headers, signal }, operation, identity, options.clock, options.ids);
}

/** Answers with a problem; the one way in which anything but success leaves a listener. */
export function sendProblem(reply: FastifyReply, error: unknown, traceId: string): FastifyReply {
  const { problem, headers: extra } = problemAnswer(error, traceId);
  if (isDureError(error) && error.code === serviceErrors.METHOD_NOT_ALLOWED.code)
    reply.header('allow', String(error.details.allow));
  return reply
    .code(problem.status)
    .headers(extra)
    .header('content-type', problemMediaType)
    .send(Buffer.from(JSON.stringify(problem)));
}

function callerSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const left = new AbortController();
  const leave = () => left.abort();
  if (reply.raw.destroyed) leave();
  reply.raw.once('close', leave);
  if (stopping.aborted) left.abort(stopping.reason);
  else stopping.addEventListener('abort', () => left.abort(stopping.reason), { once: true, signal: left.signal });
  return left.signal;
}

const idsDecorator = 'dureIds';

/** Gives a listener the identifiers for problems that arise before there is a call. */
export function decorateWithIds(app: FastifyInstance, ids: Ids): void {
  app.decorate(idsDecorator, ids);
}

/** The trace id for a problem that arises before there is a call. The listener was decorated with identifiers. */
export function traceOf(request: FastifyRequest): string {
  return traceIdOf(request.headers, request.server.getDecorator<Ids>(idsDecorator));
}
