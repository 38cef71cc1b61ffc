import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { registryClient } from './registry-client.ts';
import type { RegistryRequest, StreamRequest } from './transport.ts';

const registration = {
  service: 'stock',
  instanceId: 'stock:a',
  host: 'h',
  port: 1,
  managementPort: 2,
  metadata: {},
};

/** A client whose registry is a script: `answer` gives the status of a request, `chunks` what the stream says. */
function open(
  answer: (request: RegistryRequest, count: number) => number | Error,
  streamAnswer: (request: StreamRequest) => { readonly status: number; readonly retryAfterMs?: number } = () => {
    return { status: 200 };
  },
  url = 'http://registry.invalid',
) {
  const clock = fakeClock();
  const sent: string[] = [];
  const told: unknown[] = [];
  const streams: { say: (text: string) => void; end: () => void; signal: AbortSignal }[] = [];
  const asked: string[] = [];
  const silent = silentTelemetry();
  const warn = (_: string, fields?: { readonly error?: unknown }) => void told.push(codeOf(fields?.error));
  const client = registryClient({
    url,
    signer: { authorize: async () => 'Bearer stock' },
    clock,
    random: seededRandom(1),
    telemetry: { ...silent, log: { ...silent.log, warn } },
    transport: {
      async send(request) {
        sent.push(`${request.method} ${request.path.replace(/&?lastDirtyTimestamp=\d+/, '')}`);
        const status = answer(request, sent.length);
        if (status instanceof Error) throw status;
        return { status, text: '' };
      },
      async stream(request) {
        asked.push(`${request.path.replace(/process=[^&]*/, '')} ${request.lastEventId ?? ''}`);
        const { status, retryAfterMs } = streamAnswer(request);
        if (status === 0) throw new TypeError('connection refused');
        const script = stream(request.signal);
        if (status !== 200) {
          const headers = new Map([['dure-retry-after-ms', String(retryAfterMs)]]);
          return { status, headers: headers as never, chunks: script.chunks };
        }
        streams.push(script);
        return { status: 200, headers: new Map<string, string>() as never, chunks: script.chunks };
      },
    },
  });
  return { clock, client, sent, told, streams, asked };
}

function stream(signal: AbortSignal) {
  const waiting: string[] = [];
  let isOver = false;
  let wake = () => {};
  const end = () => {
    isOver = true;
    wake();
  };
  signal.addEventListener('abort', end);
  async function* chunks() {
    while (!isOver || waiting.length > 0) {
      const text = waiting.shift();
      if (text !== undefined) yield text;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const say = (text: string) => {
    waiting.push(text);
    wake();
  };
  return { chunks: chunks(), say, end, signal };
}

const snapshot = (epoch: string, ...ids: string[]) => {
  const instances = ids.map((id) => ({ id, service: 'stock', host: 'h', port: 1, status: 'UP', metadata: {} }));
  return `id: ${epoch}.1\nevent: snapshot\ndata: ${JSON.stringify({ epoch, instances })}\n\n`;
};
const app = '/eureka/apps/STOCK';
const own = `${app}/stock%3Aa`;

test('it registers, renews on its interval, registers again on 404, and deregisters', async () => {
  const { clock, client, sent } = open(({ method }, count) => (method === 'POST' ? 204 : count === 3 ? 404 : 200));
  const registered = await client.register(registration);
  assert.deepEqual(sent, [`POST ${app}`]);
  await clock.advance(33_000);
  await clock.advance(33_000);
  assert.deepEqual(sent, [`POST ${app}`, `PUT ${own}?status=UP`, `PUT ${own}?status=UP`, `POST ${app}`]);
  await registered.close();
  await registered.close();
  assert.equal(sent.at(-1), `DELETE ${own}`);
  await client.close();
  assert.equal(clock.pending, 0, 'no timer is left');
});

test('a registry without this instance is told of it at once', async () => {
  const { clock, client, sent, streams } = open(({ method }) => (method === 'POST' ? 204 : 200));
  await client.register(registration);
  streams[0]?.say(snapshot('one', 'stock:a'));
  await clock.advance(1);
  assert.equal(sent.length, 1);
  streams[0]?.end();
  await clock.advance(100);
  streams[1]?.say(snapshot('two'));
  await clock.advance(1);
  assert.deepEqual(sent, [`POST ${app}`, `POST ${app}`]);
  assert.equal(client.instances('stock').length, 1, 'and stays in the list meanwhile');
  await client.close();
});

test('a status travels by Eureka’s override, also one that was set while the registration was under way', async () => {
  const { client, sent } = open(({ method }) => (method === 'POST' ? 204 : 200));
  const registering = client.register(registration);
  const registered = await registering;
  await registered.setStatus('OUT_OF_SERVICE');
  await registered.setStatus('OUT_OF_SERVICE');
  await registered.setStatus('UP');
  assert.deepEqual(sent, [`POST ${app}`, `PUT ${own}/status?value=OUT_OF_SERVICE`, `PUT ${own}/status?value=UP`]);
  await client.close();
});

test('a registry that stays away delays nobody for long, and is asked ever more slowly', async () => {
  const { clock, client, sent, told } = open(() => new TypeError('connection refused'));
  let isDone = false;
  void client.register(registration).then(() => {
    isDone = true;
  });
  await clock.advance(1_999);
  assert.equal(isDone, false);
  await clock.advance(1);
  assert.equal(isDone, true);
  await clock.advance(60_000);
  assert.ok(sent.length > 10 && sent.length < 40, `${sent.length} attempts`);
  assert.equal(told.length, 1, 'told once');
  await client.close();
});

test('an answer that is no answer is REGISTRY_UNREACHABLE, a refusal REGISTRY_REFUSED', async () => {
  const broken = open(() => 503);
  void broken.client.register(registration);
  await broken.clock.advance(2_000);
  assert.deepEqual(broken.told, ['REGISTRY_UNREACHABLE']);
  await broken.client.close();
  const refusing = open(({ method }) => (method === 'POST' ? 403 : 200));
  await assert.rejects(refusing.client.register(registration), (error) => codeOf(error) === 'REGISTRY_REFUSED');
  await refusing.client.close();
});

test('a stream that falls silent is opened anew; a ping is no silence', async () => {
  const { clock, client, streams } = open(() => 204);
  await clock.advance(1);
  streams[0]?.say(snapshot('one', 'stock:a'));
  for (let beat = 0; beat < 10; beat += 1) {
    await clock.advance(5_000);
    streams[0]?.say('id: one.1\nevent: ping\ndata: {}\n\n');
    await clock.advance(1);
  }
  assert.equal(streams.length, 1);
  await clock.advance(15_000);
  await clock.advance(100);
  assert.equal(streams.length, 2);
  assert.equal(streams[0]?.signal.aborted, true);
  assert.equal(client.instances('stock').length, 1, 'the list stays');
  await client.close();
});

test('a stream that breaks in the middle of an event loses nothing and invents nothing', async () => {
  const { clock, client, streams } = open(() => 204);
  await clock.advance(1);
  const whole = snapshot('one', 'stock:a', 'stock:b');
  streams[0]?.say(whole.slice(0, 40));
  await clock.advance(1);
  assert.deepEqual(client.instances('stock'), []);
  streams[0]?.say(whole.slice(40));
  await clock.advance(1);
  assert.equal(client.instances('stock').length, 2);
  streams[0]?.say('event: change\ndata: {"put":[],"gone":[{"service":"stock","id":"stock:a"}');
  streams[0]?.end();
  await clock.advance(100);
  assert.equal(client.instances('stock').length, 2);
  await client.close();
});

test('while the registry is gone for ten minutes none of 10 000 calls lacks an instance, and its return changes nothing', async () => {
  let isGone = false;
  const { clock, client, streams } = open(
    () => (isGone ? new TypeError('connection refused') : 200),
    () => ({ status: isGone ? 0 : 200 }),
  );
  await clock.advance(1);
  streams[0]?.say(snapshot('one', 'stock:b', 'stock:c'));
  await clock.advance(1);
  isGone = true;
  streams[0]?.end();
  let failed = 0;
  for (let call = 0; call < 10_000; call += 1) {
    if (client.instances('stock').length !== 2) failed += 1;
    await clock.advance(60);
  }
  isGone = false;
  for (let call = 0; call < 100; call += 1) {
    if (client.instances('stock').length !== 2) failed += 1;
    await clock.advance(60);
  }
  streams[1]?.say(snapshot('two', 'stock:c'));
  await clock.advance(1);
  streams[1]?.say(`id: two.2\nevent: change\ndata: ${JSON.stringify({ put: [], gone: [] })}\n\n`);
  if (client.instances('stock').length !== 2) failed += 1;
  assert.equal(failed, 0);
  assert.equal(client.health().status, 'UP');
  await client.close();
});

test('a stream goes on where it ended, and a client that is given a turn comes back at its turn', async () => {
  let turns = 0;
  const { clock, client, streams, asked } = open(
    () => 204,
    () => (asked.length === 2 ? { status: 503, retryAfterMs: 7_000 } : { status: 200 }),
  );
  await clock.advance(1);
  streams[0]?.say(snapshot('one', 'stock:a'));
  await clock.advance(1);
  streams[0]?.end();
  await clock.advance(100);
  turns = asked.length;
  await clock.advance(6_800);
  assert.equal(asked.length, turns, 'not before its turn');
  await clock.advance(200);
  assert.deepEqual(asked, ['/dure/instances? ', '/dure/instances? one.1', '/dure/instances? one.1']);
  await client.close();
});

test('a ping is answered with the position that was applied, the newest only', async () => {
  const { clock, client, streams, sent } = open(() => 204);
  await clock.advance(1);
  streams[0]?.say(snapshot('one', 'stock:a'));
  for (const version of [1, 2, 3]) streams[0]?.say(`id: one.${version}\nevent: ping\ndata: {}\n\n`);
  await clock.advance(1);
  const positions = sent.map((line) => /at=(one\.\d)/.exec(line)?.[1]);
  assert.equal(positions.at(-1), 'one.3');
  assert.ok(positions.length <= 3);
  await client.close();
  assert.match(sent.at(-1) ?? '', /at=leaving$/, 'nobody need wait for it any more');
});

test('health shows where the registry is, and no password', async () => {
  const { clock, client } = open(() => 204, undefined, 'https://spring:s3cr@t@registry.invalid:8761/eureka/');
  const shown = JSON.stringify(client.health());
  assert.ok(shown.includes('https://spring:***@registry.invalid:8761/eureka/'), shown);
  await client.close();
  assert.equal(clock.pending, 0);
});

test('there is a list when the first snapshot has come', async () => {
  const { clock, client, streams } = open(() => 204);
  let isListed = false;
  void client.listed.then(() => {
    isListed = true;
  });
  await clock.advance(1);
  assert.equal(isListed, false);
  streams[0]?.say(snapshot('one'));
  await clock.advance(1);
  assert.equal(isListed, true);
  await client.close();
});
