import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'dure-host-'));
after(() => rmSync(folder, { recursive: true }));

test('a process that is still starting ends at once when its supervisor has gone, whatever it waits for', async () => {
  const module = join(folder, 'system.mjs');
  writeFileSync(module, "process.send('loading'); setInterval(() => {}, 1_000); await new Promise(() => {});");
  const runFile = join(folder, 'run.json');
  writeFileSync(runFile, JSON.stringify({ mode: 'development', services: {}, hasConfigSources: true, module }));
  const host = fork(join(import.meta.dirname, 'main.ts'), { env: { DURE_RUN_FILE: runFile } });
  assert.deepEqual((await once(host, 'message'))[0], 'loading');
  const ended = once(host, 'exit');
  host.disconnect();
  assert.deepEqual(await ended, [0, null]);
});
