import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { serverUser } from './server-user.ts';

test('an ordinary user runs the server himself', async () => {
  assert.equal(await serverUser(1000, 'nobody:x:65534:65534::/:/bin/false'), undefined);
});

test('root runs it as nobody', async () => {
  assert.deepEqual(await serverUser(0, 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false'), {
    uid: 65534,
    gid: 65533,
  });
});

test('root without a nobody is told what to do', async () => {
  await assert.rejects(
    serverUser(0, 'root:x:0:0::/root:/bin/sh'),
    (error) => codeOf(error) === 'POSTGRES_USER_MISSING',
  );
});
