import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { loadSystem } from '../load-system.ts';
import type { RunFile, ServiceRun } from '../run-file.ts';
import { canaryDefinition, withOwnScopes } from './canary.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'plain');
const { system } = await loadSystem(join(folder, 'system.ts'));
const module = join(folder, 'left-next.ts');

test('a canary is another module or the system’s own under another version, and weighs nothing', async () => {
  const next = await canaryDefinition('left', { module, stable: '1' }, system);
  assert.deepEqual([next.metadata, Object.keys(next.uses)], [{ version: '2', weight: '0' }, ['right']]);
  const named = await canaryDefinition('left', { module, version: '2-a', stable: '2' }, system);
  assert.equal(named.metadata.version, '2-a');
  const own = await canaryDefinition('left', { version: 'b', stable: '1' }, system);
  assert.deepEqual([own.metadata, own.uses], [{ version: 'b', weight: '0' }, {}]);
});

test('a canary of the version that runs, or of another service, is refused', async () => {
  const refused = (work: Promise<unknown>, code: string, pattern: RegExp) =>
    assert.rejects(work, (error) => codeOf(error) === code && pattern.test(messageOf(error)));
  await refused(
    canaryDefinition('left', { stable: '1' }, system),
    'DURE_CANARY_SAME_VERSION',
    /the canary of "left" is version 1, as the others are/,
  );
  await refused(
    canaryDefinition('right', { module, stable: '1' }, system),
    'DURE_SYSTEM_BROKEN',
    /left-next\.ts must export exactly one .* "right"; found: "left"/,
  );
  await refused(
    canaryDefinition('left', { module: join(folder, 'system.ts'), stable: '1' }, system),
    'DURE_SYSTEM_BROKEN',
    /found: none/,
  );
});

test('a canary holds the scopes of what it uses itself', async () => {
  const run = { peers: { left: {}, right: {} } } as unknown as RunFile;
  const usual = { scopes: { other: [] } } as unknown as ServiceRun;
  const next = await canaryDefinition('left', { module, stable: '1' }, system);
  assert.equal(withOwnScopes(usual, next, run), usual);
  const tried = { ...usual, canary: { module, stable: '1' } };
  assert.deepEqual(withOwnScopes(tried, next, run).scopes, { right: ['right:open'] });
  assert.deepEqual(withOwnScopes(tried, next, { ...run, peers: { left: {} } }).scopes, {});
});
