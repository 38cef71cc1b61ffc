import type { Call } from '@dure/core';
import type { HttpRequest } from '@dure/service/server';
import { consoleErrors } from '../errors.ts';
import type { Sessions } from './sessions.ts';

/** Lets a request pass or throws: CONSOLE_HOST, CONSOLE_SIGN_IN, CONSOLE_ORIGIN. */
export interface Guard {
  /** Only those who reached the console by its own name, against DNS rebinding. */
  host(request: HttpRequest): void;
  /** Holders of a session, and services with their token. */
  session(request: HttpRequest, call: Call): void;
  /** Holders of a session, from a page of the console: other pages of the same machine send its cookie, too. */
  change(request: HttpRequest): void;
  signedIn(request: HttpRequest): boolean;
}

export const cookieName = 'dure_console';
const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

/** Guards by name of the host and by session; `hosts` are names besides those of the loopback. */
export function guard(sessions: Sessions, hosts: readonly string[] = []): Guard {
  const names = new Set([...loopbackNames, ...hosts.map((name) => name.toLowerCase())]);
  const host = (request: HttpRequest) => {
    const given = header(request, 'host')?.toLowerCase() ?? '';
    const name = given.replace(/:\d{1,5}$/, '');
    if (names.has(name)) return;
    throw consoleErrors.HOST(
      `the console was asked for as "${given.slice(0, 100)}", which is no name of it; open the URL that \`dure status\` prints`,
    );
  };
  const signedIn = (request: HttpRequest) => sessions.valid(cookieOf(request));
  const session = (request: HttpRequest) => {
    host(request);
    if (!signedIn(request)) {
      throw consoleErrors.SIGN_IN('there is no session; open the URL that `dure status` prints, it works once');
    }
  };
  return {
    host,
    signedIn,
    session(request, call) {
      if (call.identity.kind !== 'service') session(request);
    },
    change(request) {
      session(request);
      if (isOwnPage(request)) return;
      const from = header(request, 'origin') ?? 'nowhere';
      throw consoleErrors.ORIGIN(`a change was asked for as JSON from ${from.slice(0, 100)}, which is no page of it`);
    },
  };
}

/**
 * A port of the same host is another origin but the same site, so a strict cookie alone proves nothing. JSON cannot be sent across
 * origins without being asked for first, which is never answered; the origin is compared besides.
 */
function isOwnPage(request: HttpRequest): boolean {
  const origin = URL.parse(header(request, 'origin') ?? '');
  const isJson = header(request, 'content-type')?.split(';')[0]?.trim().toLowerCase() === 'application/json';
  return isJson && origin?.host === header(request, 'host')?.toLowerCase();
}

function cookieOf(request: HttpRequest): string | undefined {
  const cookies = header(request, 'cookie')?.split(';') ?? [];
  const own = cookies.map((cookie) => cookie.trim()).find((cookie) => cookie.startsWith(`${cookieName}=`));
  return own?.slice(cookieName.length + 1);
}

function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
