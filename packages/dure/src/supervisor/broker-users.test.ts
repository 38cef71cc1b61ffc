import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { rabbitmq, rabbitmqBus } from '@dure/rabbitmq';
import { brokerUsers } from './broker-users.ts';

test('credentials for a broker are read from a file that only its owner can read, and never repeated', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-broker-'));
  context.after(() => rm(folder, { recursive: true }));
  const broker = rabbitmq({ url: 'amqp://rabbitmq', credentialsFile: './rabbitmq.json' });
  const bus = rabbitmqBus({ url: 'amqp://rabbitmq', credentialsFile: './rabbitmq.json' });
  const file = join(folder, 'rabbitmq.json');
  const refused = (expected: RegExp) =>
    assert.rejects(brokerUsers(broker, folder), (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), expected);
      assert.doesNotMatch(messageOf(error), /horse/);
      return true;
    });
  await refused(/for rabbitmq in .*rabbitmq\.json cannot be read: ENOENT/);
  await writeFile(file, '{"*":{"user":"shop","password":"horse"}}', { mode: 0o644 });
  await refused(/can be read by others.*chmod 600/);
  await chmod(file, 0o600);
  for (const resource of [broker, bus])
    assert.deepEqual(await brokerUsers(resource, folder), { '*': { user: 'shop', password: 'horse' } });
  await writeFile(file, '{"*":{"user":"horse"}}');
  await refused(/are not of the form/);
  await writeFile(file, 'horse');
  await refused(/are not of the form/);
});

test('a system without a broker, or whose broker asks for none, has no credentials', async () => {
  assert.deepEqual(await brokerUsers(undefined, '/'), {});
  assert.deepEqual(await brokerUsers(rabbitmq({ url: 'amqp://h' }), '/'), {});
  assert.deepEqual(await brokerUsers(rabbitmqBus({ url: 'amqp://h' }), '/'), {});
});
