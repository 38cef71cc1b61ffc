import { test } from 'node:test';
import type { Schema } from '@dure/core';
import { event } from '@dure/messaging';
import { aggregate } from './aggregate.ts';
import { fact } from './fact.ts';
import { repository } from './repository.ts';
import type { MemoryEventTx } from './testing/index.ts';
import { deposited, memoryEventStore, sampleAccount, spec, withdrawn } from './testing/index.ts';

declare const schema: Schema<{ account: string }, { account: string }>;
declare const tx: MemoryEventTx;
declare const options: Parameters<typeof memoryEventStore>[0];

function definitions() {
  const frozen = event('test.frozen', { schema, key: ({ account }) => account });
  const base = aggregate('account', { id: 'account', initial: () => ({ balance: 0 }) }).on(deposited, (s) => s);

  // Only facts of events that have an `on` can be decided.
  base.handle('deposit', (input: { account: string; amount: number }) => fact(deposited, input));
  // @ts-expect-error test.frozen has no `on`
  base.handle('freeze', (input: { account: string }) => fact(frozen, input));
  // @ts-expect-error nor has test.withdrawn
  base.handle('both', (input: { account: string; amount: number }) => [fact(deposited, input), fact(withdrawn, input)]);
  // @ts-expect-error an evolution gives the state back
  base.on(frozen, () => 'ice');
  // @ts-expect-error the input names the instance
  base.handle('nobody', (input: { amount: number }) => fact(deposited, { account: 'a', ...input }));

  // Only declared refusals exist, with their data.
  const refuses = { Frozen: { data: schema } };
  base.handle({ name: 'melt', input: schema, refuses }, (_input, _state, fail) => fail.Frozen({ account: 'a' }));
  // @ts-expect-error Broken is not declared
  base.handle({ name: 'melt', input: schema, refuses }, (_input, _state, fail) => fail.Broken({}));
  // @ts-expect-error the data has an account
  base.handle({ name: 'melt', input: schema, refuses }, (_input, _state, fail) => fail.Frozen({}));

  // A repository decides what the aggregate decides.
  const accounts = repository(sampleAccount, { service: 'test', store: memoryEventStore(options) });
  void accounts.decide(tx, 'deposit', { account: 'a', amount: 1 });
  // @ts-expect-error there is no such decision
  void accounts.decide(tx, 'lend', { account: 'a' });
  // @ts-expect-error the amount is a number
  void accounts.decide(tx, 'deposit', { account: 'a', amount: '1' });
  // @ts-expect-error the event is none of this aggregate's
  accounts.append(tx, 'a', [fact(frozen, { account: 'a' })], 'any');
  // @ts-expect-error nor can its past hold it
  spec(sampleAccount).given(fact(frozen, { account: 'a' }));
}

test('what must not compile does not compile', () => void definitions);
