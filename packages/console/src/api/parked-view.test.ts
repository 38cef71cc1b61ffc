import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { ParkedOrder } from '../parked-contract.ts';
import { parkedView } from './parked-view.ts';

const none = { status: 404, detail: 'there is no actuator endpoint at /actuator/deliveries' };
const place = { source: 'order', key: 'a b' };
const order: ParkedOrder = { do: 'retry', ...place, by: 'mina', why: 'the bank is back' };

function instance(service: string, number: number) {
  const where = { host: '127.0.0.1', port: 1, managementPort: number, zone: undefined, metadata: {} };
  return { id: `${service}:${number}`, service, ...where };
}

function key(name: string, state = 'waiting', since = 1) {
  const first = { id: 'm1', type: 'order.placed' };
  const error = { code: 'X', message: 'no such sku' };
  return { source: 'order', key: name, state, attempts: 3, since, error, messages: 2, first };
}

function message(id: string, data?: unknown) {
  const told = { id, type: 'order.placed', version: 1, kind: 'event', at: 1, position: 7, key: 'a b', source: 'order' };
  return { message: { ...told, meta: { correlation: 'c' }, ...(data === undefined ? {} : { data }) } };
}

/** A system whose instances answer what is written here, by `order:1 deliveries/parked`; `null` is an empty answer; all else fails. */
function system(answers: Readonly<Record<string, unknown>>) {
  const services: Readonly<Record<string, readonly number[]>> = { pay: [1, 2], stock: [1], search: [1] };
  const asked: string[] = [];
  const view = parkedView(
    (service) => (services[service] ?? []).map((number) => instance(service, number)),
    async ({ id }, path, _withinMs, body) => {
      const question = `${id} ${body === undefined ? '' : 'POST '}${path.replace('deliveries/', '')}`;
      asked.push(question);
      const answer = answers[question];
      if (answer === undefined) throw new TypeError('away');
      return answer ?? undefined;
    },
    fakeClock(50),
  );
  return { view, asked };
}

test('keys that are stopped come first, whatever their age, then the oldest of all services', async () => {
  const { view } = system({
    'pay:2 parked': { parked: [key('b', 'waiting', 2), key('c', 'stopped', 9)] },
    'pay:2 parked?state=stopped': { parked: [key('c', 'stopped', 9)] },
    'stock:1 parked': { parked: [key('a', 'waiting', 1)] },
    'stock:1 parked?state=stopped': { parked: [] },
    'search:1 parked': none,
    'search:1 parked?state=stopped': none,
  });
  const list = await view.list(['absent', 'pay', 'search', 'stock'], {});
  assert.deepEqual(
    list.keys.map(({ service, key: name, state }) => `${service} ${name} ${state}`),
    ['pay c stopped', 'stock a waiting', 'pay b waiting'],
  );
  assert.deepEqual([list.now, list.more, list.silent], [50, false, []]);
});

test('filters are handed on, and a service that does not answer, or answers nonsense, is named', async () => {
  const { view, asked } = system({
    'pay:1 parked?source=order&key=a+b&state=stopped': { parked: [{ key: 7 }] },
    'stock:1 parked?source=order&key=a+b&state=stopped': { parked: Array.from({ length: 200 }, (_, n) => key(`${n}`)) },
  });
  const list = await view.list(['pay', 'stock', 'search'], { ...place, state: 'stopped' });
  assert.deepEqual([list.silent, list.more, list.keys.length], [['pay', 'search'], true, 200]);
  await view.list(['pay', 'stock'], { service: 'stock', ...place, state: 'stopped' });
  assert.equal(asked.at(-1), 'stock:1 parked?source=order&key=a+b&state=stopped');
});

test('a key is told with what waits in it and what was done about it, and not with what its messages say', async () => {
  const done = { what: 'retry', source: 'order', by: 'mina', why: 'once more', at: 40 };
  const { view } = system({
    'pay:1 parked?source=order&key=a+b&data=false': { parked: [key('a b')], messages: [message('m1'), message('m2')] },
    'pay:1 parked?source=order': { parked: [key('a b'), key('c')] },
    'pay:1 actions': { actions: [{ ...done, key: 'a b' }, { ...done, key: 'c' }, done, { ...done, source: 'other' }] },
  });
  const found = await view.find('pay', place);
  assert.deepEqual(
    [found?.service, found?.ofSource, found?.waiting.map(({ message: { id } }) => id)],
    ['pay', 2, ['m1', 'm2']],
  );
  assert.deepEqual(
    found?.actions.map(({ key: of }) => of),
    ['a b', undefined],
  );
  assert.ok(!JSON.stringify(found).includes('data'));
});

test('a key that waits no more is undefined, and so is its data; a silent service is an error', async () => {
  const gone = { parked: [], messages: [] };
  const { view } = system({
    'pay:1 parked?source=order&key=a+b&data=false': gone,
    'pay:1 parked?source=order': { parked: [] },
    'pay:1 actions': { actions: [] },
    'pay:1 parked?source=order&key=a+b&id=m1': gone,
    'pay:1 parked?source=order&key=a+b&id=m2': { parked: [key('a b')], messages: [message('m2', { a: '***' })] },
    'search:1 parked?source=order&key=a+b&id=m1': { detail: 'the database is away' },
  });
  assert.equal(await view.find('pay', place), undefined);
  assert.equal(await view.data('pay', place, 'm1'), undefined);
  assert.deepEqual((await view.data('pay', place, 'm2'))?.message.data, { a: '***' });
  await assert.rejects(view.find('stock', place), { code: 'CONSOLE_SERVICE_SILENT' });
  await assert.rejects(view.data('search', place, 'm1'), /the database is away/);
});

test('an action is asked of one instance that answers, and of no other when that one falls silent', async () => {
  const done = system({ 'pay:2 parked?source=order': { parked: [] }, 'pay:2 POST parked': { keys: 1 } });
  assert.equal(await done.view.operate('pay', order), true);
  assert.deepEqual(done.asked, ['pay:1 parked?source=order', 'pay:2 parked?source=order', 'pay:2 POST parked']);
  const skipped = system({ 'pay:1 parked?source=order': { parked: [] }, 'pay:1 POST parked': null });
  assert.equal(await skipped.view.operate('pay', { ...order, do: 'skip', id: 'm1' }), true);
  const silent = system({ 'pay:1 parked?source=order': { parked: [] } });
  await assert.rejects(
    silent.view.operate('pay', order),
    /has not answered; look at what is parked before you try again/,
  );
  assert.equal(silent.asked.length, 2);
});

test('what the service refuses is told with its reason; what does not wait is none to act on', async () => {
  const answers = { 'pay:1 parked?source=order': { parked: [] } };
  const refusing = system({ ...answers, 'pay:1 POST parked': { status: 400, code: 'C', detail: 'give its value' } });
  await assert.rejects(refusing.view.operate('pay', order), {
    code: 'CONSOLE_ACTION_REFUSED',
    message: '"pay" refuses: give its value',
    details: { service: 'pay', code: 'C' },
  });
  const gone = system({ ...answers, 'pay:1 POST parked': { status: 404, code: 'MESSAGING_PARKED_UNKNOWN' } });
  assert.equal(await gone.view.operate('pay', order), false);
});
