import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { balancer, staticInstances } from '@dure/balancer';
import type { BusResource } from '@dure/config/bus';
import { memoryBus, startConfig } from '@dure/config/testing';
import type { Identity, Live } from '@dure/core';
import { codeOf, DureError, systemClock, wait } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { flag } from '@dure/flags';
import { httpClient, httpTransport, outboundLayers } from '@dure/service/client';
import { contract, get } from '@dure/service/contract';
import { service, startService } from '@dure/service/server';
import { mockService, serviceParts } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import { z } from 'zod';
import { getJson } from '../supervisor/transport.ts';
import { startSystem } from '../testing/start-system.ts';
import { machine } from './machine.ts';
import { openServiceConfig } from './service-config.ts';

const stock = contract('stock', { read: get('/stock', { output: z.object({ left: z.int() }), access: 'public' }) });
const shop = contract('shop', {});
const express = flag('expressDelivery', { default: false });
const down = () => {
  throw new DureError('STOCK_DOWN', 'unavailable', 'always', { retryable: true });
};
const caller: Identity = { kind: 'service', subject: 'shop', roles: [], scopes: [] };
const serviceRun = { ports: { api: 0, management: 0 }, key: {}, scopes: {}, pulls: [], grants: {} };
interface EnvAnswer {
  readonly propertySources: readonly {
    readonly name: string;
    readonly property: { readonly value: unknown; readonly origin: string };
  }[];
}
const yaml = (limits: string) => `dure:\n  resilience: ${limits}\n`;

/** The service `shop`, configured by a real config server as the host does it, over a peer that always fails. */
async function shopOver(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  bus: BusResource | undefined = undefined,
  isFollowing = false,
) {
  const seen: { live?: Live<{ readonly maxLines: number }> } = {};
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-live-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const edit = (name: string, text: string) => writeFile(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) await edit(name, text);
  const peer = stack.use(await mockService(stock, { read: down }));
  const server = stack.use(await startConfig({ folder, applications: ['shop', 'stock'] }));
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  const telemetry = { ...silentTelemetry(), log: { debug: note, info: note, warn: note, error: note } };
  const tools = machine();
  const signer = server.signer('shop');
  const instances = staticInstances({ stock: [peer.instance] });
  const platform = { instances, signer, verifier: { verify: async () => caller } };
  const definition = service({
    contract: shop,
    config: z.object({ maxLines: z.int().default(50) }),
    uses: { stock },
    flags: [express],
    start(context) {
      if (isFollowing) seen.live = context.live;
      return {};
    },
  });
  const stateFolder = join(folder, 'state');
  const keyringFile = join(stateFolder, 'keyring.json');
  const run = { folder, stateFolder, configUrl: server.url, mode: 'test', keyringFile } as const;
  const config = await openServiceConfig(
    definition,
    { name: 'shop', instanceId: 'shop:1', platform, telemetry, service: serviceRun },
    { run, environment, machine: tools, bus, configSources: [] },
  );
  stack.defer(() => config.close());
  const layers = outboundLayers({ ...tools, telemetry, balancer: balancer({ instances, ...tools }) });
  config.follow(layers.update);
  const transport = httpTransport({ ...tools, signer });
  stack.defer(() => transport.close());
  const { value, settings, endpoints, health } = config;
  const own = { telemetry, platform, config: value, settings, endpoints, health };
  const running = await startService(definition, {
    ...serviceParts({ ...tools, ...own }),
    get live() {
      return config.live;
    },
  });
  stack.defer(() => running.close());
  const client = httpClient(stock, layers, transport);
  const actuator = async (method: string, path: string, authorization = 'Bearer anybody', sent?: object) => {
    const url = `http://127.0.0.1:${running.managementPort}/actuator/${path}`;
    const body = sent === undefined ? {} : { body: JSON.stringify(sent) };
    const response = await fetch(url, { method, headers: authorization === '' ? {} : { authorization }, ...body });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  /** How often the peer is asked in one call, and why the call failed. */
  const ask = async () => {
    const before = peer.calls.read.length;
    const error: unknown = await client.read({}, testCall()).catch((reason: unknown) => reason);
    return { attempts: peer.calls.read.length - before, code: codeOf(error) };
  };
  const until = async (holds: () => Promise<boolean>) => {
    for (let turn = 0; turn < 400; turn += 1) {
      if (await holds()) return;
      await wait(systemClock, 20);
    }
    assert.fail('it did not come');
  };
  const opened = stack.move();
  return {
    edit,
    ask,
    until,
    actuator,
    lines,
    config,
    server,
    seen,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('an edit changes how often a call is tried, and when its breaker opens, without a restart', async () => {
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 2, base-ms: 0 } }') });
  assert.equal((await live.ask()).attempts, 2);
  await live.edit('shop.yml', yaml('{ retry: { attempts: 4, baseMs: 0 } }'));
  const refreshed = await live.actuator('POST', 'refresh');
  assert.deepEqual(refreshed.body, ['dure.resilience.retry.attempts']);
  assert.deepEqual([refreshed.status, refreshed.type], [200, 'application/vnd.spring-boot.actuator.v3+json']);
  assert.equal((await live.ask()).attempts, 4);
  assert.ok(live.lines.includes('limits changed: retry.attempts 2 → 4'), live.lines.join('\n'));
  await live.edit('shop.yml', yaml('{ retry: { attempts: 1 }, circuit-breaker: { window: 4, failure-ratio: 1 } }'));
  await live.actuator('POST', 'refresh');
  for (let turn = 0; turn < 4; turn += 1) assert.equal((await live.ask()).attempts, 1);
  assert.deepEqual(await live.ask(), { attempts: 0, code: 'RESILIENCE_BREAKER_OPEN' });
  assert.deepEqual((await live.actuator('POST', 'refresh')).body, []);
});

test('a limit that is taken out of the file is the default again', async () => {
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 1 } }') });
  assert.equal((await live.ask()).attempts, 1);
  await live.edit('shop.yml', '');
  await live.actuator('POST', 'refresh');
  assert.equal((await live.ask()).attempts, 3);
});

test('an edit that does not fit is refused as a whole: told, shown, and the old limits hold until it is corrected', async () => {
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 2, base-ms: 0 } }') });
  await live.edit('shop.yml', yaml('{ retry: { attempts: 4 }, retry-budget: { ratio: 2 } }'));
  const { status, body } = await live.actuator('POST', 'refresh');
  assert.deepEqual([status, body.code], [400, 'CONFIG_INVALID']);
  assert.equal((await live.ask()).attempts, 2);
  const why = /dure\.resilience\.retryBudget\.ratio = 2 \(server, shop\.yml:2:64\): .* must be from 0 to 1/;
  assert.match((await live.actuator('GET', 'config')).body.refused.message, why);
  await live.actuator('POST', 'refresh');
  assert.equal(live.lines.filter((line) => why.test(line)).length, 1, 'told once');
  await live.edit('application.yml', yaml('{ retry: { atempts: 4 } }'));
  await live.edit('shop.yml', '');
  const typo = await live.actuator('POST', 'refresh');
  assert.match(
    typo.body.detail,
    /atempts \(server, application\.yml:2:\d+\): .*did you mean dure\.resilience\.retry\.attempts\?/,
  );
  await live.edit('application.yml', yaml('{ retry: { attempts: 1 } }'));
  await live.actuator('POST', 'refresh');
  assert.equal((await live.actuator('GET', 'config')).body.refused, undefined);
  assert.equal((await live.ask()).attempts, 1);
});

test('the environment wins over the file, at the start and later', async () => {
  const variables = { DURE_SHOP__DURE_RESILIENCE_RETRY_ATTEMPTS: '1' };
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 2 } }') }, variables);
  assert.equal((await live.ask()).attempts, 1);
  await live.edit('shop.yml', yaml('{ retry: { attempts: 4 } }'));
  assert.deepEqual((await live.actuator('POST', 'refresh')).body, []);
  assert.equal((await live.ask()).attempts, 1);
});

test('a config server that is away changes nothing', async () => {
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 2, base-ms: 0 } }') });
  await live.server.close();
  assert.deepEqual((await live.actuator('POST', 'refresh')).body, []);
  assert.equal((await live.ask()).attempts, 2);
  assert.match(live.lines.at(-1) ?? '', /is away .* last known answer is used/);
});

test('a key of the service’s own is named, and taken up at the next start', async () => {
  await using live = await shopOver({ 'shop.yml': 'max-lines: 10\n' });
  await live.edit('shop.yml', 'max-lines: 11\n');
  assert.deepEqual((await live.actuator('POST', 'refresh')).body, ['maxLines']);
  assert.deepEqual(live.config.value, { maxLines: 10 });
  const { keys } = (await live.actuator('GET', 'config')).body as { keys: { key: string; value: unknown }[] };
  assert.equal(keys.find(({ key }) => key === 'maxLines')?.value, 10);
  assert.match(live.lines.at(-1) ?? '', /the next start takes it up: maxLines/);
});

test('the bus has those who are meant read again, by either name of the endpoint', async () => {
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 1 } }') });
  await live.edit('shop.yml', yaml('{ retry: { attempts: 2, base-ms: 0 } }'));
  assert.equal((await live.actuator('POST', 'busrefresh/stock')).status, 204);
  assert.equal((await live.actuator('POST', 'bus-refresh/shop:0')).status, 204);
  await live.until(async () => (await live.ask()).attempts === 2);
  assert.equal((await live.actuator('GET', 'busrefresh')).status, 405);
});

test('where a broker carries the bus, events come and go by it, and are acknowledged', async () => {
  const bus = memoryBus();
  const heard: string[] = [];
  const tools = machine();
  const spring = await bus.open({ ...tools, name: 'spring', heard: (event) => heard.push(event), observe: () => {} });
  await using live = await shopOver({ 'shop.yml': yaml('{ retry: { attempts: 1 } }') }, {}, bus);
  await live.edit('shop.yml', yaml('{ retry: { attempts: 2, base-ms: 0 } }'));
  await spring.publish(
    '{"type":"RefreshRemoteApplicationEvent","timestamp":5,"originService":"ops:8080:1","destinationService":"shop:**","id":"7"}',
  );
  await live.until(async () => (await live.ask()).attempts === 2);
  assert.match(heard.at(-1) ?? '', /"type":"AckRemoteApplicationEvent".*"originService":"shop:test:0:1".*"ackId":"7"/);
  await live.actuator('POST', 'busrefresh/orders');
  assert.ok(
    heard.some((event) =>
      /"RefreshRemote.*"originService":"shop:test:0:1","destinationService":"orders:\*\*"/.test(event),
    ),
  );
  await live.config.close();
});

test('the bus sets a value above all others, and one that does not fit is taken back', async () => {
  await using live = await shopOver({ 'shop.yml': 'max-lines: 10\n' }, { DURE_SHOP__MAX_LINES: '11' });
  const shown = async () => {
    const { propertySources } = (await live.actuator('GET', 'env/maxLines')).body as EnvAnswer;
    return propertySources.map(({ name, property }) => `${name} ${property.value}`);
  };
  assert.deepEqual(await shown(), ['environment 11', 'server 10', 'default 50']);
  const set = (value: unknown) => live.actuator('POST', 'busenv/shop', 'Bearer anybody', { name: 'max-lines', value });
  assert.equal((await set('12')).status, 204);
  await live.until(async () => (await shown())[0] === 'manager 12');
  assert.equal((await set('many')).status, 204);
  await live.until(async () => live.lines.some((line) => /an event of the bus was not obeyed: .*maxLines/s.test(line)));
  assert.equal((await shown())[0], 'manager 12');
  assert.equal((await set(7)).body.code, 'SERVICE_INPUT_INVALID');
  assert.deepEqual((await live.actuator('POST', 'refresh')).body, []);
  assert.equal((await live.actuator('GET', 'env/spring.password')).status, 404);
  const { activeProfiles } = (await live.actuator('GET', 'env')).body;
  assert.deepEqual(activeProfiles, ['test']);
});

test('a value is set in one instance by POST /actuator/env, shown with its origin, and removed by DELETE', async () => {
  await using live = await shopOver({ 'shop.yml': 'max-lines: 10\n' }, { DURE_SHOP__MAX_LINES: '11' }, undefined, true);
  const set = (name: string, value: unknown) => live.actuator('POST', 'env', 'Bearer anybody', { name, value });
  const shown = async () => {
    const { propertySources } = (await live.actuator('GET', 'env/maxLines')).body as EnvAnswer;
    return propertySources.map(({ name, property }) => `${name} ${property.value} ${property.origin}`);
  };
  const done = await set('max-lines', '12');
  assert.deepEqual([done.status, done.body], [200, { 'max-lines': 12 }]);
  assert.equal(done.type, 'application/vnd.spring-boot.actuator.v3+json');
  assert.equal(live.seen.live?.current.maxLines, 12);
  assert.equal((await shown())[0], 'manager 12 env max-lines');

  const refused = await set('max-lines', 'many');
  assert.deepEqual([refused.status, refused.body.code], [400, 'CONFIG_INVALID']);
  assert.match(refused.body.detail, /maxLines = "many" \(manager, env max-lines\): /);
  assert.match(
    (await set('max-line', '13')).body.detail,
    /max-line \(manager, env max-line\): .*did you mean maxLines\?/,
  );
  assert.equal((await set('dure.nonsense', '1')).body.code, 'DURE_VALUE_REFUSED');
  assert.equal((await set('max-lines', 13)).body.code, 'SERVICE_INPUT_INVALID');
  assert.equal((await live.actuator('GET', 'config')).body.refused, undefined, 'what was taken back is no refusal');
  assert.equal(live.seen.live?.current.maxLines, 12);

  await live.actuator('POST', 'busenv/shop', 'Bearer anybody', { name: 'maxLines', value: '14' });
  await live.until(async () => live.seen.live?.current.maxLines === 14);
  assert.deepEqual(await shown(), [
    'manager 14 busenv maxLines',
    'environment 11 DURE_SHOP__MAX_LINES',
    'server 10 shop.yml:1:12',
    'default 50 schema',
  ]);
  assert.deepEqual((await set('dure.log.level', 'debug')).body, { 'dure.log.level': 'debug' });
  const removed = await live.actuator('DELETE', 'env');
  assert.deepEqual([removed.status, removed.body], [200, { maxLines: 14, 'dure.log.level': 'debug' }]);
  assert.equal(live.seen.live?.current.maxLines, 11);
  assert.deepEqual((await live.actuator('DELETE', 'env')).body, {});
  assert.equal((await live.actuator('POST', 'env', '', { name: 'a', value: 'b' })).status, 401);
  assert.equal((await live.actuator('DELETE', 'env/maxLines')).body.code, 'SERVICE_METHOD_NOT_ALLOWED');
});

test('what a service reads at its start alone cannot be set while it runs', async () => {
  await using live = await shopOver({ 'shop.yml': 'max-lines: 10\n' });
  const { body } = await live.actuator('POST', 'env', 'Bearer anybody', { name: 'maxLines', value: '12' });
  assert.equal(body.code, 'DURE_VALUE_REFUSED');
  assert.match(body.detail, /reads "maxLines" at its start alone/);
  const { propertySources } = (await live.actuator('GET', 'env/maxLines')).body as EnvAnswer;
  assert.equal(propertySources[0]?.name, 'server');
});

test('of two values that are set at once, the one that does not fit harms nobody', async () => {
  await using live = await shopOver({}, {}, undefined, true);
  const set = (name: string, value: string) => live.actuator('POST', 'env', 'Bearer anybody', { name, value });
  const [bad, good] = await Promise.all([set('maxLines', 'many'), set('dure.log.level', 'warn')]);
  assert.deepEqual([bad.status, good.status], [400, 200]);
  assert.deepEqual((await live.actuator('DELETE', 'env')).body, { 'dure.log.level': 'warn' });
});

test('a service that asks for `live` has a key of its own at once, and the page shows it', async () => {
  await using live = await shopOver({ 'shop.yml': 'max-lines: 10\n' }, {}, undefined, true);
  assert.equal(live.seen.live?.current.maxLines, 10);
  await live.edit('shop.yml', 'max-lines: 11\n');
  await live.actuator('POST', 'refresh');
  assert.equal(live.seen.live?.current.maxLines, 11);
  const { keys } = (await live.actuator('GET', 'config')).body as { keys: { key: string; value: unknown }[] };
  assert.equal(keys.find(({ key }) => key === 'maxLines')?.value, 11);
  assert.equal(live.lines.at(-1), 'the configuration changed: maxLines 10 → 11');
});

test('flags and log levels change with the rest, or not at all, and a rule that does not fit is named with its line', async () => {
  const flags = (percent: string) =>
    `dure:\n  flags:\n    express-delivery:\n      rules:\n        - { value: true, ${percent} }\n    of-others: { value: 1 }\n`;
  await using live = await shopOver({ 'application.yml': flags('percent: 5') });
  const shown = async () => {
    const { body } = await live.actuator('GET', 'flags/expressDelivery?user=ada');
    const { loggers } = (await live.actuator('GET', 'loggers')).body;
    return [body.flag.rules[0].percent, body.decision.reason, loggers.ROOT.effectiveLevel];
  };
  assert.deepEqual(await shown(), [5, 'DEFAULT', 'OFF']);
  await live.edit('application.yml', `${flags('percent: 100')}  log: { level: debug }\n`);
  await live.actuator('POST', 'refresh');
  assert.deepEqual(await shown(), [100, 'SPLIT', 'DEBUG']);
  assert.equal(
    live.lines.at(-1),
    'the configuration changed: dure.flags.expressDelivery.rules.0.percent 5 → 100, dure.log.level none → debug',
  );
  await live.edit('application.yml', `${flags('percent: 101')}  log: { level: error }\n`);
  const refused = await live.actuator('POST', 'refresh');
  assert.match(
    refused.body.detail,
    /rules\.0\.percent = 101 \(server, application\.yml:5:\d+\): must be a number from 0 to 100/,
  );
  assert.deepEqual(await shown(), [100, 'SPLIT', 'DEBUG']);
  const { components } = (await live.actuator('GET', 'health')).body;
  assert.equal(components.configuration.status, 'UP');
  assert.match(components.configuration.details.refused.message, /application\.yml:5/);
});

test('refresh is for services, and by POST only', async () => {
  await using live = await shopOver({});
  assert.equal((await live.actuator('POST', 'refresh', '')).status, 401);
  assert.equal((await live.actuator('GET', 'refresh')).body.code, 'SERVICE_METHOD_NOT_ALLOWED');
});

test('nonsense at the start fails the start', async () => {
  await assert.rejects(
    shopOver({ 'shop.yml': yaml('{ retry: { attempts: 0 } }') }),
    (error) => codeOf(error) === 'CONFIG_INVALID',
  );
});

test('a whole system takes up an edit of its folder by itself', async () => {
  const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'calling');
  const folder = await mkdtemp(join(tmpdir(), 'dure-calling-'));
  await cp(fixture, folder, { recursive: true });
  await symlink(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'), join(folder, 'node_modules'));
  try {
    await using system = await startSystem(join(folder, 'system.ts'), { placement: 'each' });
    const attempts = async () => {
      const answer = await getJson(`${system.edge}/ask`, 2_000);
      return answer.ok ? (answer.body as { attempts: number }).attempts : undefined;
    };
    assert.equal(await attempts(), 2);
    await writeFile(join(folder, 'config', 'asker.yml'), yaml('{ retry: { attempts: 1 } }'));
    for (let turn = 0; turn < 200 && (await attempts()) !== 1; turn += 1) await wait(systemClock, 50);
    assert.equal(await attempts(), 1);
    assert.match(await system.output('asker'), /limits changed: retry\.attempts 2 → 1/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
