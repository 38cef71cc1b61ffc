import type { Clock, Ids } from '@dure/core';
import { isDureError } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import fastify from 'fastify';
import { serviceErrors } from '../errors.ts';
import type { Admission } from './admission.ts';
import { decorateWithIds, sendProblem, traceOf } from './arrival.ts';
import { drained, unusedConnections } from './drained.ts';
import type { HttpRoute } from './http-route.ts';
import { lingering } from './linger.ts';
import { listenFailure } from './listen-failure.ts';
import { liveRoutes } from './live-route.ts';
import { addOperation } from './operation-route.ts';
import type { OperationSet } from './operation-set.ts';
import { addRawRoutes } from './raw-routes.ts';
import { jsonRefusal, readQuery } from './read-input.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import type { Listener } from './service.ts';
import type { TokenVerifier } from './token-verifier.port.ts';

/** What an API listener needs. */
export interface ApiListenerOptions {
  readonly service: string;
  readonly operations: OperationSet;
  readonly routes: readonly HttpRoute[];
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  /** Which calls of operations are taken; raw routes always are. Default: all. */
  readonly admission?: Admission | undefined;
  /** The largest body of a contract operation; default 1 MiB. */
  readonly maxBodyBytes?: number;
}

/** What of the grace is left to a call that was cut off for saying so to its caller. */
const answeringShare = 0.1;

/** Serves a contract's operations and raw routes on one port. SERVICE_LISTEN_FAILED when the port cannot be opened. */
export async function openApiListener(
  options: ApiListenerOptions,
  bind: { readonly host: string; readonly port: number },
): Promise<Listener> {
  /** Streams and long polls end when the stop begins; calls in flight are cut off when their grace is nearly over. */
  const stopping = new AbortController();
  const cutting = new AbortController();
  const app = fastify({
    bodyLimit: options.maxBodyBytes ?? 2 ** 20,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { querystringParser: readQuery },
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, options.ids),
    frameworkErrors: (error, request, reply) => sendProblem(reply, fromFramework(error, request), traceOf(request)),
  });
  const routes = liveRoutes(app, options.service); // before any route, so that none is missed
  decorateWithIds(app, options.ids);
  const closeUnused = unusedConnections(app.server, options.clock);
  lingering(app.server, options.clock);
  app.setErrorHandler((error, request, reply) => sendProblem(reply, fromFramework(error, request), traceOf(request)));
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFound(app, request), traceOf(request)));
  for (const operation of options.operations.operations) {
    const signal = operation.spec.stream === true ? stopping.signal : cutting.signal;
    await addOperation(app, operation, options, signal);
  }
  if (options.routes.length > 0) await app.register(async (scope) => addRawRoutes(scope, options, stopping.signal));
  try {
    await app.listen({ host: bind.host, port: bind.port });
  } catch (error) {
    throw listenFailure(options.service, bind, error);
  }
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : bind.port,
    routes,
    async close(graceMs) {
      const reason = serviceErrors.STOPPING(`${options.service} is stopping`);
      stopping.abort(reason);
      const cut = options.clock.after(graceMs * (1 - answeringShare), () => cutting.abort(reason));
      await drained(app.server, app.close(), closeUnused, graceMs, options.clock);
      cut.cancel();
    },
  };
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

function notFound(app: FastifyInstance, request: FastifyRequest): Error {
  const path = request.url.split('?')[0] ?? '/';
  const allowed = methods.filter((method) => app.hasRoute({ method, url: path }) || findsRoute(app, method, path));
  if (allowed.length === 0) return serviceErrors.NOT_FOUND(`there is nothing at this path`);
  return serviceErrors.METHOD_NOT_ALLOWED(`this path takes ${allowed.join(', ')}, not ${request.method}`, {
    details: { allow: allowed.join(', ') },
  });
}

function findsRoute(app: FastifyInstance, method: (typeof methods)[number], path: string): boolean {
  return app.findRoute({ method, url: path }) !== null;
}

function fromFramework(error: unknown, { routeOptions }: FastifyRequest): unknown {
  if (isDureError(error) || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return serviceErrors.BODY_TOO_LARGE(
        `the body is larger than the ${routeOptions.bodyLimit} bytes that are taken`,
        {
          cause: error,
        },
      );
    case 'FST_ERR_BAD_URL':
      return serviceErrors.NOT_FOUND('there is nothing at this path', { cause: error });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return serviceErrors.NOT_FOUND('a parameter in the path is longer than any that is taken', { cause: error });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return serviceErrors.MEDIA_TYPE('the body is not `application/json`', { cause: error });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return jsonRefusal(error);
    default:
      return 'statusCode' in error && error.statusCode === 400
        ? serviceErrors.BODY_MALFORMED('the request is malformed', { cause: error })
        : error;
  }
}
