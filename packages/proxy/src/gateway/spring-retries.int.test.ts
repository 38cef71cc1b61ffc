import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSilentServer } from 'node:net';
import { test } from 'node:test';
import { activeDocuments, readYamlText } from '@dure/config/properties';
import { fakeClock } from '@dure/core/testing';
import { openGateway } from '../testing/open-gateway.ts';
import { until } from '../testing/until.ts';

/** What one server does with the requests that come, one after the other; then it answers. */
type Deed = 'hangs up' | 'says nothing';

async function openSpring(deeds: readonly Deed[], route: string) {
  const clock = fakeClock();
  let asked = 0;
  const server = createServer(({ socket }, response) => {
    const deed = deeds[asked];
    asked += 1;
    if (deed === 'hangs up') socket.destroy();
    else if (deed === undefined) response.end(`at the ${asked}.`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = `spring.cloud.gateway.routes:\n- ${route.replace('URI', uri)}\n`;
  const load = async () => activeDocuments('gateway.yml', await readYamlText(text, 'gateway.yml'), new Set());
  const gateway = await openGateway({ exposes: [], spring: { load, access: 'public' } }, { clock });
  return {
    clock,
    asked: () => asked,
    ask: async (method = 'GET') => {
      const answer = await fetch(`${gateway.origin}/a`, { method });
      return { status: answer.status, text: await answer.text() };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.close().closeAllConnections();
    },
  };
}

const route = (retry: string) =>
  `{ id: a, uri: URI, predicates: [Path=/a], metadata: { response-timeout: 200 }, filters: [{ name: Retry, args: { ${retry} } }] }`;

test('a server that hangs up is asked again as often as the filter says, also when there is no other', async () => {
  await using spring = await openSpring(['hangs up', 'hangs up'], route('retries: 2'));
  assert.deepEqual(await spring.ask(), { status: 200, text: 'at the 3.' });
  await using never = await openSpring(['hangs up', 'hangs up', 'hangs up'], route('retries: 2'));
  assert.equal((await never.ask()).status, 502);
  assert.equal(never.asked(), 3);
});

test('a method that the filter does not name is not sent again, nor a failure that it does not name', async () => {
  await using spring = await openSpring(['hangs up'], route('retries: 2'));
  assert.deepEqual([(await spring.ask('POST')).status, spring.asked()], [502, 1]);
  const timeouts = 'retries: 2, exceptions: java.util.concurrent.TimeoutException';
  await using other = await openSpring(['hangs up'], route(timeouts));
  assert.deepEqual([(await other.ask()).status, other.asked()], [502, 1]);
});

test('a server that does not answer in time is asked again, within the time for all attempts', async () => {
  await using spring = await openSpring(['says nothing'], route('retries: 2, timeout: 1s'));
  const answer = spring.ask();
  await until('it was asked', () => spring.asked() === 1);
  await spring.clock.advance(300);
  assert.deepEqual(await answer, { status: 200, text: 'at the 2.' });
  await using late = await openSpring(['says nothing'], route('retries: 2, timeout: 100ms'));
  const given = late.ask();
  await until('it was asked', () => late.asked() === 1);
  await late.clock.advance(300);
  assert.deepEqual([(await given).status, late.asked()], [504, 1]);
});

test('a connection may take as long as the metadata of its route says', async () => {
  let connections = 0;
  const silent = createSilentServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const uri = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const slow = `{ id: a, uri: "${uri}", predicates: [Path=/a], metadata: { connect-timeout: 100 } }`;
  await using spring = await openSpring([], slow);
  const answer = spring.ask();
  await until('it was called', () => connections === 1);
  await spring.clock.advance(200);
  assert.equal((await answer).status, 502);
  silent.close();
});
