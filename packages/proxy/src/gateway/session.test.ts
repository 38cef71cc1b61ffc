import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';
import type { RequestHead } from '../http/request-head.ts';
import { demandSameOrigin, readCookie, sessionCookie, signedIn, signInOperation } from './session.ts';

const none: RequestHead = {
  fields: '',
  host: 'shop:8080',
  authorization: undefined,
  cookie: undefined,
  idempotencyKey: undefined,
  traceparent: undefined,
  origin: undefined,
  fetchSite: undefined,
  contentLength: undefined,
  chunked: false,
};

test('the session cookie is taken out of the others', () => {
  const table: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
    [undefined, undefined, undefined],
    ['a=1; b=2', undefined, 'a=1; b=2'],
    ['dure_session=t', 't', undefined],
    ['a=1; dure_session=t; b=2', 't', 'a=1; b=2'],
    ['dure_session=t;a=1', 't', 'a=1'],
    ['dure_session=', undefined, undefined],
    ['dure_session=first; dure_session=second', 'first', undefined],
    ['x_dure_session=t', undefined, 'x_dure_session=t'],
    ['dure_session2=t', undefined, 'dure_session2=t'],
    ['dure_session', undefined, 'dure_session'],
  ];
  for (const [cookie, token, others] of table) assert.deepEqual(readCookie(cookie), { token, others }, cookie);
});

test('the cookie is HttpOnly and SameSite=Strict, and Secure behind TLS', () => {
  assert.equal(sessionCookie('t', 60, false), 'dure_session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Strict');
  assert.match(sessionCookie('t', 60, true), /; Secure$/);
});

test('only a page of the same origin, or a program, acts by the cookie', () => {
  const accepted: readonly Partial<RequestHead>[] = [
    {},
    { fetchSite: 'same-origin' },
    { fetchSite: 'none' },
    { origin: 'http://shop:8080' },
    { fetchSite: 'same-origin', origin: 'http://elsewhere' },
  ];
  const refused: readonly Partial<RequestHead>[] = [
    { fetchSite: 'cross-site' },
    { fetchSite: 'same-site' },
    { fetchSite: '' },
    { fetchSite: 'cross-site', origin: 'http://shop:8080' },
    { origin: 'http://shop' },
    { origin: 'http://shop:9411' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: '' },
  ];
  for (const change of accepted) demandSameOrigin({ ...none, ...change });
  for (const change of refused) {
    assert.throws(
      () => demandSameOrigin({ ...none, ...change }),
      { code: 'GATEWAY_CROSS_SITE' },
      JSON.stringify(change),
    );
  }
});

const clock = fakeClock();
const tokenUntil = (exp: unknown) => `h.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.s`;
const answer = (value: unknown) => Buffer.from(JSON.stringify(value));

test('a sign-in answer gives its token to the cookie, for as long as the token lives, and the rest to the page', () => {
  const token = tokenUntil(clock.now() / 1_000 + 3_600);
  const { cookie, body } = signedIn(answer({ token, user: { name: '두레' } }), clock, false);
  assert.match(cookie, new RegExp(`^dure_session=${token}; Path=/; Max-Age=3600; `));
  assert.deepEqual(JSON.parse(body), { user: { name: '두레' } });
});

test('an answer without a token that can be kept is an error of the service', () => {
  const bad = [{}, [], 'x', { token: 7 }, { token: '' }, { token: 'a; Path=/x' }, { token: tokenUntil('soon') }];
  for (const value of [...bad, { token: `h.${'x'.repeat(5_000)}.s` }]) {
    assert.throws(() => signedIn(answer(value), clock, false), { code: 'GATEWAY_SIGN_IN_ANSWER' });
  }
  assert.throws(() => signedIn(Buffer.from('{'), clock, false), { code: 'GATEWAY_SIGN_IN_ANSWER' });
});

test('the session names a POST operation of the issuer, or the gateway does not start', () => {
  const user = contract('user', {
    signIn: post('/sign-in', { body: z.object({}), output: z.object({ token: z.string() }), access: 'public' }),
    whoAmI: get('/me', { output: z.object({}), access: 'user' }),
  });
  assert.equal(signInOperation({ issuer: user, signIn: 'signIn' }).path, '/sign-in');
  for (const signIn of ['signin', 'whoAmI', 'constructor']) {
    assert.throws(() => signInOperation({ issuer: user, signIn }), {
      code: 'GATEWAY_SESSION_INVALID',
      message: /"user\..*it has signIn, whoAmI/,
    });
  }
});
