import type { Call } from '@dure/core';
import { formatFallbacks, formatPositions, headers, problemMediaType } from '@dure/core';
import type { Place } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Bytes } from '../contract/bytes.ts';
import { isBytes } from '../contract/bytes.ts';
import type { HttpOperation, HttpSpec } from '../contract/index.ts';
import type { Admission } from './admission.ts';
import { pressureOf } from './admission.ts';
import type { ArrivalOptions } from './arrival.ts';
import { arrive, sendProblem, traceOf } from './arrival.ts';
import { arrivedBytes } from './arrived-bytes.ts';
import { sendBytes } from './byte-stream.ts';
import { sendEventStream } from './event-stream.ts';
import type { RouteConfig } from './live-route.ts';
import type { OperationSet } from './operation-set.ts';
import { problemAnswer } from './problem-answer.ts';

/** What the routes of operations share. */
export interface OperationRouteOptions extends ArrivalOptions {
  readonly service: string;
  readonly operations: OperationSet;
  readonly telemetry: Telemetry;
  /** Undefined: every call is taken. */
  readonly admission?: Admission | undefined;
}

/** Adds the route of one operation. One that takes bytes has a scope of its own, in which nothing reads the body before the handler. */
export async function addOperation(
  app: FastifyInstance,
  operation: HttpOperation,
  options: OperationRouteOptions,
  stopping: AbortSignal,
): Promise<void> {
  if (!isBytes(operation.spec.body)) return addRoute(app, operation, options, stopping);
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    addRoute(scope, operation, options, stopping);
  });
}

function addRoute(
  app: FastifyInstance,
  operation: HttpOperation,
  options: OperationRouteOptions,
  stopping: AbortSignal,
): void {
  const { spec, name } = operation;
  const status = spec.status ?? (spec.output === undefined ? 204 : 200);
  const inputOf = inputReader(operation);
  const takesBytes = isBytes(spec.body);
  const isStream = spec.stream === true || isBytes(spec.output);
  app.route({
    method: operation.method,
    url: operation.path,
    config: { access: spec.access, handler: `${operation.service}.${name}` } satisfies RouteConfig,
    handler: async (request, reply) => {
      let call: Call | undefined;
      let place: Place | undefined;
      try {
        place = options.admission?.enter(operation); // before the sender is verified: a refusal must cost next to nothing
        if (takesBytes) place?.leave('unmeasured'); // an upload takes as long as its sender wants
        call = await arrive(request, reply, operation, options, stopping);
        const output = await options.operations.invoke(name, inputOf(request), call);
        place?.leave(isStream ? 'unmeasured' : 'answered'); // a stream holds no place while it flows
        if (isStream) {
          reply.hijack();
          await answerStream(request, reply, { spec, output, status, call }, options);
          return reply;
        }
        reply.code(status);
        if (spec.location !== undefined) reply.header('location', spec.location(output as never));
        const standIns = formatFallbacks(call.fallbacks.all());
        if (standIns !== undefined) reply.header(headers.fallback, standIns);
        const written = formatPositions(call.positions.written());
        if (written !== undefined) reply.header(headers.position, written);
        if (output === undefined) return reply.send();
        return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(output));
      } catch (error) {
        place?.leave(pressureOf(error, call, options.clock));
        // What is left of a body that nobody reads is not waited for.
        if (takesBytes && !request.raw.complete) reply.header('connection', 'close');
        return sendProblem(reply, error, call?.trace.traceId ?? traceOf(request));
      }
    },
  });
}

function inputReader({ service, name, spec }: HttpOperation): (request: FastifyRequest) => unknown {
  const { body } = spec;
  if (!isBytes(body)) return ({ params, query, body: parsed }) => ({ params, query, body: parsed });
  return ({ params, query, raw }) => ({ params, query, body: arrivedBytes(raw, body, `${service}.${name}`) });
}

interface StreamAnswer {
  readonly spec: HttpSpec;
  readonly output: unknown;
  readonly status: number;
  readonly call: Call;
}

async function answerStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { spec, output, status, call }: StreamAnswer,
  { service, telemetry, clock }: OperationRouteOptions,
): Promise<void> {
  const { raw } = reply;
  try {
    if (isBytes(spec.output))
      await sendBytes(raw, output as Bytes, { status, headOnly: request.method === 'HEAD' }, call.signal);
    else await sendEventStream(raw, output as AsyncIterable<unknown>, {}, call.signal, clock);
  } catch (error) {
    if (raw.headersSent) {
      telemetry.log.error(`the stream of ${service}.${call.operation.name} broke`, { error, trace: call.trace });
      raw.destroy();
      return;
    }
    const { problem, headers: extra } = problemAnswer(error, call.trace.traceId);
    raw.writeHead(problem.status, { ...extra, 'content-type': problemMediaType }).end(JSON.stringify(problem));
  }
}
