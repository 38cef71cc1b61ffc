import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { getJson } from '../supervisor/transport.ts';
import type { TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';

interface State {
  readonly word: string;
  readonly number: number;
  readonly express: boolean;
  readonly failure: string;
}

/** The interval of a watch, the longest reading, and room for a machine that is busy. */
const soonMs = 15_000;

const breaker = (calls: number) => `dure:
  resilience:
    retry: { attempts: 1 }
    circuit-breaker: { window: ${calls}, minimum-calls: ${calls} }
`;
const flags = '  flags: { express-delivery: { rules: [ { percent: 100, value: true } ] } }\n';
const gateway = (path: string, quota: number) => `
dure.gateway.rate-limits: { shop.limited: { quota: ${quota}, window-seconds: 3600 } }
spring.cloud.gateway.server.webflux.routes:
  - { id: old, uri: "lb://shop", predicates: [ "${path}" ], filters: [ SetPath=/state ], metadata: { access: public } }
`;

/** The fixture `living` with a folder that may be edited, and somebody who asks it all the time. */
async function living() {
  const folder = await mkdtemp(join(tmpdir(), 'dure-living-'));
  await cp(join(import.meta.dirname, '..', '..', 'fixtures', 'living'), folder, { recursive: true });
  await symlink(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'), join(folder, 'node_modules'));
  const system = await startSystem(join(folder, 'system.ts'), { placement: 'each' });
  const flow = startFlow(system);
  const status = async (path: string) => {
    const answer = await getJson(system.edge + path, 5_000);
    return answer.ok ? answer.status : answer.reason;
  };
  return {
    system,
    flow,
    status,
    /** Whether the config server has said that somebody refuses a change, and why. */
    isRefused: async (why: RegExp) =>
      (await system.output('config')).split('\n').some((line) => line.includes('refused it') && why.test(line)),
    edit: (name: string, text: string) => writeFile(join(folder, 'config', name), text),
    /** Waits until something is so; how long that took, in milliseconds. */
    async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<number> {
      const from = systemClock.monotonicMs();
      while (!(await isSo())) {
        assert.ok(systemClock.monotonicMs() - from < soonMs, `${what} has not happened within ${soonMs} ms`);
        await wait(systemClock, 25);
      }
      return Math.round(systemClock.monotonicMs() - from);
    },
    async [Symbol.asyncDispose]() {
      await flow.end();
      await system.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Asks for the state over and over; what it was last, and all that went wrong. */
function startFlow(system: TestSystem) {
  const flow = { last: undefined as State | undefined, asked: 0, wrong: [] as string[] };
  let isOver = false;
  const ask = async () => {
    while (!isOver) {
      const answer = await getJson(`${system.edge}/state`, 5_000);
      flow.asked += 1;
      if (answer.ok && answer.status === 200) {
        flow.last = answer.body as State;
        const { word, number } = flow.last;
        if (!['one 1', 'two 2'].includes(`${word} ${number}`)) flow.wrong.push(`torn: ${word} ${number}`);
      } else flow.wrong.push(JSON.stringify(answer));
      await wait(systemClock, 5);
    }
  };
  const running = [ask(), ask()];
  return Object.assign(flow, {
    async end() {
      isOver = true;
      await Promise.all(running);
    },
  });
}

test('while requests flow, each kind of setting changes by an edit, no request fails, and a broken edit changes nothing', async (context) => {
  await using live = await living();
  const { flow, system } = live;
  const took: Record<string, number> = {};
  await live.until('the first answer', () => flow.last !== undefined);
  assert.deepEqual(flow.last, { word: 'one', number: 1, express: false, failure: 'PEER_DOWN' });
  assert.deepEqual([await live.status('/limited'), await live.status('/old')], [200, 404]);

  await live.edit('shop.yml', `word: two\nnumber: 2\n${breaker(100_000)}`);
  took.own = await live.until('a value of its own', () => flow.last?.number === 2);

  await live.edit('application.yml', `dure:\n  log: { levels: { shop: debug } }\n${flags}`);
  took.flag = await live.until('a flag', () => flow.last?.express === true);
  took.log = await live.until('a log level', async () => (await system.output('shop')).includes('asked for its state'));

  await live.edit('gateway.yml', gateway('Path=/old', 1));
  took.route = await live.until('a route', async () => (await live.status('/old')) === 200);
  assert.deepEqual([await live.status('/limited'), await live.status('/limited')].sort(), [200, 429], 'a rate limit');

  await live.edit('gateway.yml', gateway('Paht=/new', 1_000).replace('/old', '/new'));
  await live.until('a refusal of the routes', () => live.isRefused(/gateway\.yml:4:\d+.*Paht/));
  assert.deepEqual([await live.status('/old'), await live.status('/limited')], [200, 429]);
  await live.edit('shop.yml', `word: three\nnumber: 33\n${breaker(2)}`);
  await live.until('a refusal of its own', () => live.isRefused(/number = 33 \(server, shop\.yml:2:\d+\)/));
  assert.deepEqual([flow.last?.word, flow.last?.failure], ['two', 'PEER_DOWN'], 'the breaker in the same file too');

  await live.edit('shop.yml', `word: two\nnumber: 2\n${breaker(4)}`);
  took.breaker = await live.until('a breaker', () => flow.last?.failure === 'RESILIENCE_BREAKER_OPEN');
  await live.edit('gateway.yml', gateway('Path=/new', 1_000));
  took.routeAgain = await live.until('a route', async () => (await live.status('/new')) === 200);
  assert.deepEqual([await live.status('/old'), await live.status('/limited')], [404, 200]);

  await live.edit('application.yml', `dure:\n  log: { level: debug }\n${flags}`);
  for (const name of ['registry', 'config', 'console', 'gateway', 'peer'])
    await live.until(`the level of ${name}`, async () =>
      (await system.output(name)).includes('dure.log.level none → debug'),
    );
  await flow.end();
  assert.deepEqual(flow.wrong, []);
  assert.ok(flow.asked > 40, `${flow.asked} requests`);
  context.diagnostic(`${flow.asked} requests; taken up after, in ms: ${JSON.stringify(took)}`);
});
