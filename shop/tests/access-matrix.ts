import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestSystem } from '@dure/dure/testing';
import type { Jwk } from '@dure/identity';
import { generateSigningKey, issueUserToken, serviceTokens } from '@dure/identity';

/** A route of a running component, as its own router lists it. */
export interface MatrixRoute {
  readonly component: string;
  readonly method: string;
  /** With `{…}` for parameters and a last `**`. */
  readonly path: string;
  /** In words: `role admin`. */
  readonly access: string;
  /** `order.place`, or the component's name for a route beside its contract. */
  readonly handler: string;
}

/** Where a component listens. */
export interface MatrixComponent {
  readonly name: string;
  readonly api: string;
  readonly management: string;
}

/** Everybody who may be at a door. What they send depends on whose door it is and what it demands. */
export const callers = [
  'nobody',
  'a malformed token',
  'an expired user',
  'an expired service',
  'a forged user',
  'a forged service',
  'a service for another audience',
  'the edge for another service',
  'a user without the role or scope',
  'the edge for a user without the role or scope',
  'a service without the scope',
  'the right user',
  'the edge for the right user',
  'the right service',
] as const;
export type Caller = (typeof callers)[number];

/** Makes what each caller sends, by the keys of a running system. */
export interface Credentials {
  authorizationOf(caller: Caller, audience: string, access: string): Promise<string | undefined>;
}

/** A user whom no service knows. */
const nobodyElse = '0193d8c0-0000-7000-8000-00000000000a';
/** By a clock that does not move; a user's token lives for an hour. */
const twoHoursAgo = Date.now() - 7_200_000;
const frozen = (at: number) => ({ now: () => at, monotonicMs: () => 0, after: () => ({ cancel: () => undefined }) });
const clock = { ...frozen(0), now: () => Date.now() };
const ids = { uuid: () => crypto.randomUUID(), traceId: () => '', spanId: () => '' };

/** Reads the keys that the supervisor made; only the owner of its folder can. */
export async function credentialsOf({ stateFolder }: TestSystem): Promise<Credentials> {
  const read = async (name: string) =>
    JSON.parse(await readFile(join(stateFolder, 'keys', `${name}.json`), 'utf8')) as Jwk;
  const keys = { user: await read('user'), order: await read('order'), gateway: await read('gateway') };
  const stranger = await generateSigningKey();
  const forged = (key: Jwk): Jwk => ({ ...stranger, kid: key.kid });
  const userToken = async (access: string, changes: { readonly key?: Jwk; readonly at?: number } = {}) => {
    const { key = keys.user, at } = changes;
    const grants = grantsOf(access);
    const when = at === undefined ? clock : frozen(at);
    const issued = await issueUserToken({ subject: nobodyElse, ...grants, key, clock: when, ids });
    return `Bearer ${issued.token}`;
  };
  const service = (name: 'order' | 'gateway', audience: string, access: string, key = keys[name], at?: number) =>
    serviceTokens({
      service: name,
      key,
      scopes: { [audience]: access.startsWith('scope ') ? [access.slice('scope '.length)] : [] },
      clock: at === undefined ? clock : frozen(at),
      ids,
    });
  const edge = (audience: string, access: string) =>
    service('gateway', audience, '').authorize(audience, {
      kind: 'user',
      subject: nobodyElse,
      ...grantsOf(access),
    });
  const makers: Readonly<Record<Caller, (audience: string, access: string) => Promise<string | undefined>>> = {
    nobody: async () => undefined,
    'a malformed token': async () => 'Bearer x.y.z',
    'an expired user': (_, access) => userToken(access, { at: twoHoursAgo }),
    'an expired service': (audience, access) =>
      service('order', audience, access, keys.order, twoHoursAgo).authorize(audience, undefined),
    'a forged user': (_, access) => userToken(access, { key: forged(keys.user) }),
    'a forged service': (audience, access) =>
      service('order', audience, access, forged(keys.order)).authorize(audience, undefined),
    'a service for another audience': (_, access) =>
      service('order', 'elsewhere', access).authorize('elsewhere', undefined),
    'the edge for another service': (_, access) => edge('elsewhere', access),
    'a user without the role or scope': () => userToken('role customer'),
    'the edge for a user without the role or scope': (audience) => edge(audience, 'role customer'),
    'a service without the scope': (audience) => service('order', audience, '').authorize(audience, undefined),
    'the right user': (_, access) => userToken(access),
    'the edge for the right user': (audience, access) => edge(audience, access),
    'the right service': (audience, access) => service('order', audience, access).authorize(audience, undefined),
  };
  const made = new Map<string, { readonly at: number; readonly authorization: Promise<string | undefined> }>();
  return {
    authorizationOf(caller, audience, access) {
      const name = [caller, audience, access].join();
      const known = made.get(name);
      if (known !== undefined && Date.now() - known.at < reusedForMs) return known.authorization;
      const authorization = makers[caller](audience, access);
      made.set(name, { at: Date.now(), authorization });
      return authorization;
    },
  };
}

/** Much less than a token lives. */
const reusedForMs = 15_000;

/** What a user has who may pass. */
function grantsOf(access: string): { readonly roles: readonly string[]; readonly scopes: readonly string[] } {
  const granted = (kind: string) => (access.startsWith(`${kind} `) ? [access.slice(kind.length + 1)] : []);
  return { roles: granted('role'), scopes: granted('user scope') };
}

type Verdict = 'passes' | 401 | 403;

/** What must come of it, from who it is and what is demanded alone. */
export function verdictOf(caller: Caller, access: string): Verdict {
  if (caller === 'nobody') return access === 'public' ? 'passes' : 401;
  if (!isGood(caller)) return 401; // not even for what is public
  const isUser = caller.includes('user');
  const isService = !isUser;
  const isRight = caller.includes('right');
  if (access === 'public') return 'passes';
  if (access === 'service') return isService ? 'passes' : 403;
  if (access === 'user') return isUser ? 'passes' : 403;
  if (access.startsWith('scope ')) return caller === 'the right service' ? 'passes' : 403;
  return isUser && isRight ? 'passes' : 403;
}

/** Whether the token is one, for this audience and at this time. */
export function isGood(caller: Caller): boolean {
  return caller.includes('without the') || caller.startsWith('the right') || caller === 'the edge for the right user';
}

/** Every component of a running system. */
export async function componentsOf(system: TestSystem): Promise<readonly MatrixComponent[]> {
  const { components } = await system.status();
  return components.flatMap(({ services }) =>
    services.map(({ name, port, managementPort }) => ({
      name,
      api: `http://127.0.0.1:${port}`,
      management: `http://127.0.0.1:${managementPort}`,
    })),
  );
}

/** Asks for a status; what has not answered after two seconds, as a long poll, was let in: 200. */
export async function statusOf(url: string, method: string, authorization: string | undefined): Promise<number> {
  const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE';
  const left = new AbortController();
  const timer = setTimeout(() => left.abort(), 2_000);
  try {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: left.signal,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(hasBody ? { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() } : {}),
      },
      ...(hasBody ? { body: '{}' } : {}),
    });
    left.abort();
    return response.status;
  } catch (error) {
    if (left.signal.aborted) return 200;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A path that a pattern takes. */
export function example(pattern: string): string {
  return pattern.replace(/\{[^}]+\}/g, '0193d8c0-0000-7000-8000-000000000000').replace(/\*+$/, 'x');
}
