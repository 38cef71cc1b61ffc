import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Identity, Ids, ManagementRequest, ManagementResponse } from '@dure/core';
import { anonymous, isDureError, problemMediaType } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import type { Actuator } from './actuator.ts';
import { drained, unusedConnections } from './drained.ts';
import { traceIdOf } from './inbound-call.ts';
import { lingering } from './linger.ts';
import { listenFailure } from './listen-failure.ts';
import { problemAnswer } from './problem-answer.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';
import type { Listener } from './service.ts';
import type { TokenVerifier } from './token-verifier.port.ts';

/** What a management listener needs. */
export interface ManagementListenerOptions {
  readonly service: string;
  readonly actuator: Actuator;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly ids: Ids;
}

const maxBodyBytes = 2 ** 20;

/** Serves the actuator on a port of its own. Health is open; everything else needs a service's token. */
export async function openManagementListener(
  options: ManagementListenerOptions,
  bind: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    respond(request, options).then(
      (answer) => write(response, answer),
      (error: unknown) => writeProblem(response, error, traceIdOf(request.headers, options.ids)),
    );
  });
  server.on('clientError', (error, socket) => refuseUnreadable(error, socket as Socket, options.ids));
  const closeUnused = unusedConnections(server, options.clock);
  lingering(server, options.clock);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(`${options.service} (management)`, bind, error)));
    server.listen(bind.port, bind.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : bind.port,
    async close(graceMs) {
      const closed = new Promise((resolve) => server.close(resolve));
      await drained(server, closed, closeUnused, graceMs, options.clock);
    },
  };
}

async function respond(
  request: IncomingMessage,
  { actuator, verifier }: ManagementListenerOptions,
): Promise<ManagementResponse> {
  const url = URL.parse(request.url ?? '/', 'http://management') ?? new URL('http://management/');
  const [root, id, ...path] = url.pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
  if (root !== 'actuator') throw serviceErrors.NOT_FOUND('the management port serves /actuator only');
  const authorization = request.headers.authorization;
  const identity: Identity = authorization === undefined ? anonymous : await verifier.verify(authorization);
  const trusted = identity.kind === 'service';
  if (id !== 'health' && !trusted) {
    throw identity.kind === 'anonymous'
      ? serviceErrors.TOKEN_MISSING('the management port needs a token, but for health')
      : serviceErrors.FORBIDDEN('the management port is for services');
  }
  if (id === undefined) return index(actuator, `http://${request.headers.host ?? ''}`);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== 'GET' && method !== 'POST' && method !== 'DELETE')
    throw serviceErrors.METHOD_NOT_ALLOWED('the management port takes GET, POST and DELETE', {
      details: { allow: 'GET, POST, DELETE' },
    });
  const asked: ManagementRequest = {
    method,
    path,
    query: Object.fromEntries(url.searchParams),
    body: method === 'POST' ? await readJson(request) : undefined,
  };
  const answer = (await actuator.answer(id, asked, trusted)) ?? { status: 404 };
  const { status, body } = answer;
  if (status >= 400 && status < 500 && body === undefined) throw refusalOf(answer, asked, url.pathname.slice(0, 100));
  return answer;
}

function refusalOf(
  { status, detail, allow = 'GET' }: ManagementResponse,
  { method }: ManagementRequest,
  path: string,
): Error {
  switch (status) {
    case 404:
      return serviceErrors.NOT_FOUND(detail ?? `there is no actuator endpoint at ${path}`);
    case 405:
      return serviceErrors.METHOD_NOT_ALLOWED(detail ?? `${path} takes ${allow}, not ${method}`, {
        details: { allow },
      });
    default:
      return serviceErrors.INPUT_INVALID(detail ?? `${path} was asked for what it does not understand`);
  }
}

function index({ ids }: Actuator, base: string): ManagementResponse {
  const links = Object.fromEntries(
    ['self', ...ids].map((id) => [id, { href: `${base}/actuator${id === 'self' ? '' : `/${id}`}`, templated: false }]),
  );
  return { status: 200, body: { _links: links } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Destroying it would take the connection with it, by which the answer has yet to go.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw serviceErrors.BODY_TOO_LARGE(`the body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (cause) {
    throw serviceErrors.BODY_MALFORMED('the body is not one JSON value', { cause });
  }
}

function write(response: ServerResponse, { status, contentType, body }: ManagementResponse): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': contentType ?? (typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'),
    })
    .end(text);
}

function writeProblem(response: ServerResponse, error: unknown, traceId: string): void {
  const { problem, headers } = problemAnswer(error, traceId);
  const allow = isDureError(error) && typeof error.details.allow === 'string' ? { allow: error.details.allow } : {};
  // What is left of a body that nobody reads is not waited for.
  const close = response.req.complete ? {} : { connection: 'close' };
  response
    .writeHead(problem.status, { ...headers, ...allow, ...close, 'content-type': problemMediaType })
    .end(JSON.stringify(problem));
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // malformed percent-encoding names no endpoint
  }
}
