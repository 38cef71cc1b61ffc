import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { busDestination, isMeant, matchesPath } from './bus-destination.ts';
import { busEventJson, readBusEvent } from './bus-event.ts';
import { busId } from './bus-id.ts';
import { openBus } from './open-bus.ts';

test('a bus id has the application, the profiles as one segment, the index and something of its own', () => {
  const own = { application: 'orders', index: 8081, unique: '9b21' };
  assert.equal(busId({ ...own, profiles: [] }), 'orders:8081:9b21');
  assert.equal(busId({ ...own, profiles: ['dev', 'eu'] }), 'orders:dev,eu:8081:9b21');
  assert.equal(
    busId({ ...own, profiles: [], unique: 'orders:1' }),
    'orders:8081:orders-1',
    'no segment more than these',
  );
});

test('a destination is sent as Spring normalises it', () => {
  const table = [
    [undefined, '**'],
    ['', '**'],
    ['**', '**'],
    ['*', '*:**'],
    ['orders', 'orders:**'],
    ['orders:8080', 'orders:8080:**'],
    ['orders:**', 'orders:**'],
    ['orders:dev:8080', 'orders:dev:8080'],
    ['orders:dev:8080:abc', 'orders:dev:8080:abc'],
  ] as const;
  for (const [asked, sent] of table) assert.equal(busDestination(asked), sent, String(asked));
});

test('an instance is meant by its own address, by patterns, and by nothing at all', () => {
  const table = [
    ['**', true],
    ['orders:**', true],
    ['orders:8081:**', true],
    ['*:**', true],
    ['ord*:**', true],
    ['order?:**', true],
    ['**:abc', true],
    ['orders:{port}:abc', true],
    ['orders:*:*', true],
    ['orders:8081:abc', true],
    ['orders:8081:abc:**', true],
    ['', true],
    ['  ', true],
    [undefined, true],
    ['orders:*', false],
    ['orders', false],
    ['Orders:**', false],
    ['payment:**', false],
    ['orders:8082:**', false],
    ['orders:8081:abc:*', false],
    [':orders:**', false],
  ] as const;
  for (const [destination, isIt] of table) assert.equal(isMeant(destination, 'orders:8081:abc'), isIt, destination);
});

test('one of several profiles, and another name of the application, are enough', () => {
  assert.ok(isMeant('orders:eu:**', 'orders:dev,eu:8080:x'));
  assert.ok(isMeant('orders:dev,eu:**', 'orders:dev,eu:8080:x'));
  assert.ok(!isMeant('orders:us:**', 'orders:dev,eu:8080:x'));
  assert.ok(isMeant('shop:eu:**', 'orders:dev,eu:8080:x', ['shop']));
  assert.ok(!isMeant('shop:**', 'orders:8080:x'));
});

test('no pattern takes long', () => {
  const before = performance.now();
  assert.ok(!matchesPath(`${'**:'.repeat(500)}x`, 'a:'.repeat(500)));
  assert.ok(!matchesPath(`${'*a'.repeat(2_000)}b`, 'a'.repeat(4_000)));
  assert.ok(performance.now() - before < 2_000);
});

test('events are Spring’s JSON, there and back', () => {
  const envelope = { id: '1', timestamp: 5, origin: 'config:8888:3f', destination: 'orders:**' };
  assert.equal(
    JSON.stringify(busEventJson({ kind: 'refresh', ...envelope })),
    '{"type":"RefreshRemoteApplicationEvent","timestamp":5,"originService":"config:8888:3f","destinationService":"orders:**","id":"1"}',
  );
  const events = [
    { kind: 'refresh', ...envelope },
    { kind: 'environment', ...envelope, values: { 'feature.x': 'true' } },
    {
      kind: 'ack',
      ...envelope,
      ackId: '9',
      ackDestination: '**',
      event: 'org.springframework.cloud.bus.event.RefreshRemoteApplicationEvent',
    },
  ] as const;
  for (const event of events)
    assert.deepEqual(
      readBusEvent(JSON.stringify(busEventJson(event)), () => 'new'),
      event,
    );
});

test('what is missing is made up, what is unknown is read past, what is no event is nothing', () => {
  const read = (sent: unknown) => readBusEvent(sent, () => 'new');
  assert.deepEqual(read({ type: 'RefreshRemoteApplicationEvent', more: [1] }), {
    kind: 'refresh',
    id: 'new',
    timestamp: 0,
    origin: '',
    destination: undefined,
  });
  assert.equal(read({ type: 'ShutdownRemoteApplicationEvent' })?.kind, 'unknown');
  for (const nothing of ['', '[', '[]', 'null', '3', '{"type":3}', undefined, 7, `"${'x'.repeat(2 ** 20)}"`])
    assert.equal(read(nothing), undefined);
  const change = read(
    '{"type":"EnvironmentChangeRemoteApplicationEvent","values":{"a":1,"b":null,"c":{},"__proto__":"x","d":true}}',
  );
  assert.deepEqual(Object.entries(change?.kind === 'environment' ? change.values : {}), [
    ['a', '1'],
    ['__proto__', 'x'],
    ['d', 'true'],
  ]);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

function two(acknowledges = false) {
  const done: string[] = [];
  const sent: Readonly<Record<string, unknown>>[] = [];
  let count = 0;
  const bus = (id: string) =>
    openBus({
      id: () => id,
      acknowledges,
      clock: fakeClock(),
      newId() {
        count += 1;
        return String(count);
      },
      send: async (event) => void sent.push(event),
      refresh: async () => done.push(`${id} reads`),
      change: async (values) => done.push(`${id} sets ${JSON.stringify(values)}`),
    });
  const orders = bus('orders:8081:a');
  const payment = bus('payment:8082:b');
  const deliver = () => {
    for (const event of sent.splice(0)) for (const one of [orders, payment]) one.heard(JSON.stringify(event));
  };
  return { orders, payment, done, sent, deliver };
}

test('who is meant obeys, the sender once', async () => {
  const { orders, done, deliver } = two();
  await orders.refresh();
  deliver();
  assert.deepEqual(done.splice(0), ['orders:8081:a reads', 'payment:8082:b reads']);
  await orders.refresh('payment');
  deliver();
  assert.deepEqual(done.splice(0), ['payment:8082:b reads']);
  await orders.setEnvironment('a.b', '3', 'orders:8081');
  deliver();
  assert.deepEqual(done, ['orders:8081:a sets {"a.b":"3"}']);
});

test('whoever acknowledges names the class of the event; acknowledgements are answered by nobody', async () => {
  const { orders, sent, deliver, done } = two(true);
  await orders.refresh('payment');
  deliver();
  assert.equal(done.length, 1);
  assert.deepEqual(
    sent.map(({ type, originService, ackId, event }) => [type, originService, ackId, event]),
    [
      [
        'AckRemoteApplicationEvent',
        'payment:8082:b',
        '1',
        'org.springframework.cloud.bus.event.RefreshRemoteApplicationEvent',
      ],
    ],
  );
  deliver();
  assert.deepEqual(sent, []);
});
