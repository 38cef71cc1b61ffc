import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from './client/registry-client.ts';
import { startRegistry } from './testing/start-registry.ts';
import { until } from './testing/until.ts';

// Clients and a server that others wrote, as they are: eureka-js-client, and Spring Cloud Netflix in `testing/spring`.
// They are installed by name, here and not with the workspace.

const run = promisify(execFile);
const installMs = 400_000;
const folder = mkdtempSync(join(tmpdir(), 'dure-interop-'));
const opened: { close(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(opened.map((one) => one.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Whether a command runs at all. */
async function has(command: string, ...args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  );
}

/** Our client, with an instance `shelf` that is registered by it. */
async function shelfOn(url: string, authorization: string) {
  const client = registryClient({
    url,
    signer: { authorize: async () => authorization },
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
    pollMs: 500,
  });
  opened.push(client);
  const registered = await client.register({
    service: 'shelf',
    instanceId: 'shelf:1',
    host: '127.0.0.1',
    port: 4_001,
    managementPort: 4_002,
    metadata: {},
  });
  return { client, registered };
}

const statusOf = async (url: string) => String((await fetch(url, { headers: { authorization: 'Basic eDp5' } })).status);
const portsOf = (client: ReturnType<typeof registryClient>, service: string) =>
  client.instances(service).map(({ port }) => port);

describe('eureka-js-client 4.5.0, unmodified', () => {
  before(async () => {
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
    await run('npm', ['install', ...flags, 'eureka-js-client@4.5.0'], { timeout: installMs });
  });

  test('registers, sees ours, is seen, comes back after the registry was lost, and leaves', async () => {
    const { Eureka } = createRequire(join(folder, 'x.js'))('eureka-js-client') as { Eureka: EurekaJs };
    const registry = await startRegistry();
    opened.push(registry);
    const { client } = await shelfOn(registry.url, 'Bearer shelf');
    const program = new Eureka({
      instance: {
        app: 'price',
        instanceId: 'price:1',
        hostName: '127.0.0.1',
        ipAddr: '127.0.0.1',
        vipAddress: 'price',
        port: { $: 4_010, '@enabled': true },
        dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      },
      eureka: {
        serviceUrls: { default: [`http://price:secret@127.0.0.1:${registry.port}/eureka/apps/`] },
        heartbeatInterval: 300,
        registryFetchInterval: 300,
      },
      logger: silent,
    });
    try {
      await new Promise<void>((resolve, reject) => program.start((error) => (error ? reject(error) : resolve())));
      await until(() => portsOf(client, 'price').includes(4_010));
      await until(() => program.getInstancesByAppId('SHELF').length === 1, 10_000);
      assert.equal(program.getInstancesByVipAddress('shelf')[0]?.port.$, 4_001);
      await registry.close();
      await using again = await startRegistry({}, registry.port);
      await untilAnswers(() => statusOf(`${again.url}/eureka/apps/PRICE`), '200'); // it was answered 404 and began anew
      await new Promise<void>((resolve) => program.stop(() => resolve()));
      await until(() => portsOf(client, 'price').length === 0, 10_000);
      await client.close();
    } finally {
      program.stop(() => undefined);
      await client.close();
    }
  });
});

const hasJava = (await has('java', '-version')) && (await has('mvn', '-v'));
const skip = hasJava ? false : 'there is no JDK with Maven here';

describe('Spring Cloud Netflix 4.3.0 (Spring Cloud 2025.0.0)', { skip }, () => {
  const programs: ChildProcess[] = [];
  const spring = join(folder, 'spring');
  before(async () => {
    cpSync(join(import.meta.dirname, 'testing', 'spring'), spring, { recursive: true });
    const goals = ['-q', '-B', 'package', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
    await run('mvn', goals, { cwd: spring, timeout: installMs });
  });
  after(() => {
    for (const program of programs) program.kill('SIGKILL');
  });

  const quiet = ['--server.address=127.0.0.1', '--logging.level.root=error', '--spring.main.banner-mode=off'];

  /** Starts a program and waits for its first line; `ask` sends it a line and waits for the answer. */
  async function java(main: string, ...options: readonly string[]) {
    const classes = `target/classes:lib/*`;
    const child = spawn('java', ['-Xmx256m', '-cp', classes, `dure.${main}`, ...quiet, ...options], {
      cwd: spring,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    programs.push(child);
    const gone = once(child, 'exit').then(() => assert.fail(`${main} has ended`));
    gone.catch(() => undefined);
    const said: string[] = [];
    let heard = () => {};
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('> ')) return;
      said.push(line.slice(2));
      heard();
    });
    const answer = async (): Promise<string> => {
      if (said.length === 0) {
        const line = new Promise<void>((resolve) => {
          heard = resolve;
        });
        await Promise.race([line, gone]);
      }
      return said.shift() ?? '';
    };
    const [, ready = ''] = (await answer()).split(' ');
    return {
      ready,
      ask(line: string) {
        child.stdin.write(`${line}\n`);
        return answer();
      },
      async end() {
        const ended = once(child, 'exit');
        child.stdin.end();
        await ended;
      },
    };
  }

  const often = [
    '--eureka.client.registry-fetch-interval-seconds=1',
    '--eureka.instance.lease-renewal-interval-in-seconds=1',
  ];

  test('a client registers, sees ours by its delta, is seen, changes its status, and leaves', {
    timeout: 120_000,
  }, async () => {
    await using registry = await startRegistry();
    const { client, registered } = await shelfOn(registry.url, 'Bearer shelf');
    const zone = `http://price:secret@127.0.0.1:${registry.port}/eureka/`;
    const port = await freePort();
    const program = await java(
      'PriceService',
      `--server.port=${port}`,
      '--spring.application.name=price',
      `--eureka.client.service-url.defaultZone=${zone}`,
      '--eureka.instance.prefer-ip-address=true',
      '--eureka.instance.ip-address=127.0.0.1',
      ...often,
    );
    await until(() => client.instances('price').length === 1, 60_000);
    assert.deepEqual(portsOf(client, 'price'), [port]);
    const answer = await fetch(`http://127.0.0.1:${port}/prices/tea`);
    assert.deepEqual(await answer.json(), { sku: 'tea', won: 12_000 });
    await untilAnswers(() => program.ask('instances shelf'), '[127.0.0.1:4001]');
    await registered.close(); // the first fetch was whole; that it has gone comes by a delta
    await untilAnswers(() => program.ask('instances shelf'), '[]');
    assert.equal(await program.ask('hash'), 'UP_1_');
    assert.equal(await program.ask('status DOWN'), 'DOWN');
    await until(() => client.instances('price').length === 0, 60_000);
    assert.equal(await program.ask('status UP'), 'UP');
    await until(() => client.instances('price').length === 1, 60_000);
    await program.end();
    await until(() => client.instances('price').length === 0, 10_000);
    await client.close();
  });

  test('our client joins an existing server: registers, renews, follows others, and leaves', {
    timeout: 120_000,
  }, async () => {
    const server = await java(
      'EurekaServer',
      '--server.port=0',
      '--eureka.client.register-with-eureka=false',
      '--eureka.client.fetch-registry=false',
      '--eureka.server.response-cache-update-interval-ms=500',
    );
    const url = `http://127.0.0.1:${server.ready}`;
    const { client, registered } = await shelfOn(url, 'Basic eDp5');
    const appsOf = async () => {
      const answer = await fetch(`${url}/eureka/apps`, { headers: { accept: 'application/json' } });
      return ((await answer.json()) as Apps).applications.application.map(({ name }) => name).sort();
    };
    await untilAnswers(async () => String(await appsOf()), 'SHELF');
    const program = await java(
      'PriceService',
      '--server.port=0',
      '--spring.application.name=price',
      `--eureka.client.service-url.defaultZone=${url}/eureka/`,
      ...often,
    );
    await until(() => client.instances('price').length === 1, 60_000);
    await untilAnswers(() => program.ask('instances shelf'), '[127.0.0.1:4001]');
    await program.end();
    await until(() => client.instances('price').length === 0, 60_000);
    await registered.close();
    await untilAnswers(async () => String(await appsOf()), '');
    await client.close();
    await server.end();
  });
});

interface Apps {
  readonly applications: { readonly application: readonly { readonly name: string }[] };
}

/** Spring's client registers the port that it was configured with, not the one that it got for 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until the answer is this one. */
async function untilAnswers(ask: () => Promise<string>, expected: string): Promise<void> {
  const start = systemClock.monotonicMs();
  for (let answer = await ask(); answer !== expected; answer = await ask())
    assert.ok(systemClock.monotonicMs() - start < 60_000, `answers ${answer}, not ${expected}`);
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What of the library is used. */
type EurekaJs = new (
  options: object,
) => {
  start(done: (error?: Error) => void): void;
  stop(done: () => void): void;
  getInstancesByAppId(app: string): readonly EurekaJsInstance[];
  getInstancesByVipAddress(vip: string): readonly EurekaJsInstance[];
};
interface EurekaJsInstance {
  readonly port: { readonly $: number };
}
