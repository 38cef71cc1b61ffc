import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock, systemRandom, wait } from '@dure/core';
import type { TestSystem } from '../testing/start-system.ts';
import { startSystem } from '../testing/start-system.ts';
import { dureCommand } from './dure-command.ts';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'examples', '05-saga');
let system: TestSystem;
let scratch: string;

before(async () => {
  system = await startSystem(join(folder, 'system.ts'));
  scratch = await mkdtemp(join(tmpdir(), 'dure-sagas-'));
});
after(async () => {
  await rm(scratch, { recursive: true, force: true });
  await system[Symbol.asyncDispose]();
});

async function dure(...argv: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await dureCommand(argv, {
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

const sagas = (...argv: readonly string[]) => dure('sagas', ...argv, '--state', system.stateFolder);
const operator = ['--by', 'mina', '--why', 'the customer rang'];

interface Shown {
  readonly id: string;
  readonly key: string;
  readonly state: string;
  readonly steps: readonly { readonly step: string; readonly state: string }[];
  readonly history: readonly { readonly what: string; readonly detail?: string }[];
}

/** Books a dear trip, which waits for approval, and returns its saga. */
async function waiting(city: string): Promise<string> {
  const answer = await fetch(`${system.edge}/trips`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ city, guests: ['Ana'], price: 5_000 }),
  });
  const { tripId } = (await answer.json()) as { tripId: string };
  return until(async () => {
    const [found] = JSON.parse((await sagas('list', '--key', tripId, '--json')).out) as readonly Shown[];
    const shown = found && (await show(found.id));
    return shown?.steps.some(({ step }) => step === 'approval') ? shown.id : undefined;
  });
}

async function show(id: string): Promise<Shown> {
  return JSON.parse((await sagas('show', id, '--json')).out) as Shown;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let time = 0; time < 100; time += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(systemClock, 100, new AbortController().signal);
  }
  throw new assert.AssertionError({ message: 'it did not come to that in ten seconds' });
}

const ends = (id: string, state: string) => until(async () => ((await show(id)).state === state ? state : undefined));

test('a saga is listed, shown, held, taken up again and called off, with who and why in its history', async () => {
  const id = await waiting('Paris');
  assert.match((await sagas()).out, new RegExp(`${id}\\s+trip.book-trip\\s+\\S+\\s+running`));
  assert.deepEqual(await sagas('pause', id, ...operator), { code: 0, out: `pause: ${id} (trip)\n`, err: '' });
  assert.equal((await show(id)).state, 'paused');
  const refused = await sagas('undo', id, ...operator);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /"trip" refuses: .*it is paused; resume it first/);
  await sagas('resume', id, ...operator);
  assert.match((await sagas('migrate', id, ...operator)).err, /no later version of it that is listed has `migrates/);
  await sagas('extend', id, '--ms', '60000', ...operator);
  await sagas('undo', id, ...operator);
  await ends(id, 'compensated');
  const told = (await show(id)).history.flatMap(({ what, detail = '' }) => (detail.startsWith('mina') ? [what] : []));
  assert.deepEqual(told, ['paused', 'resumed', 'extended', 'called-off']);
  const story = (await sagas('show', id)).out;
  assert.match(story, /^trip.book-trip \S+: compensated \(version 1, /);
  assert.match(story, /^\d{4}-\d\d-\d\d [\d:.]{12} +undone +hold\.room +undo$/m);
  assert.match(story, /^.* called-off .* mina: the customer rang$/m);
});

test('a step is skipped with a result, and the saga goes on with it', async () => {
  const id = await waiting('Oslo');
  const result = JSON.stringify({ tripId: 't', by: 'mina' });
  const wrong = await sagas('skip', id, '--step', 'approval', '--result', '{"by":7}', ...operator);
  assert.match(wrong.err, /the result does not fit the contract of approval/);
  assert.equal((await sagas('skip', id, '--step', 'approval', '--result', result, ...operator)).code, 0);
  await ends(id, 'completed');
});

test('what makes no sense is said', async () => {
  const id = '01930000-0000-7000-8000-000000000000';
  for (const [argv, pattern] of [
    [['explode', id], /can list, show, counts, retry, .*, but not "explode"/],
    [['retry'], /needs to know which/],
    [['retry', id], /say who does it and why/],
    [['retry', id, ...operator], /no service of the system has a saga with the id/],
    [['skip', id, '--result', '{', ...operator], /`--result` is JSON/],
  ] as const) {
    const { code, err } = await sagas(...argv);
    assert.equal(code, 2, err);
    assert.match(err, pattern);
  }
});

test('a build is checked against what runs', async () => {
  await waiting('Kyoto');
  const counts = (await sagas('counts')).out;
  const file = join(scratch, 'counts.json');
  await writeFile(file, counts);
  assert.deepEqual(await dure('check', folder, '--sagas', file), {
    code: 0,
    out: 'trips: nothing is wrong\n',
    err: '',
  });
  await writeFile(file, counts.replace('"version": 1', '"version": 7'));
  const stranded = await dure('check', folder, '--sagas', file);
  assert.equal(stranded.code, 3);
  assert.match(stranded.err, /\d+ unfinished "book-trip" of trip run by version 7, which this build does not list/);
  await writeFile(file, 'nonsense');
  assert.match((await dure('check', folder, '--sagas', file)).err, /is not what `dure sagas counts` prints/);
});
