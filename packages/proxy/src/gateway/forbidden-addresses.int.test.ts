import assert from 'node:assert/strict';
import dns from 'node:dns';
import { mock, test } from 'node:test';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

// A14 of the test catalogue.

/** One address in all the ways a URL may hold it, and what it becomes. */
const literals = [
  ...[
    '169.254.169.254',
    '169.254.0.1',
    '169.254.170.2',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '0xa9.0xfe.0xa9.0xfe',
  ],
  ...[
    '169.254.43518',
    '169.16689662',
    '0251.254.169.254',
    '169.254.169.254.',
    '%31%36%39.254.169.254',
    '１６９.254.169.254',
    '169。254。169。254',
  ],
  ...[
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[0:0:0:0:0:ffff:a9fe:a9fe]',
    '[64:ff9b::169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
  ],
  ...[
    '0.0.0.0',
    '0',
    '00',
    '0x0',
    '0.0',
    '0.0.0.1',
    '[::]',
    '[0:0:0:0:0:0:0:0]',
    '[::ffff:0.0.0.0]',
    '[::ffff:0:0]',
    '[64:ff9b::0.0.0.0]',
  ],
  ...['[fe80::1]', '[fe80::a9fe:a9fe]', '[febf::1]', '[FE80::1]', '[fd00:ec2::254]', '[ff02::1]', '[ff05::1:3]'],
  ...[
    '224.0.0.1',
    '239.255.255.250',
    '255.255.255.255',
    '4294967295',
    '240.0.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '[::ffff:224.0.0.1]',
  ],
];

test('a route cannot lead to an address where no service lives, however it is written', () => {
  for (const host of literals) {
    const to = { url: `http://${host}:80` };
    assert.throws(() => route('r', { to, access: 'public' }), { code: 'GATEWAY_ROUTE_INVALID' }, host);
  }
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '[fd12::1]',
    '192.0.2.1',
    'orders.example',
  ]) {
    route('r', { to: { url: `http://${host}:80` }, access: 'public' });
  }
});

const resolved = [
  ...[
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '100.100.100.200',
    '::',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
  ],
  ...['::ffff:0.0.0.0', 'fe80::1', 'fd00:ec2::254', 'ff02::1', '64:ff9b::a9fe:a9fe'],
];

test('a name is judged by what it resolves to, and an instance by where it is, before anything is opened', async (t) => {
  await using there = await scriptedUpstream((socket) => void socket.write(plainAnswer('reached')));
  let address = '';
  const lookup = mock.method(
    dns,
    'lookup',
    (_name: string, options: { all?: boolean }, done: (...found: unknown[]) => void) => {
      const family = address.includes(':') ? 6 : 4;
      process.nextTick(() => (options.all ? done(null, [{ address, family }]) : done(null, address, family)));
    },
  );
  t.after(() => lookup.mock.restore());
  const to = { url: `http://harmless.test:${there.port}` };
  await using gateway = await openGateway({
    exposes: [things],
    routes: [route('named', { path: '/named', to, access: 'public' })],
    breaker: 'off',
  });
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${gateway.port}${path}`)).status;
  for (address of resolved) {
    assert.equal(await ask('/named'), 502, address);
    for (const host of [address, 'harmless.test']) {
      gateway.instances.set('things', [
        { ...localInstance('things', there.port), id: `things:${host}:${address}`, host },
      ]);
      assert.equal(await ask('/things/7'), 502, `${host}, ${address}`);
    }
  }
  assert.ok(lookup.mock.callCount() >= 2 * resolved.length);
  assert.equal(there.sockets.length, 0);
  address = '127.0.0.1';
  assert.equal(await ask('/named'), 200);
  gateway.instances.set('things', [{ ...localInstance('things', there.port), id: 'good', host: 'harmless.test' }]);
  assert.equal(await ask('/things/7'), 200);
});

test('where an instance sends a client on to, the gateway does not go itself', async () => {
  await using elsewhere = await scriptedUpstream((socket) => void socket.write(plainAnswer('reached')));
  await using upstream = await scriptedUpstream((socket) => {
    socket.write(`HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:${elsewhere.port}/\r\ncontent-length: 0\r\n\r\n`);
  });
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const answer = await fetch(`${gateway.origin}/things/7`, { redirect: 'manual' });
  assert.equal(answer.status, 307);
  assert.equal(elsewhere.sockets.length, 0);
});
