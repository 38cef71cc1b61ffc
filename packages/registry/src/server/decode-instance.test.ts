import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { decodeRegistration } from './decode-instance.ts';

const whole = {
  instanceId: '10.0.0.7:orders:8080',
  hostName: '10.0.0.7',
  app: 'orders',
  ipAddr: '10.0.0.7',
  status: 'STARTING',
  port: { $: 8080, '@enabled': 'true' },
  dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
};

function decode(instance: unknown) {
  const body = instance instanceof Uint8Array ? instance : new TextEncoder().encode(JSON.stringify({ instance }));
  return decodeRegistration(body, 'ORDERS', fakeClock());
}

/** What the accepted instance looks like, or the text of the refusal. */
function outcome(instance: unknown) {
  const decoded = decode(instance);
  return decoded.ok ? decoded.info : decoded.text;
}

const without = (...fields: (keyof typeof whole)[]) =>
  Object.fromEntries(Object.entries(whole).filter(([field]) => !fields.includes(field as keyof typeof whole)));

const refused: readonly [string, unknown, string][] = [
  ['no id of any kind', without('instanceId', 'hostName'), 'Missing instanceId'],
  ['no host name', without('hostName'), 'Missing hostname'],
  ['no address', without('ipAddr'), 'Missing ip address'],
  ['no application', without('app'), 'Missing appName'],
  ['another application', { ...whole, app: 'bar' }, 'Mismatched appName, expecting ORDERS but was BAR'],
  ['no data center', without('dataCenterInfo'), 'Missing dataCenterInfo'],
  ['a data center without a name', { ...whole, dataCenterInfo: {} }, 'Missing dataCenterInfo Name'],
];

for (const [what, instance, text] of refused) {
  test(`${what} is refused in Eureka's words: ${text}`, () => {
    assert.deepEqual(decode(instance), { ok: false, status: 400, text, isJson: false });
  });
}

const unparsable: readonly [string, unknown][] = [
  ['no instance at all', undefined],
  ['a list', [whole]],
  ['a port that is a number', { ...whole, port: 8080 }],
  ['a port out of range', { ...whole, port: { $: 70_000 } }],
  ['a port that is a word', { ...whole, port: { $: 'http' } }],
  ['a host that is an object', { ...whole, hostName: {} }],
  ['metadata with objects in them', { ...whole, metadata: { a: {} } }],
  ['a time stamp that is a word', { ...whole, lastDirtyTimestamp: 'now' }],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
  ['half a document', new TextEncoder().encode('{"instance":{')],
  ['an empty body', new Uint8Array()],
];

for (const [what, instance] of unparsable) {
  test(`${what} cannot be parsed: 400, never 500`, () => {
    assert.equal(outcome(instance), '{"error":"cannot parse request body"}');
  });
}

test('texts are taken for numbers and flags, nulls for nothing, and unknown fields are passed over', () => {
  const info = outcome({
    ...whole,
    port: { $: '8080', '@enabled': true },
    securePort: { $: 443, '@enabled': 'false' },
    leaseInfo: { renewalIntervalInSecs: '5', durationInSecs: '15', serviceUpTimestamp: '1' },
    asgName: null,
    actionType: null,
    lastDirtyTimestamp: '1700000000123',
    overriddenstatus: 'OUT_OF_SERVICE',
    isCoordinatingDiscoveryServer: true,
    metadata: { '@class': 'java.util.Collections$EmptyMap', zone: 'a', n: 1, ['__proto__']: 'x' },
    newField: { of: 'a later version' },
  });
  assert.ok(typeof info === 'object');
  assert.deepEqual(
    [info.port, info.securePort],
    [
      { number: 8080, enabled: true },
      { number: 443, enabled: false },
    ],
  );
  assert.deepEqual([info.renewalIntervalInSecs, info.durationInSecs], [5, 15]);
  assert.equal(info.lastDirtyTimestamp, 1_700_000_000_123);
  assert.equal(info.overriddenStatus, 'OUT_OF_SERVICE');
  assert.equal(info.isCoordinatingDiscoveryServer, true);
  assert.deepEqual(Object.keys(info.metadata), ['zone', 'n', '__proto__']);
  assert.equal(info.app, 'ORDERS');
});

test('without an id the host name is the id, in Amazon’s cloud the machine’s', () => {
  const plain = outcome(without('instanceId'));
  assert.ok(typeof plain === 'object');
  assert.equal(plain.instanceId, '10.0.0.7');
  const dataCenterInfo = { name: 'Amazon', metadata: { 'instance-id': 'i-1' } };
  const amazon = outcome({ ...without('instanceId'), dataCenterInfo });
  assert.ok(typeof amazon === 'object');
  assert.equal(amazon.instanceId, 'i-1');
});

test('an unknown status is UNKNOWN and a missing lease is 30 and 90 seconds', () => {
  const info = outcome({ ...whole, status: 'SLEEPY' });
  assert.ok(typeof info === 'object');
  assert.deepEqual([info.status, info.renewalIntervalInSecs, info.durationInSecs], ['UNKNOWN', 30, 90]);
});
