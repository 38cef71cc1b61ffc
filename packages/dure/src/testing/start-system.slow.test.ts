import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { askSupervisor } from '../supervisor/control-client.ts';
import { hostModule } from '../supervisor/host-module.ts';
import { identify, isAlive } from '../supervisor/process-identity.ts';
import { getJson } from '../supervisor/transport.ts';
import { startSystem } from './start-system.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const ledger = join(fixtures, 'ledger', 'system.ts');

/** The answer of the system's only operation, once there is one. */
async function total(gateway: string): Promise<unknown> {
  let last: unknown;
  for (let turn = 0; turn < 200; turn += 1) {
    const answer = await getJson(`${gateway}/total`, 1_000);
    if (answer.ok && answer.status === 200) return answer.body;
    last = answer;
    await wait(systemClock, 25);
  }
  return assert.fail(`no answer: ${JSON.stringify(last)}`);
}

for (const placement of ['one', 'each'] as const) {
  test(`a system with a database answers at its edge, and again after its process was killed (placement ${placement})`, async () => {
    const system = await startSystem(ledger, { placement });
    const { stateFolder } = system;
    assert.deepEqual(await total(system.edge), { total: 0 });
    const pid = system.kill('books');
    await system.untilReady();
    assert.notEqual(system.pids.books, pid);
    assert.deepEqual(await total(system.edge), { total: 0 });
    const from = performance.now();
    await system.stop();
    assert.ok(performance.now() - from < 2_500, `the stop took ${performance.now() - from} ms`);
    await assert.rejects(stat(stateFolder));
  });
}

test('a killed supervisor takes services and database with it, and the next start finds the data', async () => {
  const stateFolder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dure-kill-'));
  await chmod(stateFolder, 0o755);
  const run = async (port: string) => {
    const child = fork(join(fixtures, 'run-supervisor.ts'), ['ledger', hostModule, stateFolder, port], {
      stdio: 'inherit',
    });
    const [{ pids, urls }] = (await once(child, 'message')) as [{ pids: number[]; urls: { gateway: string } }];
    const lives = await Promise.all(pids.map(identify));
    return { child, lives, gateway: urls.gateway };
  };
  const first = await run('0');
  assert.deepEqual(await total(first.gateway), { total: 0 });
  first.child.kill('SIGKILL');
  const second = await run(new URL(first.gateway).port);
  assert.deepEqual(await total(second.gateway), { total: 0 });
  const left = async () => (await Promise.all(first.lives.map(isAlive))).filter((alive) => alive).length;
  for (let turn = 0; turn < 150 && (await left()) > 0; turn += 1) await wait(systemClock, 20);
  assert.equal(await left(), 0);
  await askSupervisor(stateFolder, { ask: 'stop' });
  await once(second.child, 'exit');
  await rm(stateFolder, { recursive: true });
});

test("a system that asks for a router and DNS answers is reached by its services' names", async () => {
  await using system = await startSystem(join(fixtures, 'routed', 'system.ts'), { placement: 'each' });
  const { router = '' } = system.urls;
  assert.equal(new URL(router).port, String(Number(new URL(system.urls.console).port) + 1));
  const answer = await getJson(`${router}/plain/total`, 2_000);
  assert.deepEqual(answer.ok && [answer.status, answer.body], [200, { total: 7 }]);
  const unknown = await getJson(`${router}/books/total`, 2_000);
  assert.ok(unknown.ok && unknown.status === 404);
  assert.match(JSON.stringify(unknown.body), /the router knows: [a-z, ]*plain/);
  const dns = new URL(system.urls.dns ?? '');
  assert.equal(dns.pathname, '/routed.test');
  const resolver = new Resolver();
  resolver.setServers([dns.host]);
  const [record] = await resolver.resolveSrv('_plain._tcp.routed.test');
  const [address] = await resolver.resolve4(record?.name ?? '');
  const direct = await getJson(`http://${address}:${record?.port}/total`, 2_000);
  assert.deepEqual(direct.ok && direct.body, { total: 7 });
});

/** A program as Spring's: it serves HTTP, and all it knows of the system is `http://price:…@…:8761/eureka/`. */
async function openPriceProgram(context: TestContext) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"won":12000}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const registration = (app: string, port: number) =>
  JSON.stringify({
    instance: {
      instanceId: `127.0.0.1:${app}:${port}`,
      app: app.toUpperCase(),
      vipAddress: app,
      hostName: '127.0.0.1',
      ipAddr: '127.0.0.1',
      status: 'UP',
      port: { $: port, '@enabled': 'true' },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
    },
  });

test('a Eureka client with a password of its own joins the system, is called by it, and can be nobody else', async (context) => {
  const folder = join(fixtures, 'joined');
  const passwordFile = join(folder, 'price.password');
  await writeFile(passwordFile, 'correct horse\n', { mode: 0o600 });
  context.after(() => rm(passwordFile));
  const port = await openPriceProgram(context);
  await using system = await startSystem(join(folder, 'system.ts'), { placement: 'each' });
  const ask = async (method: string, url: string, password = 'correct horse', body?: string) => {
    const authorization = `Basic ${btoa(`price:${password}`)}`;
    const headers = { authorization, accept: 'application/json', 'content-type': 'application/json' };
    const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, text: await answer.text() };
  };
  const apps = `${system.urls.registry}/eureka/apps`;
  assert.equal((await ask('POST', `${apps}/PRICE`, 'wrong', registration('price', port))).status, 401);
  assert.equal((await ask('POST', `${apps}/SHELF`, undefined, registration('shelf', port))).status, 403);
  assert.equal(
    (await ask('GET', `${system.urls.config}/shelf/default`)).status,
    403,
    'it reads its own configuration only',
  );
  assert.equal((await ask('GET', `${system.urls.config}/price/default`)).status, 200);
  assert.equal((await ask('POST', `${apps}/PRICE`, undefined, registration('price', port))).status, 204);
  assert.equal((await ask('PUT', `${apps}/PRICE/127.0.0.1:price:${port}?status=UP`)).status, 200);
  const all = JSON.parse((await ask('GET', `${apps}/`)).text) as { applications: { application: { name: string }[] } };
  assert.deepEqual(
    all.applications.application
      .map(({ name }) => name)
      .filter((name) => name === 'PRICE' || name === 'SHELF')
      .sort(),
    ['PRICE', 'SHELF'],
  );
  assert.deepEqual(await quote(system.edge), { won: 12_000 });
  const registry = system.pids.registry ?? 0;
  for (const place of process.platform === 'linux' ? ['cmdline', 'environ'] : [])
    assert.doesNotMatch(await readFile(`/proc/${registry}/${place}`, 'utf8'), /correct horse/);
  for (const file of await readdir(join(system.stateFolder, 'logs')))
    assert.doesNotMatch(await readFile(join(system.stateFolder, 'logs', file), 'utf8'), /correct horse/);
});

/** The quote, once the caller has been told of the instance. */
async function quote(gateway: string): Promise<unknown> {
  let last: unknown;
  for (let turn = 0; turn < 100; turn += 1) {
    const answer = await getJson(`${gateway}/quote`, 2_000);
    if (answer.ok && answer.status === 200) return answer.body;
    last = answer;
    await wait(systemClock, 50);
  }
  return assert.fail(`no answer: ${JSON.stringify(last)}`);
}
