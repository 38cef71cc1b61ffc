import type { Identity } from '@dure/core';
import { anonymous, codeOf, userOf } from '@dure/core';
import type { Access } from '@dure/service/contract';
import type { TokenVerifier } from '@dure/service/server';
import { serviceErrors } from '@dure/service/server';
import { WithFields } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { Edge } from './edge.ts';
import { demandSameOrigin, forgottenCookie, readCookie } from './session.ts';

/** What a request may pass with. */
export interface Admission {
  readonly identity: Identity;
  /** The `Authorization` that is forwarded. */
  readonly authorization: string | undefined;
  /** The cookies that are forwarded. */
  readonly cookie: string | undefined;
  /** The session cookie is no good any more and should be forgotten. */
  readonly forget: boolean;
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Verifies whoever sent a request. `Authorization` comes before the session cookie, which stands for it and counts only
 * from a page of this origin for anything but a read (GATEWAY_CROSS_SITE); a WebSocket is more than a read. A session that
 * has ended makes its user anonymous, a bad `Authorization` is SERVICE_TOKEN_INVALID.
 */
export function admit(head: RequestHead, isRead: boolean, verifier: TokenVerifier): Admission | Promise<Admission> {
  const { authorization } = head;
  const { token, others } = readCookie(head.cookie);
  if (authorization !== undefined) {
    return verifier
      .verify(authorization)
      .then((identity) => ({ identity, authorization, cookie: others, forget: false }));
  }
  if (token === undefined) return { identity: anonymous, authorization: undefined, cookie: others, forget: false };
  if (!isRead) demandSameOrigin(head);
  const fromCookie = `Bearer ${token}`;
  return verifier.verify(fromCookie).then(
    (identity) => ({ identity, authorization: fromCookie, cookie: others, forget: false }),
    (error: unknown) => {
      if (codeOf(error) !== serviceErrors.TOKEN_INVALID.code) throw error;
      return { identity: anonymous, authorization: undefined, cookie: others, forget: true };
    },
  );
}

/** Enforces an operation's access, as the service does again. SERVICE_TOKEN_MISSING, SERVICE_FORBIDDEN. */
export function demandAccess(access: Access, identity: Identity): void {
  if (access === 'public') return;
  if (identity.kind === 'anonymous') throw serviceErrors.TOKEN_MISSING('this operation is for signed-in users');
  const user = userOf(identity);
  if (access === 'user' && user !== undefined) return;
  if (typeof access === 'object' && 'role' in access) {
    if (user?.roles.includes(access.role) === true) return;
    throw serviceErrors.FORBIDDEN(`this operation needs the role "${access.role}"`);
  }
  if (typeof access === 'object' && 'userScope' in access) {
    if (user?.scopes.includes(access.userScope) === true) return;
    throw serviceErrors.FORBIDDEN(`this operation needs the user's scope "${access.userScope}"`);
  }
  throw serviceErrors.FORBIDDEN('this operation is for users');
}

/** Finds out who asks; a session that has ended is forgotten by the answer, whatever it is. */
export function authenticated({ verifier, secure }: Edge): EdgeLayer {
  const take = (exchange: Exchange, { identity, authorization, cookie, forget }: Admission) => {
    exchange.identity = identity;
    exchange.authorization = authorization;
    exchange.cookie = cookie;
    if (forget) exchange.answer = new WithFields(exchange.answer, ['set-cookie', forgottenCookie(secure)]);
  };
  return (next) => (exchange) => {
    const isRead = safeMethods.has(exchange.method) && exchange.upgrade === undefined;
    const admission = admit(exchange.head, isRead, verifier);
    if (!(admission instanceof Promise)) {
      take(exchange, admission);
      return next(exchange);
    }
    return admission.then((admitted) => {
      take(exchange, admitted);
      return exchange.isClosed ? undefined : next(exchange);
    });
  };
}

/** Lets through whom an operation's access allows. */
export function authorised(access: Access): EdgeLayer {
  return (next) => (exchange) => {
    demandAccess(access, exchange.identity);
    return next(exchange);
  };
}
