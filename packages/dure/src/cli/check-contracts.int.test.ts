import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { systemClock, systemRandom } from '@dure/core';
import { dureCommand } from './dure-command.ts';
import type { Language } from './terminal.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-contracts-'));
const file = join(folder, 'contracts.json');
const trips = join(import.meta.dirname, '..', '..', '..', '..', 'examples', '05-saga', 'system.ts');
await writeFile(join(folder, 'system.ts'), `export * from '${pathToFileURL(trips)}';\n`);
after(() => rm(folder, { recursive: true, force: true }));

async function check(argv: readonly string[] = [], language: Language = 'en') {
  const said = { out: '', err: '' };
  const code = await dureCommand(['check', folder, ...argv], {
    terminal: {
      out(text) {
        said.out += text;
      },
      err(text) {
        said.err += text;
      },
      isInteractive: false,
      hasColour: false,
      columns: 100,
    },
    language,
    folder,
    host: { module: '', path: '' },
    clock: systemClock,
    random: systemRandom,
    interrupted: new AbortController().signal,
    insisted: new AbortController().signal,
  });
  return { code, ...said };
}

/** What was written down, as if it had been another contract then. */
async function writtenDown(before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  assert.ok(text.includes(before), `${before} is in ${text.slice(0, 2_000)}`);
  await writeFile(file, text.replace(before, after));
}

test('what was never written down is not judged; it is written down when somebody accepts it', async () => {
  assert.deepEqual(await check(), { code: 0, out: 'trips: nothing is wrong\n', err: '' });
  assert.deepEqual(await check(['--accept']), {
    code: 0,
    out: 'contracts.json is written\ntrips: nothing is wrong\n',
    err: '',
  });
  const text = await readFile(file, 'utf8');
  assert.match(text, /"users": \["trip \(saga book-trip\)"\]/);
  assert.ok(text.split('\n').every((line) => line.length <= 120));
  assert.equal((await check(['--accept'])).code, 0);
  assert.equal(await readFile(file, 'utf8'), text);
});

test('a change that breaks somebody is refused, and says whom and what to do', async () => {
  await writtenDown('"seats": { "type": "integer" }', '"seats": { "type": "string" }');
  const { code, err, out } = await check();
  assert.deepEqual([code, out], [3, 'trips: 1 problem\n']);
  assert.equal(
    err,
    '✗ command "hold" of airline, input.seats: is read only as an integer now, and whoever was built before sends a string; ' +
      'it breaks trip (saga book-trip); raise `version` to 2 and give `upcast: { 1: (old) => … }`, or keep the field as it was\n',
  );
  const json = JSON.parse((await check(['--json'])).out);
  assert.deepEqual([json.system, json.problems.length, json.accepted], ['trips', 1, []]);
});

test('what is accepted in spite of it is said, and is then what is written down', async () => {
  const taken = await check(['--accept'], 'ko');
  assert.equal(taken.code, 0);
  assert.match(taken.out, /^contracts\.json에 기록했습니다\(호환되지 않는 변경 1개 포함\)$/m);
  assert.match(taken.err, /^! command "hold" of airline, input\.seats/);
  assert.equal((await check()).code, 0);
});

test('a change that breaks nobody has to be written down, too', async () => {
  await writtenDown('"users": ["trip (saga book-trip)"]', '"users": []');
  const behind = await check();
  assert.equal(behind.code, 3);
  assert.match(
    behind.err,
    /^✗ contracts\.json does not know command "\w+" of \w+ as now; nothing breaks: write it down with `dure check --accept`$/m,
  );
});

test('a file that was written by something else is not taken for one', async () => {
  await writeFile(file, '<<<<<<< HEAD\n{ "format": 1 }\n');
  const { code, err } = await check(['--accept']);
  assert.equal(code, 2);
  assert.match(err, /contracts\.json is not what `dure check --accept` writes in this version; take it as it was/);
});
