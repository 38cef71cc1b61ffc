import { createHash } from 'node:crypto';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { tellAnswered } from '../engine/unrouted.ts';
import { WholeAnswer } from '../engine/whole-answer.ts';
import { gatewayErrors } from '../errors.ts';
import { operationRule } from '../routing/contract-rules.ts';
import { admit } from './admission.ts';
import { compiledRoute } from './compiled-route.ts';
import type { Edge } from './edge.ts';
import type { EdgeRoutes } from './edge-routes.ts';
import { sendContent, sendFile } from './send-content.ts';
import type { SessionOptions } from './session.ts';
import { demandSameOrigin, forgottenCookie, sessionPath, sessionView, signedIn, signInOperation } from './session.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

/** Everything that the gateway answers by itself. */
export interface OwnAddresses {
  /** Answers a request that no exposed operation takes; rejects with the refusal. */
  answer(arrived: ArrivedRequest): Promise<void>;
}

/** The paths that no exposed operation may have. */
export function ownPaths(session: SessionOptions | undefined): readonly string[] {
  return session === undefined ? [openApiPath] : [openApiPath, sessionPath];
}

export interface OwnAddressOptions {
  readonly routes: EdgeRoutes;
  readonly session: SessionOptions | undefined;
  /** The document of everything that is exposed. */
  readonly openApi: unknown;
  readonly storefront: StaticFiles | undefined;
}

const openApiPath = '/openapi.json';
const requestId = 'dure-request-id';
/** In bytes. */
const longestSignIn = 65_536;

/** What answers, with the `Dure-Request-Id`: with which status, or undefined when it has become an exchange. */
type Answer = (arrived: ArrivedRequest, requestId: string) => Promise<number> | number | undefined;

/** Opens the gateway's own addresses: the API's document, the session, the storefront. */
export function ownAddresses(edge: Edge, options: OwnAddressOptions): OwnAddresses {
  const fixed = new Map([[openApiPath, documentAnswers(options.openApi)]]);
  if (options.session !== undefined) fixed.set(sessionPath, sessionAnswers(edge, options.session));
  return {
    async answer(arrived) {
      const startedMs = edge.clock.monotonicMs();
      const traceId = edge.ids.traceId();
      const { by, answer } = chosen(arrived, fixed, options);
      const status = await answer(arrived, traceId);
      if (status === undefined) return;
      tellAnswered(edge, arrived.request, { by, traceId, status, tookMs: edge.clock.monotonicMs() - startedMs });
    },
  };
}

/** What answers a request that is for the gateway itself, and what that is called. GATEWAY_NOT_FOUND, GATEWAY_METHOD_NOT_ALLOWED. */
function chosen(
  arrived: ArrivedRequest,
  fixed: ReadonlyMap<string, ReadonlyMap<string, Answer>>,
  { routes, storefront }: OwnAddressOptions,
): { readonly by: string; readonly answer: Answer } {
  const { path } = arrived.target;
  const { method = '' } = arrived.request;
  const known = fixed.get(path);
  const answer = known?.get(method);
  if (answer !== undefined) return { by: path.slice(1), answer };
  const allowed = known === undefined ? routes.allowed(arrived) : [...known.keys(), 'OPTIONS'];
  if (method === 'OPTIONS' && allowed.length > 0) return { by: 'options', answer: telling(allowed) };
  const file = known === undefined && storefront !== undefined ? pageOf(arrived, storefront) : undefined;
  if (file !== undefined)
    return { by: 'storefront', answer: ({ request, response }, id) => sendFile(request, response, { file, id }) };
  if (allowed.length === 0) throw gatewayErrors.NOT_FOUND('there is nothing at this path');
  throw gatewayErrors.METHOD_NOT_ALLOWED(`this path takes ${allowed.join(', ')}, not ${method.slice(0, 20)}`, {
    details: { allow: allowed.join(', ') },
  });
}

function telling(allowed: readonly string[]): Answer {
  return ({ response }, id) => {
    response.writeHead(204, ['allow', allowed.join(', '), requestId, id]).end();
    return 204;
  };
}

/** A file of the storefront, or its index for a page that the web application routes by itself. */
function pageOf({ request, target }: ArrivedRequest, files: StaticFiles): StaticFile | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  const isPage = (request.headers.accept ?? '').includes('text/html');
  return files.find(target.path) ?? (isPage ? files.index : undefined);
}

function documentAnswers(document: unknown): ReadonlyMap<string, Answer> {
  const text = JSON.stringify(document);
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const fields = ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-cache', 'etag', etag];
  const answer: Answer = ({ request, response }, id) =>
    sendContent(request, response, [...fields, 'x-content-type-options', 'nosniff', requestId, id], text);
  return new Map([
    ['GET', answer],
    ['HEAD', answer],
  ]);
}

function sessionAnswers(edge: Edge, session: SessionOptions): ReadonlyMap<string, Answer> {
  const operation = signInOperation(session);
  const noStore = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  const json = ['content-type', 'application/json; charset=utf-8', ...noStore];
  const signIn: EdgeLayer = (next) => (exchange) => {
    exchange.path = operation.path;
    exchange.answer = new WholeAnswer(exchange.answer, {
      longest: longestSignIn,
      refuse: (error) => exchange.refuse(error),
      rewrite: (status, _, body) => {
        if (status < 200 || status > 299) return undefined;
        const { cookie, body: shown } = signedIn(body, edge.clock, edge.secure);
        const content = Buffer.from(shown);
        const fields = [...json, 'content-length', String(content.length), 'set-cookie', cookie];
        return { status: 200, fields, body: content };
      },
    });
    return next(exchange);
  };
  const layers = [{ name: 'Session', text: `Session: ${operation.name}`, layer: signIn }];
  const route = compiledRoute(edge, operationRule(operation, { path: sessionPath, access: 'public', layers }));
  return new Map<string, Answer>([
    [
      'POST',
      (arrived) => {
        demandSameOrigin(arrived.head);
        const nobody = { ...arrived.head, cookie: undefined, authorization: undefined };
        route.start({ ...arrived, head: nobody });
        return undefined;
      },
    ],
    [
      'GET',
      async ({ head, response }, id) => {
        const { identity, forget } = await admit(head, true, edge.verifier);
        const forgets = forget ? ['set-cookie', forgottenCookie(edge.secure)] : [];
        const status = identity.kind === 'user' ? 200 : 204;
        if (identity.kind !== 'user') response.writeHead(status, [...noStore, ...forgets, requestId, id]).end();
        else response.writeHead(status, [...json, requestId, id]).end(sessionView(identity));
        return status;
      },
    ],
    [
      'DELETE',
      ({ head, response }, id) => {
        demandSameOrigin(head);
        response.writeHead(204, [...noStore, 'set-cookie', forgottenCookie(edge.secure), requestId, id]).end();
        return 204;
      },
    ],
  ]);
}
