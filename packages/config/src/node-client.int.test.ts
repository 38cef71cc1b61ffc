// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Spring’s placeholders, not JavaScript’s
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'cloud-config-client';
import { startConfig } from './testing/start-config.ts';

test('cloud-config-client 1.6.2 from npm reads its application by name and password, and nobody else’s', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-node-client-'));
  await writeFile(join(folder, 'application.yml'), 'shop:\n  currency: KRW\n  open: true\n');
  await writeFile(join(folder, 'order.yml'), 'shop:\n  lines: 50\nhosts: [a, b]\nat: http://${hosts[0]}/\n');
  await writeFile(join(folder, 'order-dev.yml'), 'shop:\n  lines: 10\n');
  const running = await startConfig({ folder, applications: ['order', 'payment'] });
  try {
    const asking = { endpoint: running.url, profiles: ['dev'], label: 'main', auth: { user: 'order', pass: 'x' } };
    const config = await load({ ...asking, name: 'order' });
    assert.equal(config.get('shop.lines'), 10);
    assert.equal(config.get('shop.open'), true);
    assert.deepEqual(config.toObject(), {
      shop: { lines: 10, currency: 'KRW', open: true },
      hosts: ['a', 'b'],
      at: 'http://${hosts[0]}/',
    });
    await assert.rejects(load({ ...asking, name: 'payment' }), /403/);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
});
