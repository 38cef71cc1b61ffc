import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createPlain } from 'node:net';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { codeOf, messageOf } from '@dure/core';
import type { TestPair } from '@dure/core/testing';
import { fakeClock, testAuthority } from '@dure/core/testing';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import type { ProxyParts } from '../testing/open-proxy.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { UpstreamTlsByService, UpstreamTlsOptions } from '../upstream/upstream-tls.ts';
import type { GatewayOptions } from './gateway-options.ts';

const ours = await testAuthority('ours.test');
const theirs = await testAuthority('theirs.test');
after(async () => {
  await ours[Symbol.asyncDispose]();
  await theirs[Symbol.asyncDispose]();
});
const good = ours.issue('DNS:things.test,IP:127.0.0.1');
const { caFile } = ours;

/** A service that speaks TLS: tells by whom it was asked, over which connection, and what came. */
async function secureService(pair: TestPair, options: ServerOptions = {}) {
  const connections = new Set<TLSSocket>();
  const server = createServer({ cert: readFileSync(pair.certFile), key: readFileSync(pair.keyFile), ...options });
  let asked = 0;
  server.on('secureConnection', (socket) => connections.add(socket));
  server.on('tlsClientError', () => {});
  server.on('request', (request, response) => {
    asked += 1;
    const socket = request.socket as TLSSocket & { readonly servername?: string | false };
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    request.on('end', () => {
      const client = String(socket.getPeerCertificate().subject?.CN ?? '');
      const { servername } = socket;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ host: request.headers.host, servername, client, bytes }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    asked: () => asked,
    connections,
    server,
    [Symbol.asyncDispose]: async () => void server.close().closeAllConnections(),
  };
}

/** A gateway with a route to a URL, trusting as `trust` says. */
function gatewayTo(
  url: string,
  trust: UpstreamTlsOptions | undefined,
  more: Partial<GatewayOptions> = {},
  parts?: ProxyParts,
) {
  const routes = [route('secure', { path: '/**', to: { url }, access: 'public' })];
  const upstreamTls = trust === undefined ? {} : { upstreamTls: { [url]: trust } };
  return openGateway({ exposes: [], routes, ...upstreamTls, ...more }, parts);
}

async function ask(origin: string, init: RequestInit = {}) {
  const response = await fetch(`${origin}/things/7`, init);
  const body = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, body, id: response.headers.get('dure-request-id') ?? '' };
}

const warnings = (gateway: Awaited<ReturnType<typeof openGateway>>) =>
  gateway.telemetry.logs.map(({ message }) => message).filter((message) => message.includes('TLS with'));

test('a route to an https address is called by TLS, over connections that are kept', async () => {
  await using service = await secureService(good);
  await using gateway = await gatewayTo(service.url, { caFile });
  for (let turn = 0; turn < 3; turn += 1) assert.equal((await ask(gateway.origin)).status, 200);
  assert.equal(service.connections.size, 1);
  const { body } = await ask(gateway.origin, { method: 'PUT', body: Buffer.alloc(1_000_000, 'x') });
  assert.equal(body.bytes, 1_000_000);
  assert.equal(service.connections.size, 1);
});

test('the name that is asked for, and that the certificate must have, can be another than the host', async () => {
  await using service = await secureService(ours.issue('DNS:things.test'));
  await using named = await gatewayTo(service.url, { caFile, serverName: 'things.test' });
  assert.deepEqual([(await ask(named.origin)).status, (await ask(named.origin)).body.servername], [200, 'things.test']);
  await using unnamed = await gatewayTo(service.url, { caFile });
  assert.equal((await ask(unnamed.origin)).status, 502);
});

const self = await testAuthority('self.test');
after(() => self[Symbol.asyncDispose]());
const signsItself = { certFile: self.caFile, keyFile: self.caFile.replace('.crt', '.key') };
for (const [what, pair, options, trust, reason] of [
  [
    'shows a certificate that has expired',
    ours.issue('IP:127.0.0.1', -1),
    {},
    { caFile },
    /its certificate has expired$/,
  ],
  [
    'shows a certificate for another name',
    ours.issue('DNS:other.test'),
    {},
    { caFile },
    /for another name: .*127\.0\.0\.1/,
  ],
  [
    'shows a certificate of an unknown authority',
    theirs.issue('IP:127.0.0.1'),
    {},
    { caFile },
    /signed by an authority that is not trusted$/,
  ],
  [
    'shows a certificate of a private authority, when none is named,',
    good,
    {},
    undefined,
    /signed by an authority that is not trusted$/,
  ],
  [
    'shows a certificate that signs itself',
    signsItself,
    {},
    undefined,
    /signs itself; if that is meant, name it as `caFile`$/,
  ],
  [
    'speaks too old a TLS',
    good,
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
    { caFile },
    /no version of TLS that is allowed|protocol version/,
  ],
  [
    'asks for a client certificate, when there is none (TLS 1.3),',
    good,
    { requestCert: true, ca: readFileSync(caFile) },
    { caFile },
    /asks for a client certificate; state `certFile`/,
  ],
  [
    'asks for a client certificate, when there is none (TLS 1.2),',
    good,
    { requestCert: true, ca: readFileSync(caFile), maxVersion: 'TLSv1.2' },
    { caFile },
    /refuses the handshake/,
  ],
] as const) {
  test(`a service that ${what} is not asked; the log and the explanation say why, the client does not learn it`, async () => {
    await using service = await secureService(pair, options as ServerOptions);
    await using gateway = await gatewayTo(service.url, trust);
    const { status, body, id } = await ask(gateway.origin);
    assert.deepEqual([status, body.code, service.asked()], [502, 'GATEWAY_TLS_FAILED', 0]);
    assert.doesNotMatch(JSON.stringify(body), /expired|signed|altnames|client certificate/);
    const [line = ''] = warnings(gateway);
    assert.match(line, new RegExp(`TLS with "${service.url}" at 127\\.0\\.0\\.1:${service.port} did not come about: `));
    assert.match(line, reason);
    const told = await gateway.endpoint.handle({ method: 'GET', path: ['requests', id], query: {}, body: undefined });
    assert.match(JSON.stringify(told), /"what":"tls","text":"TLS with/);
  });
}

test('a service that does not know the authority of the client certificate is not believed to have heard anything', async () => {
  const files = ['-cert', good.certFile, '-key', good.keyFile, '-CAfile', caFile];
  const refusing = ['-Verify', '1', '-verify_return_error', '-www'];
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...refusing]);
  try {
    const port = await new Promise<string>((resolve) => {
      server.stdout.on('data', (piece) => {
        const [, found] = /ACCEPT \S*:(\d+)/.exec(String(piece)) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const url = `https://127.0.0.1:${port}`;
    await using gateway = await gatewayTo(url, { caFile, ...theirs.issue('DNS:gateway') });
    assert.equal((await ask(gateway.origin)).body.code, 'GATEWAY_TLS_FAILED');
    assert.match(warnings(gateway)[0] ?? '', /it refuses the client certificate$/);
    await using known = await gatewayTo(url, { caFile, ...ours.issue('DNS:gateway') });
    assert.equal((await fetch(known.origin)).status, 200);
  } finally {
    server.kill();
  }
});

test('what speaks no TLS, or hangs up before it does, is told apart from what cannot be reached', async () => {
  const plain = createPlain((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const mute = createPlain((socket) => void socket.on('error', () => {}).destroy());
  for (const [server, reason] of [
    [plain, /it does not speak TLS on this port$/],
    [mute, /did not come about: /],
  ] as const) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using gateway = await gatewayTo(url, { caFile });
    assert.equal((await ask(gateway.origin)).body.code, 'GATEWAY_TLS_FAILED');
    assert.match(warnings(gateway)[0] ?? '', reason);
    server.close();
    await using after = await gatewayTo(url, { caFile });
    assert.equal((await ask(after.origin)).body.code, 'GATEWAY_CONNECT_FAILED');
  }
});

test('a certificate that signs itself is trusted when it is named', async () => {
  await using service = await secureService(signsItself);
  await using gateway = await gatewayTo(service.url, { caFile: self.caFile, serverName: 'self.test' });
  assert.equal((await ask(gateway.origin)).status, 200);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a service that asks for a client certificate learns who the gateway is (${version})`, async () => {
    const asking = { requestCert: true, ca: readFileSync(caFile), maxVersion: version };
    await using service = await secureService(good, asking);
    await using gateway = await gatewayTo(service.url, { caFile, ...ours.issue('DNS:gateway') });
    const { status, body } = await ask(gateway.origin);
    assert.equal(status, 200);
    assert.match(String(body.client), /^\d+\.ours\.test$/);
  });
}

test('an instance that registered a secure port is called by TLS; one that is not trusted is passed by, also for what may not be repeated', async () => {
  await using trusted = await secureService(good);
  await using expired = await secureService(ours.issue('IP:127.0.0.1', -1));
  await using gateway = await openGateway({ exposes: [things], upstreamTls: { things: { caFile } } });
  const secured = (port: number) => ({ ...localInstance('things', port), secure: true });
  gateway.instances.set('things', [secured(expired.port), secured(trusted.port)]);
  const statuses = new Set<number>();
  for (let turn = 0; turn < 10; turn += 1) {
    statuses.add((await ask(gateway.origin)).status);
    const init = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    const made = await fetch(`${gateway.origin}/sign-in`, init);
    statuses.add(made.status);
    await made.text();
  }
  assert.equal(expired.asked(), 0);
  assert.ok(trusted.asked() >= 10);
  assert.equal(statuses.has(502), false);
});

test('an instance that comes back with TLS at the same address is not asked over its old connections', async () => {
  await using service = await secureService(good);
  await using gateway = await openGateway({ exposes: [things], upstreamTls: { '*': { caFile } } });
  gateway.instances.set('things', [localInstance('things', service.port)]);
  assert.equal((await ask(gateway.origin)).status, 502);
  gateway.instances.set('things', [{ ...localInstance('things', service.port), secure: true }]);
  assert.equal((await ask(gateway.origin)).status, 200);
});

test('files that are replaced count for new connections; those that cannot be used do not', async () => {
  const clock = fakeClock();
  await using authority = await testAuthority('changing.test');
  const changing = authority.caFile;
  await using service = await secureService(good);
  await using gateway = await gatewayTo(service.url, { caFile: changing }, {}, { clock });
  const told = (text: string) => gateway.telemetry.logs.some(({ message }) => message.includes(text));
  assert.equal((await ask(gateway.origin)).status, 502);
  writeFileSync(changing, 'no certificate');
  await clock.advance(5_000);
  await until('the broken file is told', () => told('the new files are refused, those before stay'));
  assert.equal((await ask(gateway.origin)).status, 502);
  copyFileSync(caFile, changing);
  await until('the next look is due', () => clock.pending > 0);
  await clock.advance(5_000);
  await until('the new file is used', () => told('the files were replaced'));
  assert.equal((await ask(gateway.origin)).status, 200);
});

// region trust
const upstreamTls: UpstreamTlsByService = {
  '*': { caFile: 'tls/company-ca.pem' },
  'https://partner.example': { certFile: 'tls/client.pem', keyFile: 'tls/client.key', minVersion: 'TLSv1.3' },
  billing: { caFile: 'tls/billing-ca.pem', serverName: 'billing.internal' }, // registered by its address
};
// endregion

test('a setting of trust that cannot be read, is half, or is used by nobody stops the start', async () => {
  const url = 'https://partner.test';
  const refused = (given: UpstreamTlsByService, pattern: RegExp) =>
    assert.rejects(gatewayTo(url, undefined, { upstreamTls: given }), (error) => {
      assert.equal(codeOf(error), 'GATEWAY_PROTOCOL_INVALID');
      assert.match(messageOf(error), pattern);
      return true;
    });
  await refused(
    { [url]: { caFile: '/nowhere.crt' } },
    /upstreamTls "https:\/\/partner\.test": a file cannot be read: .*nowhere/,
  );
  await refused(upstreamTls, /upstreamTls "\*": a file cannot be read: .*tls\/company-ca\.pem/);
  await refused({ [url]: { certFile: good.certFile } }, /`certFile` and `keyFile` go together/);
  await refused({ [url]: { certFile: good.certFile, keyFile: caFile } }, /cannot be used/);
  await refused(
    { 'https://partnr.test': {} },
    /names "https:\/\/partnr\.test", to which no route leads .* https:\/\/partner\.test/,
  );
});

test('a WebSocket goes through to a service that speaks TLS', async () => {
  await using service = await secureService(good);
  service.server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('data', (piece) => socket.write(`heard ${piece}`));
  });
  const routes = [route('chat', { path: '/chat', to: { url: service.url }, access: 'public', protocol: 'websocket' })];
  await using gateway = await openGateway({ exposes: [], routes, upstreamTls: { [service.url]: { caFile } } });
  const client = connect(gateway.port, '127.0.0.1');
  let heard = '';
  client.on('data', (piece: Buffer) => {
    heard += piece.toString('latin1');
  });
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
  client.write(`GET /chat HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`);
  await until('the handshake is answered', () => heard.includes('101 '));
  client.write('ping');
  await until('what was sent comes back', () => heard.endsWith('heard ping'));
  client.destroy();
});
