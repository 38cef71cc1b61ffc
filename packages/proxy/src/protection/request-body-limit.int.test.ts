import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwarding } from '../engine/forwarding.ts';
import { openEdge } from '../testing/open-edge.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { requestBodyLimit } from './request-body-limit.ts';

/** A route with a limit, and a service behind it that answers when the whole body has come. */
async function open(maxBytes: number) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('\r\n0\r\n\r\n') || sofar.length > 2_000_000) socket.write(plainAnswer('taken'));
  });
  const instances = [localInstance('things', upstream.port)];
  const handler: Parameters<typeof openEdge>[1] = { handler: forwarding, instances };
  const edge = await openEdge([requestBodyLimit({ maxBytes })], handler);
  const close = async () => {
    await edge[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  };
  return { port: edge.port, upstream, [Symbol.asyncDispose]: close };
}

const post = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n';

test('a body that states more than the route takes is refused before anything is read', async () => {
  await using under = await open(10);
  const text = await sendRaw(under.port, `${post}content-length: 11\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 413 [\s\S]*the body has 11 bytes; at most 10 are taken/);
  assert.equal(under.upstream.received.length, 0);
});

test('a body that states nothing is refused when it has become too long', async () => {
  await using under = await open(10);
  const client = rawClient(under.port);
  client.send(`${post}transfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n`);
  client.send('6\r\nfghijk\r\n0\r\n\r\n');
  assert.match(await client.ended(), /^HTTP\/1\.1 413 [\s\S]*larger than the 10 bytes/);
});

test('a body of just the length that is taken goes through', async () => {
  await using under = await open(10);
  assert.match(
    await sendRaw(under.port, `${post}transfer-encoding: chunked\r\n\r\na\r\nabcdefghij\r\n0\r\n\r\n`),
    /^HTTP\/1\.1 200 [\s\S]*taken$/,
  );
});

test('a route may take more than the gateway does elsewhere', async () => {
  await using under = await open(2_000_000);
  const body = 'x'.repeat(2_000_000);
  assert.match(await sendRaw(under.port, `${post}content-length: ${body.length}\r\n\r\n${body}`), /^HTTP\/1\.1 200 /);
});

test('a route may take no body at all', async () => {
  await using under = await open(0);
  assert.match(await sendRaw(under.port, `${post}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1\.1 400 /);
});

test('a limit below nothing is refused when the layer is made', () => {
  assert.throws(() => requestBodyLimit({ maxBytes: -1 }), { code: 'GATEWAY_PROTECTION_INVALID' });
});
