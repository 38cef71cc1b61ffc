import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { keySet } from './key-set.ts';
import type { JwkSet } from './signing-key.ts';
import { generateSigningKey, readSigningKey, userJwks } from './signing-key.ts';

const old = await generateSigningKey();
const young = await generateSigningKey();
const name = (key: typeof old) => String(key.kid);

function issuer(serves: JwkSet) {
  const clock = fakeClock();
  const state = { serves, down: false, fetches: 0, changes: 0 };
  const keys = keySet({
    issuer: 'user',
    read: (jwk) => readSigningKey(jwk, 'user'),
    clock,
    onChange: () => {
      state.changes += 1;
    },
    fetchJwks: async () => {
      state.fetches += 1;
      if (state.down) throw new TypeError('connect ECONNREFUSED');
      return state.serves;
    },
  });
  return { clock, state, keys };
}

test('keys are fetched once for any number of callers', async () => {
  const { keys, state } = issuer(userJwks([old]));
  await Promise.all(Array.from({ length: 50 }, () => keys.find(name(old))));
  assert.equal(state.fetches, 1);
});

test('a key that the issuer signs by from now on is found at once, however lately the set was fetched', async () => {
  const { keys, state, clock } = issuer(userJwks([old]));
  await keys.find(name(old));
  await clock.advance(60_000);
  await keys.find(name(old));
  await new Promise(setImmediate);
  assert.equal(state.fetches, 2);
  state.serves = userJwks([young, old]);
  await clock.advance(1_000);
  assert.equal((await keys.find(name(young)))?.kid, name(young));
  assert.equal(state.fetches, 3);
});

test('an unknown key fetches the set again, at most every 30 seconds', async () => {
  const { keys, state, clock } = issuer(userJwks([old]));
  await keys.find(name(old));
  for (let call = 0; call < 10_000; call += 1) await keys.find(`unknown-${call}`);
  assert.equal(state.fetches, 2);
  state.serves = userJwks([young, old]);
  await clock.advance(30_000);
  const found = await Promise.all([keys.find(name(young)), keys.find('unknown'), keys.find(name(old))]);
  assert.deepEqual([found[0]?.kid, found[1], found[2]?.kid], [name(young), undefined, name(old)]);
  assert.equal(state.fetches, 3);
  assert.equal(state.changes, 1);
});

test('a key that the issuer took back is refused after a minute', async () => {
  const { keys, state, clock } = issuer(userJwks([old, young]));
  await keys.find(name(old));
  state.serves = userJwks([young]);
  await clock.advance(60_000);
  await keys.find(name(young));
  await clock.advance(0);
  await new Promise(setImmediate);
  assert.equal(await keys.find(name(old)), undefined);
  assert.equal(state.changes, 1);
});

test('while the issuer is down the known keys stay, and an unknown one is "unavailable", not "invalid"', async () => {
  const { keys, state, clock } = issuer(userJwks([old]));
  await keys.find(name(old));
  state.down = true;
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60_000);
    assert.equal((await keys.find(name(old)))?.kid, name(old));
  }
  await assert.rejects(keys.find(name(young)), { code: 'IDENTITY_KEYS_UNAVAILABLE' });
});

test('an issuer that was never reached is asked once a second', async () => {
  const { keys, state, clock } = issuer(userJwks([old]));
  state.down = true;
  const unavailable = {
    code: 'IDENTITY_KEYS_UNAVAILABLE',
    message: /keys of "user" could not be fetched; user tokens cannot be checked/,
    retryable: true,
  };
  for (let call = 0; call < 100; call += 1) await assert.rejects(keys.find(name(old)), unavailable);
  assert.equal(state.fetches, 1);
  state.down = false;
  await clock.advance(1_000);
  assert.equal((await keys.find(name(old)))?.kid, name(old));
});

test('keys of other kinds in the set are passed over; a set without any of ours is no answer', async () => {
  const foreign = { kty: 'RSA', n: 'x', e: 'AQAB', kid: 'r' };
  const encryption = { ...userJwks([young]).keys[0], use: 'enc' };
  const { keys, state, clock } = issuer({ keys: [foreign, encryption] });
  await assert.rejects(keys.find('r'), { code: 'IDENTITY_KEYS_UNAVAILABLE' });
  state.serves = { keys: [foreign, encryption, ...userJwks([old]).keys] };
  await clock.advance(1_000);
  assert.equal((await keys.find(name(old)))?.kid, name(old));
  assert.equal(await keys.find(name(young)), undefined);
});
