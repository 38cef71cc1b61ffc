import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import { startSystem } from './start-system.ts';

const ledger = join(import.meta.dirname, '..', '..', 'fixtures', 'ledger', 'system.ts');

interface Outcome {
  readonly id: string;
  readonly state: string;
  readonly value?: unknown;
  readonly refusal?: unknown;
}

test('a command from outside is taken at once, carried out once, and its outcome can be asked for', async () => {
  const { edge, stop } = await startSystem(ledger);
  const post = async (key: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    const answer = await fetch(`${edge}/transfers`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { answer, taken: (await answer.json()) as Outcome };
  };
  const get = async (path: string) => (await fetch(`${edge}${path}`)).json() as Promise<Outcome>;
  const settled = async (path: string) => {
    for (let turn = 0; turn < 400; turn += 1) {
      const outcome = await get(path);
      if (outcome.state !== 'pending') return outcome;
      await wait(systemClock, 25);
    }
    return assert.fail('it was not carried out');
  };
  try {
    const transfer = { from: 'equity', to: 'cash', amount: 30 };
    const { answer, taken } = await post('one', transfer);
    assert.deepEqual([answer.status, taken.state], [202, 'pending']);
    const place = answer.headers.get('location') ?? '';
    assert.equal(place, `/transfers/${taken.id}`);
    assert.deepEqual(await settled(place), { id: taken.id, state: 'done', value: { left: 70 } });

    const again = await post('one', transfer);
    assert.deepEqual([again.answer.status, again.taken.id], [202, taken.id], 'the same key is the same command');
    assert.equal((await post('one', { ...transfer, amount: 31 })).answer.status, 422);

    const refused = await post('two', { from: 'equity', to: 'nobody', amount: 1 });
    const outcome = await settled(refused.answer.headers.get('location') ?? '');
    assert.deepEqual(outcome.refusal, { code: 'UnknownAccount', data: { name: 'nobody' } });
    assert.equal((await settled((await post('three', transfer)).answer.headers.get('location') ?? '')).state, 'done');
    assert.deepEqual((await settled(place)).value, { left: 70 }, 'what was refused has taken nothing');

    assert.equal((await post('four', { from: 'equity' })).answer.status, 400);
    assert.equal((await fetch(`${edge}/transfers/${crypto.randomUUID()}`)).status, 404);
    assert.equal((await fetch(`${edge}/transfers/nothing`)).status, 404);
    assert.deepEqual(await get('/total'), { total: 0 });
  } finally {
    await stop();
  }
});
