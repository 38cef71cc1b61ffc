import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { rabbitmq } from '@dure/rabbitmq';
import { edge, system } from '../system.ts';
import { brokerUsers } from './broker-users.ts';

test('credentials for a broker are read from a file that only its owner can read, and never repeated', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-broker-'));
  context.after(() => rm(folder, { recursive: true }));
  const broker = rabbitmq({ url: 'amqp://rabbitmq', credentialsFile: './rabbitmq.json' });
  const shop = system('shop', { services: {}, edge: edge({ expose: [] }), broker });
  const file = join(folder, 'rabbitmq.json');
  const refused = (expected: RegExp) =>
    assert.rejects(brokerUsers({ system: shop, folder }), (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), expected);
      assert.doesNotMatch(messageOf(error), /horse/);
      return true;
    });
  await refused(/for rabbitmq in .*rabbitmq\.json cannot be read: ENOENT/);
  await writeFile(file, '{"*":{"user":"shop","password":"horse"}}', { mode: 0o644 });
  await refused(/can be read by others.*chmod 600/);
  await chmod(file, 0o600);
  assert.deepEqual(await brokerUsers({ system: shop, folder }), { '*': { user: 'shop', password: 'horse' } });
  await writeFile(file, '{"*":{"user":"horse"}}');
  await refused(/are not of the form/);
  await writeFile(file, 'horse');
  await refused(/are not of the form/);
});

test('a system without a broker, or whose broker asks for none, has no credentials', async () => {
  const none = system('shop', { services: {}, edge: edge({ expose: [] }) });
  const open = system('shop', { services: {}, edge: edge({ expose: [] }), broker: rabbitmq({ url: 'amqp://h' }) });
  assert.deepEqual(await brokerUsers({ system: none, folder: '/' }), {});
  assert.deepEqual(await brokerUsers({ system: open, folder: '/' }), {});
});
