import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, isRefusal } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { user } from '@shop/user/contract';
import { userService } from '@shop/user/service';
import { callOf, serviceBench } from './service-bench.ts';

const call = testCall();
const sora = { email: 'sora@example.com', password: '좋은 비밀번호 열 글자', name: '소라' };
const refused = (code: string) => (error: unknown) => isRefusal(error) && error.code === code;

test('who registers can sign in and see themselves', async () => {
  await using bench = await serviceBench(user, userService);
  const account = await bench.handlers.register({ body: sora }, call);
  assert.deepEqual([account.email, account.name, account.roles], [sora.email, sora.name, ['customer']]);
  const { token, expiresAt, user: signedIn } = await bench.handlers.signIn({ body: sora }, call);
  assert.equal(token, `${account.userId}:customer`);
  assert.equal(expiresAt, '2026-01-02T00:00:00.000Z');
  assert.deepEqual(signedIn, account);
  assert.deepEqual(await bench.handlers.getMe({}, callOf(user, 'getMe', { user: account.userId })), account);
  assert.deepEqual(await bench.messages(), [['user.registered', { userId: account.userId, name: sora.name }]]);
});

test('an address is taken regardless of case', async () => {
  await using bench = await serviceBench(user, userService);
  await bench.handlers.register({ body: sora }, call);
  const again = bench.handlers.register({ body: { ...sora, email: 'SORA@example.com' } }, call);
  await assert.rejects(again, refused('EmailTaken'));
});

test('a wrong password and an unknown address get the same answer', async () => {
  await using bench = await serviceBench(user, userService);
  await bench.handlers.register({ body: sora }, call);
  for (const body of [
    { ...sora, password: 'something else' },
    { ...sora, email: 'nobody@example.com' },
  ]) {
    await assert.rejects(bench.handlers.signIn({ body }, call), refused('BadCredentials'));
  }
});

test('the administrator of the seeds can sign in', async () => {
  await using bench = await serviceBench(user, userService, { seeds: true });
  const body = { email: 'admin@shop.example', password: 'dure-admin-2026' };
  const { user: admin } = await bench.handlers.signIn({ body }, call);
  assert.deepEqual(admin.roles, ['customer', 'admin']);
});

test('a user who is gone is unknown', async () => {
  await using bench = await serviceBench(user, userService);
  const userId = '01900000-0000-7000-8000-0000000000ff';
  await assert.rejects(bench.handlers.getMe({}, callOf(user, 'getMe', { user: userId })), refused('UnknownUser'));
  await assert.rejects(bench.handlers.getUser({ params: { userId } }, call), refused('UnknownUser'));
});

test('the public keys are where everybody looks for them', async () => {
  await using bench = await serviceBench(user, userService);
  const [route] = bench.routes;
  assert.deepEqual([route?.path, route?.access], ['/.well-known/jwks.json', 'public']);
  const answer = await route?.handle({} as never, call);
  assert.equal(answer?.body, '{"keys":[{"kid":"bench"}]}');
});

test('a system that does not name its issuer is refused', async () => {
  const context = { platform: {}, add: {} } as never;
  await assert.rejects(userService.start(context), (error) => codeOf(error) === 'USER_NOT_ISSUER');
});
