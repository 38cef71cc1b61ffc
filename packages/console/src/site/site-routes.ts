import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { consoleErrors } from '../errors.ts';
import type { Guard } from './guard.ts';
import { cookieName } from './guard.ts';
import type { Sessions } from './sessions.ts';
import { sessionMs } from './sessions.ts';
import { signedOutPage, signedOutPolicy } from './signed-out-page.ts';
import type { StaticFile } from './static-files.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const reserved = /^\/(api|v1|zipkin|actuator|\.dure)(\/|$)/;

/**
 * The web pages, for holders of a session. `?token=` opens one and leads to the same page without it. A path without
 * a file is a page of the single-page application.
 */
export function siteRoutes(
  sessions: Sessions,
  guard: Guard,
  files: () => Promise<ReadonlyMap<string, StaticFile>>,
): readonly HttpRoute[] {
  const handle = async (request: HttpRequest): Promise<HttpResponse> => {
    guard.host(request);
    const path = request.url.split('?')[0] ?? '/';
    if (reserved.test(path)) throw consoleErrors.NOT_FOUND(`there is nothing at ${path.slice(0, 100)}`);
    const token = request.query.get('token');
    if (token !== null) return open(sessions.open(token), guard.signedIn(request), pathWithout(request, path), request);
    if (!guard.signedIn(request)) return signedOut();
    const found = await files();
    const file = found.get(path) ?? (/\.\w+$/.test(path) ? undefined : found.get('/index.html'));
    if (file === undefined) throw consoleErrors.NOT_FOUND(`there is no page or file at ${path.slice(0, 100)}`);
    const caching = file.immutable ? 'private, max-age=31536000, immutable' : 'no-cache';
    const headers = {
      ...always,
      'content-type': file.type,
      'cache-control': caching,
      'content-security-policy': policy,
    };
    return { status: 200, headers, body: file.bytes };
  };
  return [
    { method: 'GET', path: '/', access: 'public', handle },
    { method: 'GET', path: '/*', access: 'public', handle },
  ];
}

function open(session: string | undefined, signedIn: boolean, path: string, request: HttpRequest): HttpResponse {
  if (session === undefined && !signedIn) return signedOut();
  const cookie = `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionMs / 1_000}`;
  const headers = {
    ...always,
    'cache-control': 'no-store',
    ...(session === undefined ? {} : { 'set-cookie': cookie }),
  };
  // A strict cookie is not sent when another site's link led here, not even after a redirect: such a visitor goes on
  // from a page of ours.
  if (request.headers['sec-fetch-site'] === 'cross-site') {
    const page = '<!doctype html><meta charset="utf-8"><title>Dure</title>';
    return { status: 200, headers: { ...headers, refresh: `0; url=${path}`, 'content-type': 'text/html' }, body: page };
  }
  return { status: 303, headers: { ...headers, location: path } };
}

/** The page's own address without the token; never another site's, which `//` would begin. */
function pathWithout(request: HttpRequest, path: string): string {
  const rest = new URLSearchParams(request.query);
  rest.delete('token');
  const query = rest.toString();
  const own = `/${path.replace(/^[/\\]+/, '')}`;
  return query === '' ? own : `${own}?${query}`;
}

function signedOut(): HttpResponse {
  const headers = {
    ...always,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': signedOutPolicy,
  };
  return { status: 401, headers, body: signedOutPage };
}
