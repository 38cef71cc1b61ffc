import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';
import type { Caller, Credentials, MatrixComponent, MatrixRoute } from './access-matrix.ts';
import { callers, componentsOf, credentialsOf, example, isGood, statusOf, verdictOf } from './access-matrix.ts';

/** Everything that somebody without a token may call, health aside. A line more is a decision, and is written down here. */
const open = [
  'gateway GET /offer',
  'gateway GET /products',
  'gateway GET /products/{sku}',
  'gateway GET /search',
  'gateway GET /stock',
  'gateway GET /stock/{sku}',
  'gateway POST /sessions',
  'gateway POST /users',
  'inventory GET /stock',
  'inventory GET /stock/{sku}',
  'inventory HEAD /stock',
  'inventory HEAD /stock/{sku}',
  'order GET /offer',
  'order HEAD /offer',
  'product GET /products',
  'product GET /products/{sku}',
  'product HEAD /products',
  'product HEAD /products/{sku}',
  'registry GET /',
  'registry GET /lastn',
  'search GET /search',
  'search HEAD /search',
  'user GET /.well-known/jwks.json',
  'user POST /sessions',
  'user POST /users',
];
/** The console's own session stands before these: a cookie that no token replaces, but a service's. */
const behindSession = ({ component, access }: MatrixRoute) => component === 'console' && access === 'public';

describe('who may call what, by the routers of the running shop', () => {
  let shop: TestSystem;
  let credentials: Credentials;
  let components: readonly MatrixComponent[];
  let routes: readonly MatrixRoute[];
  let cells = 0;
  before(async () => {
    shop = await startSystem(new URL('../system.ts', import.meta.url), { placement: 'one' });
    credentials = await credentialsOf(shop);
    components = await componentsOf(shop);
    routes = (await Promise.all(components.map((component) => routesOf(component, credentials)))).flat();
  });
  after(() => shop.stop());

  /** Asks as everybody and gives what was not expected. */
  async function unexpected(
    url: string,
    { component, method, path, access }: MatrixRoute,
    isExpected: (status: number, caller: Caller) => boolean,
    who: readonly Caller[] = callers,
  ): Promise<string[]> {
    const found = [];
    for (const caller of who) {
      const status = await statusOf(url, method, await credentials.authorizationOf(caller, component, access));
      cells += 1;
      if (!isExpected(status, caller)) found.push(`${component} ${method} ${path} [${access}], ${caller}: ${status}`);
    }
    return found;
  }
  const baseOf = (name: string) => components.find((component) => component.name === name)?.api ?? '';

  test('what is open to everybody is what is known to be', () => {
    const seen = routes.filter((route) => route.access === 'public' && !behindSession(route));
    assert.deepEqual(seen.map(({ component, method, path }) => `${component} ${method} ${path}`).sort(), open);
    const without = components.filter(({ name }) => !routes.some(({ component }) => component === name));
    assert.deepEqual(without, [], 'components whose routers were not seen');
  });

  test('every route of every component lets in whom it says, and nobody else', async () => {
    const heads = routes.filter(({ component, method }) => component === 'gateway' && method === 'GET');
    const all = [...routes, ...heads.map((route) => ({ ...route, method: 'HEAD' }))];
    const found = [];
    for (const route of all.filter((one) => !behindSession(one))) {
      const isBeside = route.handler === route.component;
      const fits = (status: number, caller: Caller) => {
        const verdict = verdictOf(caller, route.access);
        if (verdict !== 'passes') return status === verdict;
        return status < 500 && status !== 401 && (status !== 403 || isBeside);
      };
      found.push(...(await unexpected(baseOf(route.component) + example(route.path), route, fits)));
    }
    assert.deepEqual(found, []);
  });

  test('the console lets in nobody without its session, but services, and these change nothing', async () => {
    const found = [];
    for (const route of routes.filter(behindSession)) {
      const isService = (caller: Caller) => verdictOf(caller, 'service') === 'passes';
      const isPage = route.path === '/' || route.path === '/**';
      // What operators do is done by somebody with a name.
      const isAction = route.method === 'POST' && /^\/api\/(sagas|parked)\//.test(route.path);
      const fits = (status: number, caller: Caller) =>
        isService(caller) && !isPage && !isAction ? status !== 401 && status < 500 : status === 401;
      found.push(...(await unexpected(baseOf('console') + example(route.path), route, fits)));
    }
    assert.deepEqual(found, []);
  });

  test('nothing that is not exposed is reached through the gateway, whoever asks', async () => {
    const exposed = new Set(routes.filter(({ component }) => component === 'gateway').map(keyOf));
    const hidden = routes.filter((route) => route.component !== 'gateway' && !exposed.has(keyOf(route)));
    const found = [];
    for (const route of hidden.filter(({ method, path }) => method !== 'HEAD' && path !== '/' && path !== '/**')) {
      const asked = { ...route, component: 'gateway' };
      const fits = (status: number) => status === 404 || status === 405;
      const shadow = isShadowed(example(route.path), route.method, routes);
      if (!shadow) found.push(...(await unexpected(baseOf('gateway') + example(route.path), asked, fits)));
    }
    assert.deepEqual(found, []);
  });

  test('the management ports show health to everybody and the rest to services only', async () => {
    const found = await Promise.all(
      components.map(async ({ name, management }) => {
        const index = await ask<{ readonly _links: object }>(`${management}/actuator`, name, credentials);
        const ids = Object.keys(index._links).filter((id) => id !== 'self');
        assert.ok(ids.includes('health') && ids.length > 4, `${name}: ${ids.join(' ')}`);
        const unlike = [];
        for (const { method, path } of ['', ...ids].flatMap(askedAt)) {
          const access = path.startsWith('/actuator/health') ? 'public' : 'service';
          const fits = (status: number, caller: Caller) => {
            const verdict = verdictOf(caller, access);
            return verdict === 'passes' ? status !== 401 && status !== 403 && status < 500 : status === verdict;
          };
          // Whoever may change something would: only the others ask for a change.
          const who = method === 'GET' ? callers : callers.filter((caller) => verdictOf(caller, access) !== 'passes');
          const route = { component: name, method, path, access, handler: name };
          unlike.push(...(await unexpected(management + path, route, fits, who)));
        }
        return unlike;
      }),
    );
    assert.deepEqual(found.flat(), []);
  });

  test('health tells strangers whether it is up, and no more', async () => {
    for (const { management } of components) {
      const text = await (await fetch(`${management}/actuator/health`)).text();
      assert.deepEqual(Object.keys(JSON.parse(text) as object), ['status', 'groups']);
      cells += 1;
    }
  });

  test('enough was asked for this to mean something', (context) => {
    context.diagnostic(
      `${cells} cells: ${routes.length} routes of ${components.length} components × ${callers.length} callers, and their management ports`,
    );
    assert.ok(callers.some(isGood) && !callers.every(isGood));
    assert.ok(routes.length > 70 && cells > 4_000, `${routes.length} routes, ${cells} cells`);
  });
});

function askedAt(id: string): readonly Pick<MatrixRoute, 'method' | 'path'>[] {
  const path = `/actuator/${id}`.replace(/\/$/, '');
  const below = { method: 'GET', path: `${path}/x` };
  return [...['GET', 'POST'].map((method) => ({ method, path })), below];
}

function keyOf({ method, path }: MatrixRoute): string {
  return `${method} ${path}`;
}

/** Whether an exposed operation takes that very path. */
function isShadowed(path: string, method: string, routes: readonly MatrixRoute[]): boolean {
  return routes.some((route) => {
    if (route.component !== 'gateway' || route.method !== method) return false;
    return new RegExp(`^${route.path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
  });
}

async function ask<T>(url: string, audience: string, credentials: Credentials): Promise<T> {
  const authorization = (await credentials.authorizationOf('the right service', audience, 'service')) ?? '';
  const response = await fetch(url, { headers: { authorization } });
  assert.equal(response.status, 200, url);
  return (await response.json()) as T;
}

interface Mappings {
  readonly contexts: Readonly<
    Record<
      string,
      {
        readonly mappings: {
          readonly dispatcherHandlers: {
            readonly webHandler: readonly {
              readonly handler: string;
              readonly details: {
                readonly access: string;
                readonly requestMappingConditions: {
                  readonly methods: readonly [string];
                  readonly patterns: readonly [string];
                };
              };
            }[];
          };
        };
      }
    >
  >;
}

interface GatewayRoute {
  readonly route_id: string;
  readonly predicate: string;
  readonly metadata: { readonly access: string };
}

/** The routes of a component as it lists them itself. */
async function routesOf({ name, management }: MatrixComponent, credentials: Credentials): Promise<MatrixRoute[]> {
  if (name === 'gateway') {
    const shown = await ask<readonly GatewayRoute[]>(`${management}/actuator/gateway/routes`, name, credentials);
    return shown.map(({ route_id: handler, predicate, metadata }) => {
      const [, path = '', method = ''] = /Paths: \[(.*?)\].*Methods: \[(.*?)\]/.exec(predicate) ?? [];
      return { component: name, method, path, access: metadata.access, handler };
    });
  }
  const { contexts } = await ask<Mappings>(`${management}/actuator/mappings`, name, credentials);
  return (contexts[name]?.mappings.dispatcherHandlers.webHandler ?? []).map(({ handler, details }) => {
    const { methods, patterns } = details.requestMappingConditions;
    return { component: name, method: methods[0], path: patterns[0], access: details.access, handler };
  });
}
