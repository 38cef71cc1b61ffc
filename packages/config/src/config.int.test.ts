import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, systemClock, systemRandom } from '@dure/core';
import { z } from 'zod';
import { environmentSource } from './client/environment-source.ts';
import { feedHints } from './client/feed-hints.ts';
import { loadConfig } from './client/load-config.ts';
import { serverSource } from './client/server-source.ts';
import { watchConfig } from './client/watch-config.ts';
import type { RunningConfig } from './testing/start-config.ts';
import { startConfig } from './testing/start-config.ts';

const files = {
  'application.yml': 'shop:\n  currency: KRW\napp:\n  debug: false\n',
  'order.yml': 'max-lines: 50\nhosts:\n  - a\n  - b\n',
  'order-dev.yml': 'max-lines: 10\n',
  'payment.yml': 'api-key: s3cret\n',
};

async function withConfig(use: (running: RunningConfig, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-config-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const running = await startConfig({ folder, applications: ['order', 'payment'], readers: ['supervisor'] });
  try {
    await use(running, folder);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
}

const as = (subject: string, headers: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${subject}`, ...headers },
});

test('the Environment is byte for byte what Spring’s clients expect', () =>
  withConfig(async ({ url }) => {
    const response = await fetch(`${url}/order/dev`, as('order'));
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(
      await response.text(),
      '{"name":"order","profiles":["dev"],"label":null,"version":null,"state":null,"propertySources":[' +
        '{"name":"file:order-dev.yml","source":{"max-lines":10}},' +
        '{"name":"file:order.yml","source":{"max-lines":50,"hosts[0]":"a","hosts[1]":"b"}},' +
        '{"name":"file:application.yml","source":{"shop.currency":"KRW","app.debug":false}}]}',
    );
  }));

test('with Spring’s media type every value tells its origin', () =>
  withConfig(async ({ url }) => {
    const accept = 'application/vnd.spring-cloud.config-server.v2+json';
    const response = await fetch(`${url}/order/default/main`, as('order', { accept }));
    assert.ok(response.headers.get('content-type')?.startsWith(accept));
    const body = (await response.json()) as { label: string; propertySources: { source: Record<string, unknown> }[] };
    assert.equal(body.label, 'main');
    assert.deepEqual(body.propertySources[0]?.source['hosts[1]'], { value: 'b', origin: 'order.yml:4:5' });
  }));

test('an unknown application gets the shared values, in every format', () =>
  withConfig(async ({ url }) => {
    const body = (await (await fetch(`${url}/nobody/default`, as('nobody'))).json()) as { propertySources: unknown[] };
    assert.equal(body.propertySources.length, 1);
    const text = async (path: string) => (await fetch(url + path, as('order'))).text();
    assert.equal(
      await text('/order-dev.properties'),
      'shop.currency: KRW\napp.debug: false\nmax-lines: 10\nhosts[0]: a\nhosts[1]: b',
    );
    assert.deepEqual(JSON.parse(await text('/main/order-dev.json')).hosts, ['a', 'b']);
    assert.match(await text('/order-dev.yml'), /^shop:\n {2}currency: KRW\n/);
  }));

test('a service reads its own configuration and the shared one, nobody else’s; a reader reads all', () =>
  withConfig(async ({ url }) => {
    const status = async (path: string, headers: HeadersInit) => (await fetch(url + path, { headers })).status;
    const order = { authorization: 'Bearer order' };
    assert.equal(await status('/application/default', order), 200);
    for (const path of [
      '/payment/default',
      '/order,payment/default',
      '/payment-default.yml',
      '/x/payment-default.json',
    ]) {
      const response = await fetch(url + path, { headers: order });
      assert.equal(response.status, 403, path);
      const text = await response.text();
      assert.match(text, /CONFIG_NOT_YOURS/);
      assert.doesNotMatch(text, /s3cret/);
    }
    assert.equal(await status('/payment/default', { authorization: 'Bearer supervisor' }), 200);
    assert.equal(await status('/payment/default', { authorization: `Basic ${btoa('payment:pw')}` }), 200);
    assert.equal(await status('/order/default', {}), 401);
  }));

/** Sends a path as it is: `fetch` would tidy it up. */
function rawStatus(url: string, path: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers: { authorization: 'Bearer supervisor' } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end();
  });
}

test('a traversal in any spelling is 404 or 400 and is not echoed', () =>
  withConfig(async ({ url }) => {
    const steps = ['..', '%2e%2e', '..%2f..', '..%5c..', '..%252f..', '(_)..', '..(_)', '.', 'a%00', 'a%2fb'];
    const paths = steps.flatMap((step) => [
      `/${step}/dev`,
      `/order/${step}`,
      `/order/dev/${step}`,
      `/${step}/order-dev.yml`,
      `/order/dev/main/${step}/etc/passwd`,
      `/${step}/${step}/etc/passwd`,
    ]);
    for (const path of paths) {
      const { status, text } = await rawStatus(url, path);
      assert.ok(status === 404 || status === 400, `${path} → ${status}`);
      assert.ok(!/passwd|root:|\.\.|%2e/i.test(text), `${path} → ${text}`);
    }
    assert.ok(paths.length >= 50);
  }));

test('what is no configuration is a problem that says what to ask for', () =>
  withConfig(async ({ url }) => {
    const response = await fetch(`${url}/order`, as('order'));
    assert.equal(response.status, 404);
    assert.match(await response.text(), /"code":"CONFIG_NOT_FOUND"/);
  }));

test('without a folder nothing is configured, and the server is up', async () => {
  await using running = await startConfig({});
  const response = await fetch(`${running.url}/order/dev`, as('order'));
  assert.deepEqual(((await response.json()) as { propertySources: unknown[] }).propertySources, []);
  const health = await (await fetch(`${running.managementUrl}/actuator/health`, as('supervisor'))).text();
  assert.match(health, /"UP"/);
});

test('an edit is there with the next read; a broken file is stale, and DOWN with its line', () =>
  withConfig(async ({ url, managementUrl }, folder) => {
    const read = async () => {
      const response = await fetch(`${url}/order/dev`, as('order'));
      const body = (await response.json()) as { propertySources: { source: Record<string, unknown> }[] };
      return { lines: body.propertySources[0]?.source['max-lines'], stale: response.headers.get('dure-config-stale') };
    };
    assert.deepEqual(await read(), { lines: 10, stale: null });
    await writeFile(join(folder, 'order-dev.yml'), 'max-lines: 11\n');
    assert.deepEqual(await read(), { lines: 11, stale: null });
    await writeFile(join(folder, 'order-dev.yml'), 'max-lines: 12\n oops: [\n');
    assert.deepEqual({ ...(await read()), stale: 'x' }, { lines: 11, stale: 'x' });
    assert.match((await read()).stale ?? '', /^order-dev\.yml:\d+:\d+$/);
    const health = await (await fetch(`${managementUrl}/actuator/health`, as('supervisor'))).text();
    assert.match(health, /DOWN/);
    assert.match(health, /order-dev\.yml:\d+:\d+/);
  }));

const schema = z.object({ maxLines: z.int().default(1), hosts: z.array(z.string()).default([]) });
const load = (source: ReturnType<typeof serverSource>, variables: Record<string, string> = {}) =>
  loadConfig({ schema, service: 'order', profiles: ['dev'], sources: [source, environmentSource(variables)] });

test('a typed client reads from the server, and errors name the file and line on the server', () =>
  withConfig(async ({ url, signer }, folder) => {
    const source = serverSource({ url, signer: signer('order'), clock: systemClock, random: systemRandom });
    const { value, explain } = await load(source, { DURE_ORDER__HOSTS: 'c' });
    assert.deepEqual(value, { maxLines: 10, hosts: ['c'] });
    assert.deepEqual(explain().find(({ key }) => key === 'maxLines')?.place, 'order-dev.yml:1:12');
    await writeFile(join(folder, 'order.yml'), 'max-lines: 50\nmax-linse: 3\n');
    await assert.rejects(load(source), /max-linse \(server, order\.yml:2:12\): unknown key; did you mean maxLines\?/);
  }));

test('a typed client reads what lies under its label, and hears of it', () =>
  withConfig(async ({ url, signer }, folder) => {
    await mkdir(join(folder, 'next', 'one'), { recursive: true });
    await writeFile(join(folder, 'next', 'one', 'order.yml'), 'max-lines: 3\n');
    const tools = { url, signer: signer('order'), clock: systemClock, random: systemRandom, label: 'next/one' };
    const hints = feedHints({ ...tools, instance: 'order:1' });
    await using watch = await watchConfig({
      ...{ service: 'order', profiles: [], clock: systemClock, random: systemRandom, everyMs: 600_000, hints },
      sections: { own: { schema: z.object({ maxLines: z.int(), hosts: z.array(z.string()) }) } },
      sources: [serverSource({ ...tools, instance: 'order:1' })],
    });
    assert.deepEqual({ ...watch.current.values.own }, { maxLines: 3, hosts: ['a', 'b'] });
    const changed = new Promise<void>((resolve) => watch.onChange(() => resolve()));
    await writeFile(join(folder, 'next', 'one', 'order.yml'), 'max-lines: 4\n');
    await changed;
    assert.equal(watch.current.values.own.maxLines, 4);
  }));

test('the server’s overrides count, and need not be known to every service', async () => {
  await using running = await startConfig({ overrides: { 'max-lines': 7, 'ops.region': 'eu' } });
  const { url, signer } = running;
  const { value, explain } = await load(
    serverSource({ url, signer: signer('order'), clock: systemClock, random: systemRandom }),
  );
  assert.equal(value.maxLines, 7);
  assert.equal(explain().find(({ key }) => key === 'maxLines')?.place, 'the overrides of the config server');
});

test('a server that is away fails the start with its address, unless a copy is kept', async () => {
  const copies = await mkdtemp(join(tmpdir(), 'dure-copies-'));
  let url = '';
  const options = { clock: systemClock, random: systemRandom, waitMs: 50 };
  await withConfig(async (running) => {
    url = running.url;
    await load(serverSource({ ...options, url, signer: running.signer('order'), keepIn: copies }));
  });
  const signer = { authorize: async () => 'Bearer order' };
  const { value, warnings } = await load(serverSource({ ...options, url, signer, keepIn: copies }));
  assert.equal(value.maxLines, 10);
  assert.match(warnings[0] ?? '', /is away .* last known answer is used/);
  const [name = ''] = await readdir(copies);
  assert.equal((await stat(join(copies, name))).mode & 0o777, 0o600);
  assert.doesNotMatch(await readFile(join(copies, name), 'utf8'), /s3cret/);
  await assert.rejects(load(serverSource({ ...options, url, signer })), (error: Error) => {
    assert.equal(codeOf(error), 'CONFIG_SERVER_UNREACHABLE');
    assert.ok(error.message.includes(url));
    return true;
  });
  const withPassword = url.replace('://', '://spring:s3cr@t@');
  await assert.rejects(load(serverSource({ ...options, url: withPassword, signer })), (error: Error) => {
    assert.match(error.message, /spring:\*\*\*@127/);
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /s3cr|t@/);
    return true;
  });
  await rm(copies, { recursive: true });
});

test('the copy to start from is of what fitted, whatever the server has answered since', () =>
  withConfig(async ({ url, signer, close }, folder) => {
    const keepIn = join(folder, 'copies');
    const options = { url, signer: signer('order'), clock: systemClock, random: systemRandom, keepIn, waitMs: 0 };
    await load(serverSource(options));
    await writeFile(join(folder, 'order-dev.yml'), 'max-lines: many\n');
    await assert.rejects(load(serverSource(options)), /max-?lines/i);
    await close();
    const { value } = await load(serverSource(options));
    assert.equal(value.maxLines, 10);
  }));

test('a refusal is told in the server’s words, copy or not', () =>
  withConfig(async ({ url, signer }) => {
    const source = serverSource({ url, signer: signer('thief'), clock: systemClock, random: systemRandom });
    await assert.rejects(load(source), (error: Error) => {
      assert.equal(codeOf(error), 'CONFIG_SERVER_REFUSED');
      assert.match(error.message, /403: "thief" may not read the configuration of another application/);
      return true;
    });
  }));

test('what would be under other profiles is read, changes nothing, and leaves no copy to start from', () =>
  withConfig(async ({ url, signer }, folder) => {
    const keepIn = join(folder, 'kept');
    const own = { clock: systemClock, random: systemRandom };
    const source = serverSource({ url, signer: signer('order'), keepIn, ...own });
    const sections = { own: { schema } };
    await using watch = await watchConfig({ sections, service: 'order', profiles: ['dev'], sources: [source], ...own });
    const kept = await readFile(join(keepIn, 'order.config.json'), 'utf8');
    const { values } = await watch.under(['prod']);
    assert.deepEqual([watch.current.values.own.maxLines, values.own.maxLines], [10, 50]);
    assert.equal(await readFile(join(keepIn, 'order.config.json'), 'utf8'), kept);
    assert.deepEqual(await watch.refresh(), []);
    await writeFile(join(folder, 'order-prod.yml'), 'max-lines: many\n');
    await assert.rejects(watch.under(['prod']), (error) => codeOf(error) === 'CONFIG_INVALID');
    assert.equal(watch.refusal, undefined);
  }));
