import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { nodeDns, openDnsInstances } from '@dure/balancer';
import { codeOf, messageOf, seededRandom, systemClock, systemRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { DecodedPacket } from 'dns-packet';
import { decode, encode } from 'dns-packet';
import { registryClient } from './client/registry-client.ts';
import type { DnsServer } from './server/dns/dns-server.ts';
import { openDnsServer } from './server/dns/dns-server.ts';
import { startRegistry } from './testing/start-registry.ts';

/** A port that was free for both transports just now. */
async function freePort(): Promise<number> {
  const server = await openDnsServer({ host: '127.0.0.1', port: 0, respond: () => undefined, clock: systemClock });
  await server.close();
  return server.port;
}

/** A registry with DNS answers, and what asks them and registers with it. */
async function open() {
  const port = await freePort();
  const registry = await startRegistry({ dns: { port } });
  const client = registryClient({
    url: registry.url,
    signer: registry.signer('stock'),
    signerOf: registry.signer,
    clock: systemClock,
    random: systemRandom,
    telemetry: silentTelemetry(),
  });
  const register = (host: string, instancePort: number) => {
    const instanceId = `stock:${host}:${instancePort}`;
    return client.register({ service: 'stock', instanceId, host, port: instancePort, managementPort: 1, metadata: {} });
  };
  const server = `127.0.0.1:${port}`;
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([server]);
  return {
    port,
    server,
    resolver,
    register,
    registry,
    async [Symbol.asyncDispose]() {
      await client.close();
      await registry.close();
    },
  };
}

const name = 'stock.dure.internal';
const srvName = '_stock._tcp.dure.internal';

test('a plain resolver finds addresses, ports and what the ports stand on', async () => {
  await using dns = await open();
  await Promise.all([dns.register('127.0.0.1', 7001), dns.register('127.0.0.2', 7002), dns.register('::1', 7003)]);
  const addresses = await dns.resolver.resolve4(name, { ttl: true });
  assert.deepEqual(addresses.map(({ address, ttl }) => `${address} ${ttl}`).sort(), ['127.0.0.1 1', '127.0.0.2 1']);
  assert.deepEqual(await dns.resolver.resolve6(name), ['::1']);
  const records = await dns.resolver.resolveSrv(srvName);
  assert.deepEqual(records.map(({ port }) => port).sort(), [7001, 7002, 7003]);
  const second = records.find(({ port }) => port === 7002);
  assert.deepEqual(await dns.resolver.resolve4(second?.name ?? ''), ['127.0.0.2']);
  assert.equal((await dns.resolver.resolveSoa('dure.internal')).nsname, 'dure.internal');
  assert.deepEqual(await dns.resolver.resolveNs('dure.internal'), ['dure.internal']);
  await assert.rejects(dns.resolver.resolve4('nobody.dure.internal'), { code: 'ENOTFOUND' });
  await assert.rejects(dns.resolver.resolveTxt(name), { code: 'ENODATA' });
  await assert.rejects(dns.resolver.resolve4('example.com'), { code: 'EREFUSED' });
});

test('sixty instances do not fit into a datagram, and come over TCP', async () => {
  await using dns = await open();
  await Promise.all(Array.from({ length: 60 }, (_, index) => dns.register(`127.0.2.${index + 1}`, 7_001 + index)));
  const question = encode({ type: 'query', questions: [{ name: srvName, type: 'SRV' }] });
  const cut = await overUdp(dns.port, question);
  assert.ok(cut.flag_tc);
  assert.equal((await dns.resolver.resolveSrv(srvName)).length, 60);
  assert.equal((await dns.resolver.resolve4(name)).length, 60);
});

test('an instance that stops is in no answer any more, and our own client follows', async () => {
  await using dns = await open();
  const first = await dns.register('127.0.0.1', 7001);
  await dns.register('127.0.0.1', 7002);
  await using list = await openDnsInstances({
    names: { stock: srvName },
    resolver: nodeDns({ servers: [dns.server] }),
    clock: systemClock,
    random: seededRandom(1),
  });
  const ports = () => list.instances('stock').map(({ port }) => port);
  assert.deepEqual(ports(), [7001, 7002]);
  await first.close();
  assert.deepEqual(
    (await dns.resolver.resolveSrv(srvName)).map(({ port }) => port),
    [7002],
  );
  await list.refresh('stock');
  assert.deepEqual(ports(), [7002]);
  await dns.register('127.0.0.1', 7003);
  await list.refresh('stock');
  assert.deepEqual(ports(), [7002, 7003]);
});

test('the port is free again when the registry has closed, and the first registry keeps one that a second wants', async () => {
  const dns = await open();
  await assert.rejects(startRegistry({ dns: { port: dns.port } }), (error) => {
    assert.equal(codeOf(error), 'REGISTRY_DNS_LISTEN_FAILED');
    assert.match(
      messageOf(error),
      new RegExp(`^DNS cannot listen on 127.0.0.1:${dns.port} \\(TCP\\): another process`),
    );
    return true;
  });
  await dns[Symbol.asyncDispose]();
  const again = await startRegistry({ dns: { port: dns.port } });
  await again.close();
});

test('a port that somebody uses for UDP only is refused with what it is used for', async () => {
  let refused: unknown;
  let port: number;
  do {
    // Other processes may just have the same port for TCP.
    const other = createSocket('udp4');
    await once(other.bind(0, '127.0.0.1'), 'listening');
    ({ port } = other.address());
    refused = await startRegistry({ dns: { port } }).catch((error: unknown) => error);
    other.close();
  } while (messageOf(refused).includes('(TCP)'));
  assert.equal(codeOf(refused), 'REGISTRY_DNS_LISTEN_FAILED');
  assert.ok(messageOf(refused).includes(`:${port} (UDP): another`));
  await using free = await openTcp(port);
  assert.ok(free.listening, 'the TCP port was given back');
});

function openTcp(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  return once(server, 'listening').then(() => server);
}

test('a connection may ask several things, in pieces, and ends when it asks nothing or too much', async () => {
  const clock = fakeClock();
  const respond = (packet: Buffer) => Buffer.from(packet.toString('latin1').toUpperCase(), 'latin1');
  const server = await openDnsServer({ host: '127.0.0.1', port: 0, respond, clock });
  const both = Buffer.from('\0\u0003abc\0\u0002de', 'latin1');
  const first = await talk(server);
  for (const byte of both) first.socket.write(Buffer.of(byte));
  assert.equal(await first.until(9), '\0\u0003ABC\0\u0002DE');
  await clock.advance(9_999);
  assert.ok(!first.socket.destroyed);
  await clock.advance(1);
  await first.closed;
  const second = await talk(server);
  second.socket.write(Buffer.from([0x04, 0x01, 0]));
  await second.closed;
  const third = await talk(server);
  third.socket.end(both);
  assert.equal(await third.until(9), '\0\u0003ABC\0\u0002DE');
  await third.closed;
  const fourth = await talk(server);
  await server.close();
  await fourth.closed;
  assert.equal(clock.pending, 0);
});

test('no more than a hundred connections are open at once', async () => {
  const respond = (packet: Buffer) => packet;
  const server = await openDnsServer({ host: '127.0.0.1', port: 0, respond, clock: fakeClock() });
  const held = await Promise.all(Array.from({ length: 100 }, () => talk(server)));
  for (const { socket } of held) socket.write(Buffer.from('\0\u0001x', 'latin1'));
  await Promise.all(held.map((one) => one.until(3)));
  const further = await talk(server);
  await further.closed;
  await server.close();
});

test('dig understands the answers', async (context) => {
  const run = promisify(execFile);
  const missing = await run('dig', ['-v']).then(
    () => undefined,
    () => 'dig is not installed',
  );
  if (missing !== undefined) return context.skip(missing);
  await using dns = await open();
  await dns.register('127.0.0.1', 7001);
  const ask = async (...parts: string[]) => (await run('dig', ['@127.0.0.1', '-p', String(dns.port), ...parts])).stdout;
  assert.match(await ask('+short', name), /^127\.0\.0\.1\s*$/);
  assert.match(await ask('+short', srvName, 'SRV'), /^0 10 7001 [0-9a-f]{12}\.stock\.dure\.internal\.\s*$/);
  for (const transport of ['+notcp', '+tcp']) {
    const whole = await ask(transport, name, 'SRV');
    assert.match(whole, /status: NOERROR.*flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 2/s);
    assert.doesNotMatch(whole, /WARNING: (?!recursion)|malformed|bad/i);
  }
  assert.match(await ask('nobody.dure.internal'), /status: NXDOMAIN.*dure\.internal\.\s+1\s+IN\s+SOA/s);
});

/** A connection that collects what it is sent. */
async function talk({ port }: DnsServer) {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  let grew = () => {};
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    grew();
  });
  await once(socket, 'connect');
  const until = async (length: number): Promise<string> => {
    while (text.length < length) {
      const more = Promise.withResolvers<void>();
      grew = more.resolve;
      await more.promise;
    }
    return text;
  };
  return { socket, closed, until };
}

async function overUdp(port: number, question: Buffer): Promise<DecodedPacket> {
  const socket = createSocket('udp4');
  socket.send(question, port, '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return decode(answer);
}
