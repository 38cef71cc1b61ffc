import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

/** A gateway in front of a service that has written up to a position, and tells what it was asked with. */
async function writtenTo(told: string) {
  const upstream = await scriptedUpstream((socket, sofar) => {
    if (!sofar.includes('\r\n\r\n')) return;
    const request = sofar.slice(sofar.lastIndexOf('GET '));
    const field = (name: string) => new RegExp(`^${name}: (.*)\\r$`, 'im').exec(request)?.[1];
    const heard = JSON.stringify({ position: field('dure-position'), cookie: field('cookie') });
    socket.write(plainAnswer(heard, `200 OK\r\ndure-position: ${told}`));
  });
  const gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  return {
    async read(headers: Readonly<Record<string, string>> = {}) {
      const answer = await fetch(`${gateway.origin}/things/7`, { headers: { connection: 'close', ...headers } });
      const heard = (await answer.json()) as { readonly position?: string; readonly cookie?: string };
      const { headers: told } = answer;
      return { heard, told: told.get('dure-position'), kept: told.get('set-cookie') };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.close();
    },
  };
}

test('a client without a session is told what was written and sends it back itself', async () => {
  await using shop = await writtenTo('things:7');
  const { told, kept, heard } = await shop.read();
  assert.deepEqual([told, kept, heard.position], ['things:7', null, undefined]);
  assert.equal((await shop.read({ 'dure-position': 'things:7' })).heard.position, 'things:7');
});

test('what is no position is passed on neither way', async () => {
  await using shop = await writtenTo('things:7, evil; x=1, user:3');
  const { told, heard } = await shop.read({ 'dure-position': 'things:x, order:12, \u00e9:1' });
  assert.deepEqual([told, heard.position], ['things:7, user:3', 'order:12']);
});

test('for a session the highest of each service is kept in a cookie that no service sees', async () => {
  await using shop = await writtenTo('things:7, user:3');
  const { kept } = await shop.read({ cookie: 'dure_session=ann; dure_position=things:9/order:4' });
  assert.equal(kept, 'dure_position=things:9/order:4/user:3; Path=/; Max-Age=60; HttpOnly; SameSite=Strict');
  const cookie = 'theme=dark; dure_position=things:9/order:4; dure_session=ann';
  const { heard } = await shop.read({ cookie, 'dure-position': 'things:12' });
  assert.deepEqual(heard, { position: 'things:12, order:4', cookie: 'theme=dark' });
});
