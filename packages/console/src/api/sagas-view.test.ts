import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { SagaOrder } from '../saga-contract.ts';
import { sagasView } from './sagas-view.ts';

const id = '01930000-0000-7000-8000-00000000000';
const none = {
  status: 404,
  title: 'There is nothing here',
  detail: 'there is no actuator endpoint at /actuator/sagas',
};
const order: SagaOrder = { action: 'retry', by: 'mina', why: 'the bank is back' };

function instance(service: string, number: number) {
  const where = { host: '127.0.0.1', port: 1, managementPort: number, zone: undefined, metadata: {} };
  return { id: `${service}:${number}`, service, ...where };
}

function one(number: number, state = 'running', startedAt = number) {
  return { id: `${id}${number}`, saga: 'book', version: 1, key: `k${number}`, state, startedAt };
}

/** A system whose instances answer what is written here, by `order:1 sagas?`; `null` is an empty answer; all else fails. */
function system(answers: Readonly<Record<string, unknown>>) {
  const services: Readonly<Record<string, readonly number[]>> = { order: [1, 2], pay: [1], stock: [1] };
  const asked: string[] = [];
  const view = sagasView(
    (service) => (services[service] ?? []).map((number) => instance(service, number)),
    async ({ id: instanceId }, path, _withinMs, body) => {
      const question = `${instanceId} ${body === undefined ? '' : 'POST '}${path}`;
      asked.push(question);
      const answer = answers[question];
      if (answer === undefined) throw new TypeError('away');
      return answer ?? undefined;
    },
    fakeClock(50),
  );
  return { view, asked };
}

const whole = { ...one(1), input: {}, steps: [], plan: [], history: [] };

test('those that need an operator come first, whatever their age, then the latest of all services', async () => {
  const { view } = system({
    'order:2 sagas?': { sagas: [one(3), one(1)] },
    'order:2 sagas?state=needs-operator': { sagas: [one(0, 'needs-operator')] },
    'pay:1 sagas?': { sagas: [one(2)] },
    'pay:1 sagas?state=needs-operator': { sagas: [] },
    'stock:1 sagas?': none,
    'stock:1 sagas?state=needs-operator': none,
  });
  const list = await view.list(['absent', 'order', 'pay', 'stock'], {});
  assert.deepEqual(
    list.sagas.map(({ service, key }) => `${service} ${key}`),
    ['order k0', 'order k3', 'pay k2', 'order k1'],
  );
  assert.deepEqual([list.now, list.more, list.silent], [50, false, []]);
});

test('filters are handed on, and only the service that is wanted is asked', async () => {
  const { view, asked } = system({ 'pay:1 sagas?saga=book&key=a%26b&state=paused': { sagas: [one(1, 'paused')] } });
  const list = await view.list(['order', 'pay'], { service: 'pay', saga: 'book', key: 'a&b', state: 'paused' });
  assert.deepEqual([list.sagas.length, asked.length], [1, 1]);
});

test('a service that does not answer, or answers nonsense, is named; one that tells all it can is said to have more', async () => {
  const { view } = system({
    'order:1 sagas?state=paused': { sagas: [{ id: 7 }] },
    'stock:1 sagas?state=paused': { sagas: Array.from({ length: 200 }, (_, at) => ({ ...one(1), id: `${at}` })) },
  });
  const list = await view.list(['order', 'pay', 'stock'], { state: 'paused' });
  assert.deepEqual([list.silent, list.more, list.sagas.length], [['order', 'pay'], true, 200]);
});

test('one saga is found at any instance of its service; an unknown one is undefined, a silent service an error', async () => {
  const { view } = system({ [`order:2 sagas/${id}1`]: whole, [`order:2 sagas/${id}2`]: none });
  assert.deepEqual(await view.find('order', `${id}1`), { now: 50, service: 'order', ...whole });
  assert.equal(await view.find('order', `${id}2`), undefined);
  await assert.rejects(view.find('pay', `${id}1`), { code: 'CONSOLE_SERVICE_SILENT' });
  const odd = system({ [`pay:1 sagas/${id}1`]: { detail: 'the database is away' } }).view;
  await assert.rejects(odd.find('pay', `${id}1`), /the database is away/);
});

test('an action is asked of one instance that answers, and of no other when that one falls silent', async () => {
  const done = system({ [`order:2 sagas/${id}1`]: whole, [`order:2 POST sagas/${id}1`]: null });
  assert.equal(await done.view.operate('order', `${id}1`, order), true);
  assert.deepEqual(done.asked, [`order:1 sagas/${id}1`, `order:2 sagas/${id}1`, `order:2 POST sagas/${id}1`]);
  const silent = system({ [`order:1 sagas/${id}1`]: whole });
  await assert.rejects(silent.view.operate('order', `${id}1`, order), /look at the history/);
  assert.equal(silent.asked.length, 2);
});

test('what the service refuses is told with its reason; an unknown saga is none to act on', async () => {
  const problem = { status: 409, code: 'SAGA_ACTION_REFUSED', detail: 'it is paused; resume it first' };
  const { view } = system({
    [`order:1 sagas/${id}1`]: whole,
    [`order:1 POST sagas/${id}1`]: problem,
    [`order:1 sagas/${id}2`]: none,
    [`order:1 POST sagas/${id}2`]: none,
  });
  await assert.rejects(view.operate('order', `${id}1`, order), {
    code: 'CONSOLE_ACTION_REFUSED',
    message: '"order" refuses: it is paused; resume it first',
    details: { service: 'order', code: 'SAGA_ACTION_REFUSED' },
  });
  assert.equal(await view.operate('order', `${id}2`, order), false);
});
