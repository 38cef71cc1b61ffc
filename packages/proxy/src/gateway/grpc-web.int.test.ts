import assert from 'node:assert/strict';
import { request as askHttp } from 'node:http';
import { test } from 'node:test';
import type { handleServerStreamingCall, handleUnaryCall } from '@grpc/grpc-js';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { frame } from '../grpc/frame-reader.ts';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';

const method = (name: string, responseStream: boolean) => ({
  path: `/shop.Greeter/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: (text: string) => Buffer.from(text),
  requestDeserialize: (bytes: Buffer) => bytes.toString(),
  responseSerialize: (text: string) => Buffer.from(text),
  responseDeserialize: (bytes: Buffer) => bytes.toString(),
});

const Say: handleUnaryCall<string, string> = ({ request, metadata }, done) => {
  if (request !== 'nobody') {
    done(null, `${request} for ${metadata.get('x-tenant')}`);
    return;
  }
  const trailers = new Metadata();
  trailers.set('x-why', 'unknown');
  done({ code: status.NOT_FOUND, details: 'there is nobody: 없음', metadata: trailers });
};
const List: handleServerStreamingCall<string, string> = (call) => {
  for (const one of ['a', 'bb', 'ccc']) call.write(one);
  call.end();
};

/** A gateway without TLS before a server of gRPC, as a browser calls it. */
async function worldOf(access: 'public' | 'user' = 'public') {
  const server = new Server();
  server.addService({ Say: method('Say', false), List: method('List', true) }, { Say, List });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const to = { service: 'greeter' };
  const routes = [route('greeter', { path: '/shop.Greeter/*', methods: ['POST'], to, access, protocol: 'grpc' })];
  const cors = { allowedOrigins: ['https://shop.example'], allowedHeaders: ['*'], allowedMethods: ['POST'] };
  const gateway = await openGateway({ exposes: [], routes, cors });
  gateway.instances.set('greeter', [localInstance('greeter', port)]);
  return {
    gateway,
    call: async (name: string, body: Uint8Array<ArrayBuffer> | string, type = 'application/grpc-web+proto') => {
      const headers = { 'content-type': type, 'x-grpc-web': '1', 'x-tenant': 'blue', origin: 'https://shop.example' };
      const answer = await fetch(`${gateway.origin}/shop.Greeter/${name}`, { method: 'POST', headers, body });
      return { headers: answer.headers, status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.forceShutdown();
    },
  };
}

/** A request of one message. */
const message = (text: string) => Uint8Array.from(frame(Buffer.from(text)));

/** The frames of a body: messages as they are, what stands for trailer fields behind `!`. */
function framesOf(bytes: Buffer): readonly string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    frames.push((bytes[at] === 0x80 ? '!' : '') + bytes.toString('latin1', at + 5, end));
    at = end;
  }
  return frames;
}

/** As browsers read `-text`: padding may stand anywhere. */
const fromText = (bytes: Buffer) =>
  Buffer.concat((bytes.toString('latin1').match(/[^=]+=*/g) ?? []).map((text) => Buffer.from(text, 'base64')));

test('a page calls a service of gRPC over HTTP/1.1, and its status is the last frame', async () => {
  await using world = await worldOf();
  const said = await world.call('Say', message('hello'));
  assert.deepEqual(
    [said.status, said.headers.get('content-type'), said.headers.get('access-control-allow-origin')],
    [200, 'application/grpc-web+proto', 'https://shop.example'],
  );
  const [first, ended] = framesOf(said.bytes);
  assert.equal(first, 'hello for blue');
  assert.match(ended ?? '', /^!grpc-status: 0\r\n/);
  const list = framesOf((await world.call('List', message('all'))).bytes);
  assert.deepEqual(list.slice(0, 3), ['a', 'bb', 'ccc']);
  assert.match(list[3] ?? '', /^!grpc-status: 0\r\n/);
});

test('with -text all of it is base64, however the request is cut into pieces', async () => {
  await using world = await worldOf();
  const text = frame(Buffer.from('hello')).toString('base64');
  const said = await world.call('Say', text, 'application/grpc-web-text');
  assert.equal(said.headers.get('content-type'), 'application/grpc-web-text+proto');
  const [first, ended] = framesOf(fromText(said.bytes));
  assert.equal(first, 'hello for blue');
  assert.match(ended ?? '', /^!grpc-status: 0\r\n/);
  const pieces = [...text]; // each letter by itself
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const asked = askHttp(`${world.gateway.origin}/shop.Greeter/Say`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web-text+proto', 'x-tenant': 'red' },
    });
    asked.on('error', reject).on('response', async (answer) => resolve(Buffer.concat(await answer.toArray())));
    for (const piece of pieces) asked.write(piece);
    asked.end();
  });
  assert.equal(framesOf(fromText(bytes))[0], 'hello for red');
});

test('what fails is the last frame too, also what the gateway refuses, and other calls stay as they are', async () => {
  await using world = await worldOf();
  const failed = await world.call('Say', message('nobody'));
  const [only = ''] = framesOf(failed.bytes).slice(-1);
  assert.match(only, /^!grpc-status: 5\r\ngrpc-message: there%20is%20nobody:%20%EC%97%86%EC%9D%8C\r\n$/);
  assert.deepEqual([failed.headers.get('grpc-status'), failed.headers.get('x-why')], [null, 'unknown']);
  await using closed = await worldOf('user');
  const refused = await closed.call('Say', message('hello'));
  assert.deepEqual([refused.status, refused.headers.get('content-type')], [200, 'application/grpc-web+proto']);
  assert.deepEqual(framesOf(refused.bytes), [
    '!grpc-status: 16\r\ngrpc-message: this operation is for signed-in users\r\n',
  ]);
  const plain = await closed.call('Say', message('hello'), 'application/grpc');
  assert.deepEqual([plain.headers.get('content-type'), plain.headers.get('grpc-status')], ['application/grpc', '16']);
  const unknown = await world.call('Nothing', message('hello'), 'application/grpc-web-text');
  assert.match(framesOf(fromText(unknown.bytes))[0] ?? '', /^!grpc-status: 12\r\n/);
});
