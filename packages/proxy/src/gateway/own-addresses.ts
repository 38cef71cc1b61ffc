import { createHash } from 'node:crypto';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
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
import type { StaticFiles } from './static-files.ts';

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
/** In bytes. */
const longestSignIn = 65_536;

type Answer = (arrived: ArrivedRequest) => Promise<void> | void;

/** Opens the gateway's own addresses: the API's document, the session, the storefront. */
export function ownAddresses(edge: Edge, options: OwnAddressOptions): OwnAddresses {
  const fixed = new Map([[openApiPath, documentAnswers(options.openApi)]]);
  if (options.session !== undefined) fixed.set(sessionPath, sessionAnswers(edge, options.session));
  return {
    async answer(arrived) {
      const { request, response, target } = arrived;
      const method = request.method ?? '';
      const known = fixed.get(target.path);
      const answer = known?.get(method);
      if (answer !== undefined) {
        await answer(arrived);
        return;
      }
      const allowed = known === undefined ? options.routes.allowed(arrived) : [...known.keys(), 'OPTIONS'];
      if (method === 'OPTIONS' && allowed.length > 0) {
        response.writeHead(204, ['allow', allowed.join(', ')]).end();
        return;
      }
      if (known === undefined && options.storefront !== undefined && sendPage(arrived, options.storefront)) return;
      if (allowed.length === 0) throw gatewayErrors.NOT_FOUND('there is nothing at this path');
      throw gatewayErrors.METHOD_NOT_ALLOWED(`this path takes ${allowed.join(', ')}, not ${method.slice(0, 20)}`, {
        details: { allow: allowed.join(', ') },
      });
    },
  };
}

/** A file of the storefront, or its index for a page that the web application routes by itself. */
function sendPage({ request, response, target }: ArrivedRequest, files: StaticFiles): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const file = files.find(target.path);
  const isPage = (request.headers.accept ?? '').includes('text/html');
  if (file === undefined && !isPage) return false;
  sendFile(request, response, file ?? files.index);
  return true;
}

function documentAnswers(document: unknown): ReadonlyMap<string, Answer> {
  const text = JSON.stringify(document);
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const fields = ['content-type', 'application/json; charset=utf-8', 'cache-control', 'no-cache', 'etag', etag];
  const answer: Answer = ({ request, response }) => {
    sendContent(request, response, [...fields, 'x-content-type-options', 'nosniff'], text);
  };
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
      },
    ],
    [
      'GET',
      async ({ head, response }) => {
        const { identity, forget } = await admit(head, true, edge.verifier);
        const forgets = forget ? ['set-cookie', forgottenCookie(edge.secure)] : [];
        if (identity.kind !== 'user') response.writeHead(204, [...noStore, ...forgets]).end();
        else response.writeHead(200, json).end(sessionView(identity));
      },
    ],
    [
      'DELETE',
      ({ head, response }) => {
        demandSameOrigin(head);
        response.writeHead(204, [...noStore, 'set-cookie', forgottenCookie(edge.secure)]).end();
      },
    ],
  ]);
}
