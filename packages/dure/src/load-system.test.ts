import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { findSystem, loadDefinitions, loadSystem } from './load-system.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures');
const broken = (name: string) => join(fixtures, 'broken', name, 'system.ts');

async function rejects(work: Promise<unknown>, code: string, pattern: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.equal(codeOf(error), code);
    assert.match(messageOf(error), pattern);
    assert.doesNotMatch(messageOf(error), /\n/);
    return true;
  });
}

test('a system is found by its folder, by its file, and by being the only one below', async () => {
  const module = join(fixtures, 'plain', 'system.ts');
  assert.equal(await findSystem(fixtures, 'plain'), module);
  assert.equal(await findSystem(fixtures, 'plain/system.ts'), module);
  assert.equal(await findSystem(join(fixtures, 'plain'), undefined), module);
  const above = await mkdtemp(join(tmpdir(), 'dure-only-'));
  await mkdir(join(above, 'shop'));
  await mkdir(join(above, 'docs'));
  await writeFile(join(above, 'shop', 'system.ts'), '');
  assert.equal(await findSystem(above, undefined), join(above, 'shop', 'system.ts'));
  await rm(above, { recursive: true });
});

test('where there is no system, or more than one, the command says where it looked', async () => {
  await rejects(findSystem(fixtures, 'shpo'), 'DURE_SYSTEM_NOT_FOUND', /no file or folder "shpo"/);
  await rejects(findSystem(fixtures, 'broken'), 'DURE_SYSTEM_NOT_FOUND', /no system\.ts in broken/);
  await rejects(
    findSystem(join(fixtures, 'broken'), undefined),
    'DURE_SYSTEM_NOT_FOUND',
    /there are 5 systems below .*misnamed/,
  );
});

test('a module with a syntax error is named in one line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-syntax-'));
  const module = join(folder, 'system.ts');
  await writeFile(module, 'export const oops = (;\n');
  await rejects(loadSystem(module), 'DURE_SYSTEM_BROKEN', /system\.ts does not load: SyntaxError: /);
  await rm(folder, { recursive: true });
});

test('a module that throws is named with the line it threw at', async () => {
  await rejects(loadSystem(broken('throws')), 'DURE_SYSTEM_BROKEN', /TypeError: .* \(.*throws\/system\.ts:3\)/);
});

test('a module exports exactly one system', async () => {
  await rejects(loadSystem(broken('nothing')), 'DURE_SYSTEM_BROKEN', /exports no system; export exactly one/);
  await rejects(loadSystem(broken('two')), 'DURE_SYSTEM_BROKEN', /exports 2 systems/);
});

test('a service that does not load is named', async () => {
  const { system } = await loadSystem(broken('service-throws'));
  await rejects(
    loadDefinitions(system),
    'DURE_SYSTEM_BROKEN',
    /the service "order" does not load: TypeError: tables is not iterable/,
  );
});

test('a service has one name in the system and in its contract', async () => {
  const { system } = await loadSystem(broken('misnamed'));
  await rejects(
    loadDefinitions(system),
    'DURE_SYSTEM_INVALID',
    /calls a service "order" whose contract is named "orders"/,
  );
});

test('only the services that are asked for are loaded', async () => {
  const { system } = await loadSystem(join(fixtures, 'plain', 'system.ts'));
  assert.deepEqual(Object.keys(await loadDefinitions(system, ['left'])), ['left']);
  await rejects(loadDefinitions(system, ['middle']), 'DURE_SERVICE_UNKNOWN', /no service "middle"/);
});
