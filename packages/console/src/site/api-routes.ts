import type { Call, Clock } from '@dure/core';
import { check } from '@dure/core';
import type { HttpOperation } from '@dure/service/contract';
import type { AnyHandler, HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { consoleApi } from '../contract.ts';
import { consoleErrors } from '../errors.ts';
import { eventStream } from './event-stream.ts';
import type { Guard } from './guard.ts';

/**
 * The operations of the web console's contract as routes behind its session. They are no operations of the service,
 * for those know tokens only.
 */
export function apiRoutes(
  handlers: Readonly<Record<keyof typeof consoleApi.operations, unknown>>,
  guard: Guard,
  clock: Clock,
): readonly HttpRoute[] {
  return Object.entries<HttpOperation>(consoleApi.operations).map(([name, operation]) => ({
    method: operation.method,
    path: operation.path,
    access: 'public',
    handle: async (request, call) => {
      if (operation.method === 'GET') guard.session(request, call);
      else guard.change(request);
      const handler = (handlers as Readonly<Record<string, AnyHandler>>)[name];
      return answer(operation, await handler?.(input(operation, request), call), call, clock);
    },
  }));
}

function input({ spec }: HttpOperation, request: HttpRequest): Readonly<Record<string, unknown>> {
  const given = {
    params: request.params,
    query: Object.fromEntries(request.query),
    body: request.body.length === 0 ? undefined : parsed(request.body),
  };
  const decoded: Record<string, unknown> = {};
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = spec[part];
    if (schema === undefined) continue;
    const checked = check(schema, given[part], part);
    if (!checked.ok) {
      const places = checked.errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw consoleErrors.QUERY_INVALID(places, { details: { errors: checked.errors } });
    }
    decoded[part] = checked.value;
  }
  return decoded;
}

/** What is no JSON fits no schema. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function answer({ spec }: HttpOperation, output: unknown, call: Call, clock: Clock): HttpResponse {
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  if (spec.status === 204) return { status: 204, headers };
  if (spec.stream === true) {
    const body = eventStream(output as AsyncIterable<{ readonly id: number }>, clock, call.signal);
    return { status: 200, headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8' }, body };
  }
  return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(output) };
}
