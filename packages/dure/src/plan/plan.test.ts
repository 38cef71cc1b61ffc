import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { event } from '@dure/messaging';
import type { AnyContract } from '@dure/service/contract';
import { command, contract, get, post } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { on, service } from '@dure/service/server';
import { z } from 'zod';
import type { Definitions } from '../load-system.ts';
import { edge, system } from '../system.ts';
import { checkCounts, instanceNames } from './instances.ts';
import { messageFlow } from './message-flow.ts';
import { askedPorts, portsFrom } from './placement.ts';
import type { RunSettings } from './plan.ts';
import { planProcesses, planSystem } from './plan.ts';
import { scopesOf } from './scopes.ts';

const Order = z.object({ orderId: z.string() });
const placed = event('order.placed', { schema: Order, key: (data) => data.orderId });
const added = event('product.added', { schema: Order, key: (data) => data.orderId });
const product = contract('product', { list: get('/products', { access: 'public' }) }, { emits: [added] });
const inventory = contract('inventory', {
  getStock: get('/stock', { access: 'public' }),
  correct: post('/corrections', { access: { scope: 'inventory:correct' } }),
  audit: get('/audit', { access: { scope: 'inventory:audit' } }),
  reserve: command({ input: Order, key: (input) => input.orderId }),
});
const order = contract('order', { place: post('/orders', { access: 'user' }) }, { emits: [placed] });
const pages = contract('pages', { orderPage: get('/pages/order', { access: 'user' }) });

const database = { kind: 'postgres', folder: '/shop' };
const definition = (spec: Partial<ServiceDefinition> & { readonly contract: AnyContract }): ServiceDefinition => ({
  ...service({ contract: spec.contract, start: () => ({}) as never }),
  ...spec,
});
const saga = {
  kind: 'saga' as const,
  name: 'placeOrder',
  version: 1,
  shape: 'reserve',
  sends: [inventory.commands.reserve],
  waits: [],
};

const definitions: Definitions = {
  product: definition({ contract: product, database }),
  inventory: definition({
    contract: inventory,
    database,
    reactions: [on(added, async () => undefined), on(placed, async () => undefined)],
  }),
  order: definition({
    contract: order,
    database,
    sagas: [saga],
    uses: { stock: inventory.only('getStock', 'correct'), product },
  }),
  pages: definition({ contract: pages, uses: { order, product } }),
};
const lazy = (name: string) => async () => definitions[name] as ServiceDefinition;
const shop = system('shop', {
  services: { product: lazy('product'), inventory: lazy('inventory'), order: lazy('order') },
  edge: edge({
    expose: [product, order, pages],
    composed: { pages: lazy('pages') },
    session: { issuer: order, signIn: 'place' },
  }),
  config: './config',
});

const key = (name: string) => ({
  kty: 'EC',
  crv: 'P-256',
  x: `${name}-x`,
  y: `${name}-y`,
  d: `${name}-secret`,
  kid: name,
});
const owners = ['supervisor', 'registry', 'config', 'console', 'gateway', 'product', 'inventory', 'order', 'pages'];
const settings: RunSettings = {
  placement: 'each',
  host: '127.0.0.1',
  ports: portsFrom(undefined),
  mode: 'development',
  stateFolder: '/shop/.dure',
  keys: Object.fromEntries(owners.map((name) => [name, key(name)])),
  databaseUrls: { product: 'postgres://product', inventory: 'postgres://inventory', order: 'postgres://order' },
  consoleToken: 'one-time',
};
const loaded = { system: shop, module: '/shop/system.ts', folder: '/shop' };

test('each service has its process; the platform comes first, the gateway with the composed services last', () => {
  assert.deepEqual(
    planProcesses(shop, 'each').map(({ name, stage, services }) => [name, stage, services]),
    [
      ['registry', 'platform', ['registry']],
      ['config', 'platform', ['config']],
      ['console', 'platform', ['console']],
      ['product', 'services', ['product']],
      ['inventory', 'services', ['inventory']],
      ['order', 'services', ['order']],
      ['gateway', 'edge', ['pages', 'gateway']],
    ],
  );
});

test('placed in one process, everything starts in the same order there', () => {
  assert.deepEqual(planProcesses(shop, 'one'), [
    {
      name: 'all',
      stage: 'edge',
      services: ['registry', 'config', 'console', 'product', 'inventory', 'order', 'pages', 'gateway'],
    },
  ]);
});

test('a service does not pull its own log: what awaits its own events follows it where it is', () => {
  const reacting = definition({ contract: product, database, reactions: [on(added, async () => undefined)] });
  const waiting = definition({ contract: product, database, sagas: [{ ...saga, sends: [], waits: [added] }] });
  for (const own of [reacting, waiting]) {
    const { pulls, grants } = messageFlow({ ...definitions, product: own });
    assert.deepEqual(pulls.product, []);
    assert.equal(grants.product?.product, undefined);
  }
});

test('the run file of a service holds what it needs and nothing more', () => {
  const run = planSystem(loaded, definitions, settings).find(({ name }) => name === 'order')?.runFile;
  const { peers, ...rest } = run ?? assert.fail('there is no process "order"');
  assert.deepEqual(rest, {
    system: 'shop',
    module: '/shop/system.ts',
    folder: '/shop',
    stateFolder: '/shop/.dure',
    process: 'order',
    services: {
      order: {
        ports: { api: 0, management: 0 },
        key: key('order'),
        scopes: { inventory: ['inventory:correct'], product: [] },
        databaseUrl: 'postgres://order',
        pulls: ['inventory'],
        grants: { inventory: { events: ['order.placed'], addressed: true } },
      },
    },
    mode: 'development',
    host: '127.0.0.1',
    registryUrl: 'http://127.0.0.1:8761',
    configUrl: 'http://127.0.0.1:8888',
    telemetryUrl: 'http://127.0.0.1:9411',
    configPlaces: ['/shop/config'],
    userIssuer: 'order',
    keyringFile: '/shop/.dure/keyring.json',
  });
  assert.deepEqual(Object.keys(peers), owners);
});

test('a router, where the system has one, has a process and a port of its own, and the key of nobody else', () => {
  const routed = { ...shop, router: {} };
  const ports = { ...portsFrom(9_000), ...askedPorts(routed, 9_000, portsFrom(9_000)) };
  const keys = { ...settings.keys, router: key('router') };
  assert.deepEqual(
    planProcesses(routed, 'each').map(({ name }) => name),
    ['registry', 'config', 'console', 'product', 'inventory', 'order', 'router', 'gateway'],
  );
  assert.deepEqual(planProcesses(routed, 'one')[0]?.services.slice(-3), ['router', 'pages', 'gateway']);
  const runs = planSystem({ ...loaded, system: routed }, definitions, { ...settings, ports, keys });
  const router = runs.find(({ name }) => name === 'router')?.runFile;
  assert.deepEqual(router?.services.router?.ports, { api: 9_004, management: 0 });
  assert.ok(!JSON.stringify(router).includes('order-secret'));
  assert.deepEqual(askedPorts(routed, undefined, portsFrom(undefined)), { router: 8081 });
});

test('DNS answers, where the system has them, have a port of their own and are the registry’s', () => {
  const named = { ...shop, dns: { zone: 'shop.test' } };
  assert.deepEqual(askedPorts(named, undefined, portsFrom(undefined)), { dns: 8600 });
  assert.deepEqual(askedPorts({ ...named, router: {} }, 9_000, portsFrom(9_000)), { router: 9_004, dns: 9_005 });
  assert.deepEqual(askedPorts({ ...named, dns: { port: 53, zone: 'a' } }, 9_000, portsFrom(9_000)), { dns: 53 });
  assert.deepEqual(askedPorts(shop, 9_000, portsFrom(9_000)), {});
  const ports = { ...portsFrom(9_000), dns: 9_005 };
  const runs = planSystem({ ...loaded, system: named }, definitions, { ...settings, ports });
  const told = runs.filter(({ runFile }) => runFile.dns !== undefined);
  assert.deepEqual(
    told.map(({ name, runFile }) => [name, runFile.dns]),
    [['registry', { port: 9_005, zone: 'shop.test' }]],
  );
});

test('the passwords of foreign programs are told to the registry and the config server alone', () => {
  const price = contract('price', { get: get('/price', { access: 'public' }) });
  const joined = { ...shop, foreign: { price: { passwordFile: './price.password' } } };
  const using = { ...definitions, pages: definition({ contract: pages, uses: { price } }) };
  const runs = planSystem({ ...loaded, system: joined }, using, { ...settings, foreign: { price: 'correct horse' } });
  const told = runs.filter(({ runFile }) => JSON.stringify(runFile).includes('correct horse'));
  assert.deepEqual(
    told.map(({ name, runFile }) => [name, runFile.foreign]),
    [
      ['registry', { price: 'correct horse' }],
      ['config', { price: 'correct horse' }],
    ],
  );
  assert.throws(() => planSystem(loaded, using, settings), /uses "price", but the system has no such service/);
});

test('each service, and each server of the platform, is told its own user of the bus', () => {
  const busCredentials = { order: { user: 'order', password: 'horse' }, '*': { user: 'shop', password: 'staple' } };
  for (const { name, runFile } of planSystem(loaded, definitions, { ...settings, busCredentials })) {
    const told = new Set(JSON.stringify(runFile.services).match(/horse|staple/g));
    assert.deepEqual(told, new Set([name === 'order' ? 'horse' : 'staple']), name);
  }
});

test('a service may be called dns', () => {
  const named = system('named', { services: { dns: lazy('product') }, edge: edge({ expose: [] }), dns: true });
  const run = { ...settings, ports: { ...settings.ports, dns: 8600 } };
  const runs = planSystem({ ...loaded, system: named }, {}, run);
  assert.deepEqual(runs.find(({ name }) => name === 'dns')?.runFile.services.dns?.ports, { api: 0, management: 0 });
});

test('no run file holds another service’s secret', () => {
  for (const { name, services, runFile } of planSystem(loaded, definitions, settings)) {
    const text = JSON.stringify(runFile);
    for (const other of owners.filter((owner) => !services.includes(owner))) {
      assert.ok(!text.includes(`${other}-secret`), `${name} knows the key of ${other}`);
      assert.ok(!text.includes(`postgres://${other}`), `${name} knows the database of ${other}`);
    }
    assert.equal('consoleToken' in runFile, services.includes('console'));
  }
});

test('the platform listens on the ports that everybody knows', () => {
  const ports = Object.fromEntries(
    planSystem(loaded, definitions, { ...settings, ports: portsFrom(9_000) }).flatMap(({ runFile }) =>
      Object.entries(runFile.services).map(([name, run]) => [name, run.ports.api]),
    ),
  );
  assert.deepEqual(ports, {
    gateway: 9_000,
    registry: 9_001,
    config: 9_002,
    console: 9_003,
    product: 0,
    inventory: 0,
    order: 0,
    pages: 0,
  });
  assert.deepEqual(portsFrom(undefined), { gateway: 8080, registry: 8761, config: 8888, console: 9411 });
});

test('a service pulls from where its events, its commands and its replies come, and may read nothing else', () => {
  const flow = messageFlow(definitions);
  assert.deepEqual(flow.pulls, { product: [], inventory: ['order', 'product'], order: ['inventory'], pages: [] });
  assert.deepEqual(flow.grants, {
    product: { inventory: { events: ['product.added'], addressed: false } },
    inventory: { order: { events: [], addressed: true } },
    order: { inventory: { events: ['order.placed'], addressed: true } },
    pages: {},
  });
});

test('whoever asks a command exchanges messages with the service that carries it out, and asks nothing that is not there', () => {
  const reserve = inventory.commands.reserve;
  const start = () => ({}) as never;
  const asking = service({ contract: product, database, uses: { order, reserve }, start });
  assert.deepEqual(Object.keys(asking.uses), ['order'], 'it calls no operation of it');
  const { pulls, grants } = messageFlow({ ...definitions, product: asking });
  assert.deepEqual(pulls.product, ['inventory']);
  assert.equal(grants.product?.inventory?.addressed, true);
  assert.equal(grants.inventory?.product?.addressed, true);
  const lost = service({ contract: product, database, uses: { lost: { ...reserve, name: 'lost' } }, start });
  assert.throws(() => messageFlow({ ...definitions, product: lost }), /"product" asks "inventory.lost", but/);
});

test('what may be replayed is told with the service in whose log it stands', () => {
  const react = on(added, async () => undefined, { name: 'count', replayable: true });
  const replaying = definition({ contract: order, database, reactions: [react] });
  const { replays } = messageFlow({ ...definitions, order: replaying });
  assert.deepEqual(replays.order, { 'product.added': 'product' });
  assert.deepEqual(replays.inventory, {});
});

test('a service holds the scopes of the operations it uses, not those of the whole service', () => {
  assert.deepEqual(scopesOf(definitions).order, { inventory: ['inventory:correct'], product: [] });
  assert.deepEqual(scopesOf(definitions).pages, { order: [], product: [] });
});

test('a service at a fixed address need not be of the system, and is given no scope', () => {
  const away = definition({
    contract: order,
    database,
    uses: { maps: contract('maps', {}).at('https://maps.example') },
  });
  assert.deepEqual(scopesOf({ order: away }), { order: {} });
});

const contradictions: readonly (readonly [string, Definitions, RegExp])[] = [
  [
    'a service that uses a service which is not there',
    { order: definition({ contract: order, database, uses: { product } }) },
    /"order" uses "product", but the system has no such service/,
  ],
  [
    'a reaction to an event that nobody emits',
    { inventory: definition({ contract: inventory, database, reactions: [on(placed, async () => undefined)] }) },
    /"inventory" reacts to the event "order.placed", which no service of the system emits/,
  ],
  [
    'a saga that sends a command to nobody',
    { order: definition({ contract: order, database, sagas: [saga] }) },
    /the saga "placeOrder" of "order" sends "inventory.reserve", but the system has no such service/,
  ],
  [
    'a saga that sends a command which is not in the contract',
    {
      order: definition({ contract: order, database, sagas: [saga] }),
      inventory: definition({ contract: inventory.only('getStock'), database }),
    },
    /but "inventory" has no such command/,
  ],
  [
    'two services that emit one event',
    {
      order: definition({ contract: order, database }),
      product: definition({ contract: { ...product, emits: [placed] }, database }),
    },
    /both "order" and "product" emit the event "order.placed"/,
  ],
  [
    'messages without a database to keep them in',
    { inventory: definition({ contract: inventory }) },
    /"inventory" has commands but no database/,
  ],
];

for (const [what, faulty, pattern] of contradictions) {
  test(`refused: ${what}`, () => {
    const judge = () => [messageFlow(faulty), scopesOf(faulty)];
    assert.throws(judge, (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), pattern);
      return true;
    });
  });
}

test('a service may have several processes, whose names are nobody else’s', () => {
  const processes = planProcesses(shop, 'each', { order: 3 });
  assert.deepEqual(
    processes.filter(({ services }) => services.includes('order')).map(({ name, stage }) => [name, stage]),
    [
      ['order', 'services'],
      ['order-2', 'services'],
      ['order-3', 'services'],
    ],
  );
  assert.deepEqual(
    planProcesses(shop, 'each', { gateway: 2 })
      .filter(({ stage }) => stage === 'edge')
      .map(({ name, services }) => [name, services.at(-1)]),
    [
      ['gateway', 'gateway'],
      ['gateway-2', 'gateway'],
    ],
  );
  const crowded = system('crowded', {
    services: { order: lazy('order'), 'order-2': lazy('order') },
    edge: edge({ expose: [order] }),
  });
  assert.deepEqual(instanceNames(crowded, 'order', 3), ['order', 'order-3', 'order-4']);
});

for (const [what, placement, counts, code, pattern] of [
  [
    'the registry',
    'each',
    { registry: 2 },
    'DURE_SINGLE_PROCESS',
    /"registry" has one process at any time: it holds a port/,
  ],
  ['a composed service', 'each', { pages: 2 }, 'DURE_SINGLE_PROCESS', /restart or scale "gateway"/],
  ['the gateway in one process with all', 'one', { gateway: 2 }, 'DURE_SINGLE_PROCESS', /everything runs in one/],
  ['a service in one process with all', 'one', { order: 2 }, 'DURE_SINGLE_PROCESS', /everything runs in one/],
  [
    'an unknown service',
    'each',
    { ordr: 2 },
    'DURE_SERVICE_UNKNOWN',
    /no service "ordr"; it has product, inventory, order/,
  ],
  ['no process at all', 'each', { order: 0 }, 'DURE_USAGE', /"order" can have 1 to 16 processes, not 0/],
  ['too many processes', 'each', { order: 17 }, 'DURE_USAGE', /not 17/],
] as const) {
  test(`${what} cannot be asked for in any number: ${JSON.stringify(counts)}`, () => {
    assert.throws(
      () => checkCounts(shop, placement, counts),
      (error) => codeOf(error) === code && pattern.test(messageOf(error)),
    );
  });
}
