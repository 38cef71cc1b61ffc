import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Random } from '@dure/core';
import { randomInteger, randomItem, seededRandom } from '@dure/core';
import type { TestSystem } from '@dure/dure/testing';
import { componentsOf, credentialsOf } from './access-matrix.ts';
import type { Customer } from './customer.ts';
import { ask, customer } from './customer.ts';
import { countBy, decidedOrders, pause } from './decided-orders.ts';
import { editableShop } from './editable-shop.ts';
import { untilPlaced } from './until-placed.ts';

const seed = Number(process.env.SEED ?? 20261128);
const ordersPerSecond = 8;
const mostOrders = 400;
/** While the other process is the quicker one, a balancer gives the canary a call a second. */
process.env.SHOP_CANARY_MS = '5000';
const soonMs = 20_000;
const settleMs = 60_000;
const skus = ['tea-green', 'tea-citron', 'cup-moon', 'spoon-brass', 'paper-hanji', 'hat-gat', 'drum-janggu'] as const;
const methods = ['card', 'card', 'card', 'declined-card', 'expired-card'] as const;

const orderFile = (percent: number, resilience: string) => `
discount-percent: ${percent}
dure:
  log: { levels: { order: warn } }
  resilience: { ${resilience} }
`;
const breaker = 'circuit-breaker: { failure-ratio: 0.3 }';
/** Every call is slow by that, however fast the machine, and one of a window is enough: the schema cannot know. */
const poison = 'circuit-breaker: { slow-call-ms: 0, slow-ratio: 0.01, minimum-calls: 2 }';
/** A sign-in costs 20. */
const gatewayFile = 'dure.gateway.rate-limits: { user.sign-in: { quota: 20 } }\n';

test(`a discount, a rate limit, a breaker's threshold and a log level change while orders flow; a broken change is refused, a poisoned one is taken back by its canary, and no order is lost (seed ${seed})`, async (context) => {
  await using editable = await editableShop({ placement: 'each', scale: { order: 2 } });
  const { shop, edit } = editable;
  const kim = await customer(shop.edge, 'kim');
  const look = looks(shop);
  using flow = startOrders(kim, seededRandom(seed));
  await until('the first orders', async () => flow.placed.length >= 10);
  const [before, usual] = [[...flow.placed], await look.version()];
  assert.equal((await look.offers()).join(), '0', 'there is no discount yet');
  assert.deepEqual(await look.breakerLimits(), ['50.0%']);
  assert.deepEqual(await look.signIns(2), [200, 200]);

  await Promise.all([edit('order.yml', orderFile(20, breaker)), edit('gateway.yml', gatewayFile)]);
  await until('the four changes', async () => {
    const version = await look.version();
    return version !== undefined && version !== usual && (await look.changes()) === '';
  });
  assert.deepEqual(await look.offers(), [20], 'the discount');
  assert.deepEqual(await look.breakerLimits(), ['30.0%'], 'the threshold of the breaker');
  assert.deepEqual(await look.signIns(2), [200, 429], 'the rate limit');
  const good = await look.version();
  const silent = flow.placed.length;
  await until('orders of which the log says nothing', async () => flow.placed.length >= silent + 5);

  await edit('order.yml', orderFile(200, breaker));
  await until('the refusal', async () => /held.*order:[\w-]+ refused it/s.test(await look.changes()));
  assert.deepEqual(await look.offers(), [20], 'a broken change changes nothing');

  await edit('order.yml', orderFile(30, poison));
  await until('the trial', async () => (await look.changes()).startsWith('trying'));
  await until('the return', async () => /held.*tried it out and opened a circuit breaker/s.test(await look.changes()));
  await until('the version before', async () => (await look.version()) === good);
  assert.match(
    await look.status(),
    /held back: order\/test \S+ → \S+ \(order:[\w-]+\)\n {2}order:[\w-]+ tried it out and/,
  );
  assert.deepEqual(await look.offers(), [20]);

  await edit('order.yml', orderFile(20, breaker));
  await until('nothing held', async () => (await look.changes()) === '');
  const { placed, asked, repeated } = await flow.end();
  const states = await decidedOrders(kim, settleMs);
  context.diagnostic(`${placed.length} orders, ${repeated} placed by a repetition; ${JSON.stringify(countBy(states))}`);
  assert.equal(new Set(placed).size, asked, 'one order for each key');
  assert.deepEqual([...states.keys()].sort(), [...placed].sort(), 'the orders that were placed, and no others');
  assert.ok((countBy(states).confirmed ?? 0) > 0);
  const log = (await shop.output('order')) + (await shop.output('order-2'));
  const told = (orderId: string) => log.includes(`order ${orderId} is placed`);
  assert.ok(before.every(told), 'the log told of the first orders');
  assert.ok(!placed.slice(silent).some(told), 'it tells of none since its level is warn');
  await shop.verify();
});

/** A steady stream of orders until it is ended. */
function startOrders(kim: Customer, random: Random) {
  const placed: string[] = [];
  const under: Promise<void>[] = [];
  const failures: unknown[] = [];
  let repeated = 0;
  let isOver = false;
  const one = async () => {
    const [sku, method] = [randomItem(random, skus) ?? 'tea-green', randomItem(random, methods) ?? 'card'];
    const wanted = { sku, quantity: randomInteger(random, 1, 2), method, withinMs: soonMs };
    const { orderId, tries } = await untilPlaced(kim, wanted);
    placed.push(orderId);
    if (tries > 1) repeated += 1;
  };
  const running = (async () => {
    while (!isOver && under.length < mostOrders) {
      under.push(one().catch((error: unknown) => void failures.push(error)));
      await pause(1_000 / ordersPerSecond);
    }
  })();
  return {
    placed,
    async end() {
      isOver = true;
      await running;
      await Promise.all(under);
      assert.deepEqual(failures, []);
      return { placed, asked: under.length, repeated };
    },
    [Symbol.dispose]() {
      isOver = true;
    },
  };
}

/** Everything that is looked at from outside. */
function looks(shop: TestSystem) {
  const manage = async (service: string, path: string) => {
    const authorization = await (await credentialsOf(shop)).authorizationOf('the right service', service, 'service');
    const all = (await componentsOf(shop)).filter(({ name }) => name === service);
    const init = { headers: { authorization: authorization ?? '' } };
    return Promise.all(all.map(async ({ management }) => (await ask(`${management}/actuator/${path}`, init)).body));
  };
  const rollOut = async <Body>(path: string) => (await manage('config', path))[0] as Body;
  return {
    /** What both processes of order run; undefined while that differs. */
    async version() {
      const { instances } = await rollOut<Instances>('rollout/instances');
      const versions = instances.filter(({ application }) => application === 'order').map(({ version }) => version);
      return versions.length === 2 && versions[0] === versions[1] ? versions[0] : undefined;
    },
    /** What is not given to all: its state and why. */
    async changes() {
      const { changes } = await rollOut<Changes>('rollout');
      return changes.map(({ state, reason = '' }) => `${state} ${reason}`).join('\n');
    },
    /** The thresholds of the breakers before product, in both processes of order. */
    async breakerLimits() {
      const bodies = (await manage('order', 'circuitbreakers')) as unknown as readonly Breakers[];
      const breakers = bodies.flatMap(({ circuitBreakers }) => Object.entries(circuitBreakers));
      const ofProduct = breakers.filter(([name]) => name.includes('product'));
      return [...new Set(ofProduct.map(([, { failureRateThreshold }]) => failureRateThreshold))];
    },
    /** The discounts that several answers in a row name, from both processes. */
    async offers() {
      const answers = await Promise.all(Array.from({ length: 6 }, () => ask(`${shop.edge}/offer`)));
      return [...new Set(answers.map(({ body }) => body.discountPercent))];
    },
    async signIns(count: number) {
      const body = JSON.stringify({ email: 'nobody@example.com', password: 'wrong horse battery' });
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      const statuses: number[] = [];
      for (let turn = 0; turn < count; turn += 1) {
        const { status } = await ask(`${shop.edge}/sessions`, init);
        statuses.push(status === 401 ? 200 : status); // it was let in, whoever it is
      }
      return statuses;
    },
    /** `dure config status`, as somebody types it. */
    async status() {
      const root = join(import.meta.dirname, '..', '..');
      const program = join(root, 'packages', 'dure', 'bin', 'dure.js');
      const parameters = [program, 'config', 'status', '--state', shop.stateFolder];
      const environment = { ...process.env, LANG: 'C' };
      return (await promisify(execFile)(process.execPath, parameters, { cwd: root, env: environment })).stdout;
    },
  };
}

interface Instances {
  readonly instances: readonly { readonly application: string; readonly version?: string }[];
}

interface Changes {
  readonly changes: readonly { readonly state: string; readonly reason?: string }[];
}

interface Breakers {
  readonly circuitBreakers: Readonly<Record<string, { readonly failureRateThreshold: string }>>;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + soonMs;
  while (!(await isSo())) {
    assert.ok(performance.now() < giveUpAt, `${what} did not come within ${soonMs} ms`);
    await pause(100);
  }
}
