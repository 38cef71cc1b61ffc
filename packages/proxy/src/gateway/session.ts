import type { Clock, Identity } from '@dure/core';
import type { AnyContract, HttpOperation } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import { bareValue } from '../http/field-kinds.ts';
import type { RequestHead } from '../http/request-head.ts';
import { isSameOrigin } from '../http/same-origin.ts';

/** How browsers stay signed in. */
export interface SessionOptions {
  /** The service that signs users in. */
  readonly issuer: AnyContract;
  /** The issuer's operation that answers JSON with a `token`, a user's token. */
  readonly signIn: string;
  /** Marks the cookie `Secure`: for a gateway behind TLS. Default false. */
  readonly secure?: boolean;
}

/** The path of the session: POST signs in, GET tells who is signed in, DELETE signs out. */
export const sessionPath = '/session';
const cookieName = 'dure_session';
const longestToken = 4_000;

/** A session cookie that came, and the client's other cookies. */
export interface SessionCookie {
  readonly token: string | undefined;
  /** What is left of the `Cookie` field; undefined when nothing is. */
  readonly others: string | undefined;
}

/** Takes the session's token out of a `Cookie` field, so that it reaches no service as a cookie. */
export function readCookie(cookie: string | undefined): SessionCookie {
  if (cookie === undefined) return { token: undefined, others: undefined };
  if (!cookie.includes(cookieName)) return { token: undefined, others: cookie };
  let token: string | undefined;
  const others = cookie.split(';').filter((pair) => {
    const at = pair.indexOf('=');
    if (pair.slice(0, Math.max(at, 0)).trim() !== cookieName) return true;
    token ??= pair.slice(at + 1).trim();
    return false;
  });
  const left = bareValue(others.join(';'));
  return { token: token === '' ? undefined : token, others: left === '' ? undefined : left };
}

/** The `Set-Cookie` that keeps a token until it ends. */
export function sessionCookie(token: string, maxAgeSeconds: number, secure: boolean): string {
  return `${cookieName}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
}

/** The `Set-Cookie` that forgets the session. */
export function forgottenCookie(secure: boolean): string {
  return sessionCookie('', 0, secure);
}

/** Refuses a request that changes something and that a page of another origin made (GATEWAY_CROSS_SITE). */
export function demandSameOrigin(head: RequestHead): void {
  if (!isSameOrigin(head)) throw gatewayErrors.CROSS_SITE('a page of another origin cannot act by the session cookie');
}

/** The operation that signs in. GATEWAY_SESSION_INVALID when the contract has none of that name. */
export function signInOperation({ issuer, signIn }: SessionOptions): HttpOperation {
  const operation = Object.hasOwn(issuer.operations, signIn) ? issuer.operations[signIn] : undefined;
  if (operation?.method === 'POST' && !operation.path.includes(':') && operation.spec.grpc === undefined)
    return operation;
  throw gatewayErrors.SESSION_INVALID(
    `the session signs in by "${issuer.name}.${signIn}", which is no POST operation without path parameters, and without \`grpc\`, of that contract; it has ${Object.keys(issuer.operations).join(', ')}`,
    { details: { issuer: issuer.name, signIn } },
  );
}

/** What a successful sign-in becomes: the token turns into a cookie, the rest is the answer. */
export interface SignedIn {
  readonly cookie: string;
  readonly body: string;
}

/** Reads the answer of the sign-in operation. GATEWAY_SIGN_IN_ANSWER when it holds no token that can be kept. */
export function signedIn(answer: Buffer, clock: Clock, secure: boolean): SignedIn {
  const parsed = parseObject(answer.toString('utf8'));
  const token = parsed?.token;
  const ends = typeof token === 'string' ? endOf(token) : undefined;
  if (parsed === undefined || typeof token !== 'string' || ends === undefined) {
    throw gatewayErrors.SIGN_IN_ANSWER('the sign-in operation answered without a `token` that is a user token');
  }
  const { token: _, ...shown } = parsed;
  const maxAge = Math.max(0, Math.floor(ends - clock.now() / 1_000));
  return { cookie: sessionCookie(token, maxAge, secure), body: JSON.stringify(shown) };
}

/** Who is signed in, as the page sees it. */
export function sessionView(identity: Identity): string {
  return JSON.stringify({ subject: identity.subject, roles: identity.roles });
}

/** The end of a token in epoch seconds. The signature is not checked here: whoever uses the cookie is verified each time. */
function endOf(token: string): number | undefined {
  if (token.length > longestToken || !/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const claims = parseObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof claims?.exp === 'number' && Number.isFinite(claims.exp) ? claims.exp : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
