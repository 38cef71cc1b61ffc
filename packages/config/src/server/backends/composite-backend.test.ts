import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configErrors } from '../../errors.ts';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import { compositeBackend } from './composite-backend.ts';
import type { BackendFound, ConfigBackend } from './config-backend.ts';

const request: ConfigRequest = { names: ['order'], profiles: ['dev'] };
const resourceRequest = { ...request, paths: ['nginx.conf'], mayRead: () => true };

/** Says one thing, or fails. */
function backend(name: string, failure?: Error): ConfigBackend & { closed: boolean; changed?: () => void } {
  const properties = new Map([['from', { value: name }]]);
  const found: BackendFound = { sources: [{ file: name, document: undefined, properties }], stale: [], version: name };
  return {
    name,
    closed: false,
    async find() {
      if (failure !== undefined) throw failure;
      return found;
    },
    async resource({ paths: [path = ''] }) {
      if (failure !== undefined) throw failure;
      return name === 'first' ? undefined : { path, bytes: Buffer.from(name), modifiedMs: undefined };
    },
    problems: async () => (failure === undefined ? [] : [{ place: name, message: failure.message }]),
    refresh: async () => [`${name}.yml`, 'application.yml'],
    watch(changed) {
      this.changed = changed;
      return () => delete this.changed;
    },
    async [Symbol.asyncDispose]() {
      this.closed = true;
    },
  };
}

const away = configErrors.GIT_UNREACHABLE('it is away');
const unknown = configErrors.NOT_FOUND('no such label');

test('the sources of the first backend come first, without a version, and the same answer is the same object', async () => {
  const both = compositeBackend([backend('first'), backend('second')]);
  const found = await both.find(request);
  assert.deepEqual(
    found.sources.map(({ file }) => file),
    ['first', 'second'],
  );
  assert.equal(found.version, undefined);
  assert.equal(await both.find(request), found);
  const alone = compositeBackend([backend('first')]);
  assert.equal((await alone.find(request)).version, 'first');
});

test('a resource comes from the first backend that has it', async () => {
  const both = compositeBackend([backend('first'), backend('second'), backend('third')]);
  assert.equal(Buffer.from((await both.resource(resourceRequest))?.bytes ?? []).toString(), 'second');
  assert.equal(await compositeBackend([backend('first')]).resource(resourceRequest), undefined);
});

test('a backend that fails refuses the whole answer; where options say so its part is skipped, and named', async () => {
  for (const failure of [away, unknown])
    await assert.rejects(compositeBackend([backend('good'), backend('bad', failure)]).find(request), failure);
  const skipping = compositeBackend([backend('bad', away), backend('good')], { onFailure: 'skip' });
  const found = await skipping.find(request);
  assert.deepEqual([found.sources.map(({ file }) => file), found.stale], [['good'], ['bad']]);
  assert.equal(await skipping.find(request), found);
  assert.deepEqual(await skipping.problems(), [{ place: 'bad', message: 'it is away' }]);
});

test('with skipping, a label that one backend does not know is asked of the others; one that none knows is missing', async () => {
  const one = compositeBackend([backend('git', unknown), backend('good')], { onFailure: 'skip' });
  assert.deepEqual((await one.find(request)).stale, []);
  const none = compositeBackend([backend('git', unknown), backend('other', unknown)], { onFailure: 'skip' });
  await assert.rejects(none.find(request), unknown);
});

test('what changed, who is told and who is closed is that of all', async () => {
  const [first, second] = [backend('first'), backend('second')];
  const both = compositeBackend([first, second]);
  assert.deepEqual(await both.refresh(), ['first.yml', 'application.yml', 'second.yml']);
  let told = 0;
  const end = both.watch?.(() => {
    told += 1;
  });
  first.changed?.();
  second.changed?.();
  assert.equal(told, 2);
  end?.();
  assert.equal(second.changed, undefined);
  await both[Symbol.asyncDispose]();
  assert.ok(first.closed && second.closed);
});
