import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '@dure/core';
import type { TestPair } from '@dure/core/testing';
import { testAuthority } from '@dure/core/testing';
import type { handleBidiStreamingCall, handleServerStreamingCall, handleUnaryCall, ServiceError } from '@grpc/grpc-js';
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { testCertificates } from '../testing/test-certificate.ts';
import { until } from '../testing/until.ts';
import type { UpstreamTlsByService } from '../upstream/upstream-tls.ts';

const encode = (text: string) => Buffer.from(text);
const decode = (bytes: Buffer) => bytes.toString();
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Greeter/${name}`,
  requestStream,
  responseStream,
  requestSerialize: encode,
  requestDeserialize: decode,
  responseSerialize: encode,
  responseDeserialize: decode,
});
const methods = {
  Say: method('Say', false, false),
  List: method('List', false, true),
  Chat: method('Chat', true, true),
};

interface Handlers {
  Say?: handleUnaryCall<string, string>;
  List?: handleServerStreamingCall<string, string>;
  Chat?: handleBidiStreamingCall<string, string>;
}

interface WorldOptions {
  readonly access?: 'public' | 'user';
  /** The server speaks TLS by this certificate. */
  readonly own?: TestPair;
  readonly upstreamTls?: UpstreamTlsByService;
}

function credentialsOf({ certFile, keyFile }: TestPair): ServerCredentials {
  return ServerCredentials.createSsl(null, [
    { cert_chain: readFileSync(certFile), private_key: readFileSync(keyFile) },
  ]);
}

/** A gateway with TLS before a server of gRPC, and a client of it. */
async function worldOf(handlers: Handlers, { access = 'public', own, upstreamTls = {} }: WorldOptions = {}) {
  const certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  const server = new Server();
  server.addService(methods, { ...handlers });
  const speaks = own === undefined ? ServerCredentials.createInsecure() : credentialsOf(own);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', speaks, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  const to = { service: 'greeter' };
  const routes = [route('greeter', { path: '/shop.Greeter/*', methods: ['POST'], to, access, protocol: 'grpc' })];
  const gateway = await openGateway({ exposes: [], routes, tls: { certFile, keyFile }, upstreamTls });
  gateway.instances.set('greeter', [{ ...localInstance('greeter', port), secure: own !== undefined }]);
  const trusted = credentials.createSsl(readFileSync(certFile), null, null, { checkServerIdentity: () => undefined });
  const client = new Client(`127.0.0.1:${gateway.port}`, trusted, { 'grpc.enable_retries': 0 });
  return {
    client,
    gateway,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      server.forceShutdown();
      await gateway.close();
      await certificates[Symbol.asyncDispose]();
    },
  };
}

function say(client: Client, text: string, metadata = new Metadata(), deadlineMs = 5_000): Promise<string> {
  const deadline = systemClock.now() + deadlineMs;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(methods.Say.path, encode, decode, text, metadata, { deadline }, (error, value) =>
      error === null ? resolve(value ?? '') : reject(error),
    );
  });
}

const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 0,
    ({ code }: ServiceError) => code,
  );

test('a call of gRPC passes with its metadata, its answer and its trailers', async () => {
  let heard: Metadata | undefined;
  await using world = await worldOf({
    Say: ({ request, metadata }, done) => {
      heard = metadata;
      done(null, `hello ${request}`);
    },
  });
  const metadata = new Metadata();
  metadata.set('x-tenant', 'blue');
  metadata.set('x-forwarded-for', '6.6.6.6');
  assert.equal(await say(world.client, 'ann', metadata), 'hello ann');
  assert.deepEqual(heard?.get('x-tenant'), ['blue']);
  assert.deepEqual(heard?.get('x-forwarded-for'), ['127.0.0.1']);
  assert.match(String(heard?.get('traceparent')), /^00-/);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => say(world.client, String(index))));
  assert.deepEqual(
    answers,
    answers.map((_, index) => `hello ${index}`),
  );
});

test('an error of the service reaches its caller with code, message and details', async () => {
  await using world = await worldOf({
    Say: (_, done) => {
      const trailers = new Metadata();
      trailers.set('x-why', 'sold out');
      done({ code: status.FAILED_PRECONDITION, details: 'no stock — 없음', metadata: trailers });
    },
  });
  const error = await say(world.client, 'ann').then(assert.fail, (reason: ServiceError) => reason);
  assert.deepEqual([error.code, error.details], [status.FAILED_PRECONDITION, 'no stock — 없음']);
  assert.deepEqual(error.metadata.get('x-why'), ['sold out']);
});

test('messages stream both ways while the call goes on, and large ones with back-pressure', async () => {
  await using world = await worldOf({
    Chat: (call) => {
      call.on('data', (text: string) => void call.write(`${text}!`));
      call.on('end', () => call.end());
    },
    List: (call) => {
      for (let index = 0; index < 500; index += 1) call.write(String(index).padEnd(20_000, '.'));
      call.end();
    },
  });
  const chat = world.client.makeBidiStreamRequest(methods.Chat.path, encode, decode);
  const heard: string[] = [];
  chat.on('data', (text: string) => heard.push(text));
  for (const word of ['one', 'two', 'three']) {
    chat.write(word);
    await until(`"${word}" comes back`, () => heard.at(-1) === `${word}!`);
  }
  chat.end();
  await new Promise((resolve) => chat.on('end', resolve));
  const list = world.client.makeServerStreamRequest(methods.List.path, encode, decode, 'all');
  let count = 0;
  for await (const text of list) {
    assert.equal(Number.parseInt(String(text), 10), count);
    count += 1;
    if (count % 100 === 0) await new Promise(setImmediate);
  }
  assert.equal(count, 500);
});

test('the caller’s deadline ends the call at the service', async () => {
  let cancelled = 0;
  await using world = await worldOf({
    Say: (call) => void call.on('cancelled', () => (cancelled += 1)),
  });
  assert.equal(await codeOf(say(world.client, 'ann', new Metadata(), 100)), status.DEADLINE_EXCEEDED);
  await until('the service is told', () => cancelled === 1);
});

test('what the gateway refuses comes as a status of gRPC', async () => {
  await using world = await worldOf({ Say: (_, done) => done(null, 'secret') }, { access: 'user' });
  assert.equal(await codeOf(say(world.client, 'ann')), status.UNAUTHENTICATED);
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer ann');
  assert.equal(await say(world.client, 'ann', metadata), 'secret');
  world.gateway.instances.set('greeter', []);
  assert.equal(await codeOf(say(world.client, 'ann', metadata)), status.UNAVAILABLE);
  assert.equal(
    await codeOf(
      new Promise((resolve, reject) =>
        world.client.makeUnaryRequest('/shop.Other/Say', encode, decode, 'x', metadata, (error, value) =>
          error === null ? resolve(value) : reject(error),
        ),
      ),
    ),
    status.UNIMPLEMENTED,
  );
});

test('an instance that cannot be reached is left out, one that goes away is UNAVAILABLE', async () => {
  let calls = 0;
  await using world = await worldOf({
    Say: (_, done) => done(null, 'fine'),
    Chat: (call) => {
      calls += 1;
      call.write('open');
    },
  });
  const [alive] = world.gateway.instances.instances('greeter');
  assert.ok(alive !== undefined);
  world.gateway.instances.set('greeter', [localInstance('greeter', 1), alive]);
  for (let call = 0; call < 10; call += 1) assert.equal(await say(world.client, 'ann'), 'fine');
  const chat = world.client.makeBidiStreamRequest(methods.Chat.path, encode, decode);
  const failed = new Promise<number>((resolve) => chat.on('error', (error) => resolve((error as ServiceError).code)));
  await new Promise((resolve) => chat.once('data', resolve));
  assert.equal(calls, 1);
  world.server.forceShutdown();
  assert.notEqual(await failed, status.OK);
});

test('a call goes by TLS to an instance that speaks it, and nowhere when its certificate is not trusted', async () => {
  await using authority = await testAuthority('greeter.test');
  const { caFile } = authority;
  const Say: Handlers['Say'] = ({ request }, done) => done(null, `hello ${request}`);
  const own = authority.issue('IP:127.0.0.1');
  await using trusting = await worldOf({ Say }, { own, upstreamTls: { greeter: { caFile } } });
  assert.equal(await say(trusting.client, 'ann'), 'hello ann');
  for (const [pair, upstreamTls, reason] of [
    [own, {}, /signed by an authority that is not trusted/],
    [authority.issue('DNS:other.test'), { greeter: { caFile } }, /its certificate is for another name/],
  ] as const) {
    await using world = await worldOf({ Say }, { own: pair, upstreamTls });
    assert.equal(await codeOf(say(world.client, 'ann')), status.UNAVAILABLE);
    const [line] = world.gateway.telemetry.logs;
    assert.match(line?.message ?? '', /^TLS with "greeter" at 127\.0\.0\.1:\d+ did not come about: /);
    assert.match(line?.message ?? '', reason);
  }
});
