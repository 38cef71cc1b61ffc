import { Readable } from 'node:stream';
import type { Call } from '@dure/core';
import { plainOperation } from '@dure/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ArrivalOptions } from './arrival.ts';
import { arrive, sendProblem, traceOf } from './arrival.ts';
import type { HttpResponse, HttpRoute } from './http-route.ts';
import { demandAccess } from './inbound-layers.ts';
import type { RouteConfig } from './live-route.ts';

const nothing = new Uint8Array();

/** Adds routes that get the body as bytes; in a scope of their own, so that operations keep their JSON parser. */
export function addRawRoutes(
  scope: FastifyInstance,
  options: ArrivalOptions & { readonly service: string; readonly routes: readonly HttpRoute[] },
  stopping: AbortSignal,
): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  for (const route of options.routes) {
    const operation = plainOperation(options.service, `${route.method} ${route.path}`);
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: route.answersHead === true,
      config: { access: route.access, handler: options.service } satisfies RouteConfig,
      ...(route.maxBodyBytes === undefined ? {} : { bodyLimit: route.maxBodyBytes }),
      handler: async (request, reply) => {
        let call: Call | undefined;
        try {
          call = await arrive(request, reply, operation, options, stopping);
          demandAccess(route.access, call);
          return send(reply, await answer(route, request, call));
        } catch (error) {
          return sendProblem(reply, error, call?.trace.traceId ?? traceOf(request));
        }
      },
    });
  }
}

async function answer(route: HttpRoute, request: FastifyRequest, call: Call): Promise<HttpResponse> {
  const at = request.url.indexOf('?');
  return route.handle(
    {
      method: route.method,
      url: request.url,
      params: request.params as Readonly<Record<string, string>>,
      query: new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1)),
      headers: request.headers,
      body: request.body instanceof Uint8Array ? request.body : nothing,
    },
    call,
  );
}

function send(reply: FastifyReply, { status, headers, body }: HttpResponse): FastifyReply {
  reply.code(status);
  for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
  if (body === undefined) return reply.send();
  if (typeof body === 'string' || body instanceof Uint8Array)
    return reply.send(typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  return reply.send(Readable.from(body, { objectMode: false }));
}
