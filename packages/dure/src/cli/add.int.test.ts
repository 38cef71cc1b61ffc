import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock, systemRandom } from '@dure/core';
import { dureCommand } from './dure-command.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-add-'));
after(() => rm(folder, { recursive: true, force: true }));
const document = {
  openapi: '3.1.0',
  info: { title: 'Maps', version: '1' },
  servers: [{ url: 'https://maps.example' }],
  paths: {
    '/places': { get: { operationId: 'findPlaces', responses: { 200: { content: { 'application/json': {} } } } } },
    '/files': {
      post: { operationId: 'upload', requestBody: { content: { 'multipart/form-data': {} } }, responses: {} },
    },
  },
};
await writeFile(join(folder, 'Maps API.openapi.json'), JSON.stringify(document));
await writeFile(join(folder, 'broken.json'), '{');

async function dure(...argv: readonly string[]) {
  const said = { out: '', err: '' };
  const terminal = {
    out(text: string) {
      said.out += text;
    },
    err(text: string) {
      said.err += text;
    },
    isInteractive: false,
    hasColour: false,
    columns: 100,
  };
  const code = await dureCommand(argv, {
    terminal,
    language: 'en',
    folder,
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { code, ...said };
}

test('add client writes a contract file once, and replaces it only when told to', async () => {
  const args = ['add', 'client', 'Maps API.openapi.json', '--only', 'findPlaces'];
  const written = await dure(...args);
  assert.deepEqual([written.code, written.err], [0, '']);
  assert.match(written.out, /wrote maps-api\.ts/);
  assert.match(
    await readFile(join(folder, 'maps-api.ts'), 'utf8'),
    /export const mapsApi = contract\(\n {2}'maps-api'/,
  );
  const again = await dure(...args);
  assert.equal(again.code, 2);
  assert.match(again.err, /it is there already; name another with `--out`, or replace it with `--force`/);
  assert.equal((await dure(...args, '--force', '--name', 'maps', '--json')).code, 0);
});

test('what a contract cannot express is told with its place', async () => {
  const { code, err } = await dure('add', 'client', 'Maps API.openapi.json', '--out', 'never.ts');
  assert.equal(code, 2);
  assert.match(err, /#\/paths\/~1files\/post\/requestBody\/content: .*multipart.*\[SERVICE_DOCUMENT_INEXPRESSIBLE\]/);
  await assert.rejects(readFile(join(folder, 'never.ts')));
});

test('a command line that says something else is not understood', async () => {
  for (const args of [['service', 'x'], ['client'], ['client', 'broken.json'], ['client', 'nowhere.json']])
    assert.equal((await dure('add', ...args)).code, 2, args.join(' '));
});
