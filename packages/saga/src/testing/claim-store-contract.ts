import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Schema } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { AnyCommand, ClaimSpec, Message, ReplyData, UnitOfWork } from '@dure/messaging';
import type { ClaimStore } from '../claim-store.port.ts';
import { claimed } from '../claims.ts';
import { fenced } from '../fenced.ts';
import type { SagaFence } from '../saga-fence.port.ts';

/** What an adapter shows of itself to the contract suite of claims. */
export interface ClaimsUnderTest<Tx> extends UnitOfWork<Tx>, AsyncDisposable {
  readonly fence: SagaFence<Tx>;
  readonly claims: ClaimStore<Tx>;
}

const older = '01930000-0000-7000-8000-000000000001';
const younger = '01930000-0000-7000-8000-000000000002';
const done: ReplyData = { ok: true, value: null };
const busy = (policy: string): ReplyData => ({ ok: false, refusal: { code: 'Busy', data: { policy } } });
const anything: Schema<unknown> = {
  '~standard': { version: 1, vendor: 'dure-testing', validate: (value) => ({ value }) },
};

type Policy = NonNullable<ClaimSpec<never>['policy']>;

/** The contract of `ClaimStore`, for every adapter. */
export function claimStoreContract<Tx>(name: string, open: () => Promise<ClaimsUnderTest<Tx>>): void {
  describe(`${name}: claims`, () => {
    test('what a saga has claimed another finds claimed, until the step is taken back', async () => {
      await using under = await open();
      assert.deepEqual(await book(under, older, ['a', 'b']), done);
      assert.deepEqual(await book(under, older, ['b'], { step: 'again' }), done);
      assert.deepEqual(await book(under, younger, ['b', 'c']), busy('die'));
      assert.deepEqual(await book(under, younger, ['c']), done, 'what was claimed by a command that was busy is free');
      assert.deepEqual(await book(under, older, ['a'], { direction: 'undo' }), done);
      assert.deepEqual(await book(under, younger, ['a', 'b']), done);
    });

    test('the end of a saga gives up all that it claimed', async () => {
      await using under = await open();
      await book(under, older, ['a']);
      await book(under, older, ['b'], { step: 'another' });
      await under.uow(testCall(), (tx) => under.claims.release(tx, older));
      assert.deepEqual(await book(under, younger, ['a', 'b']), done);
    });

    test('of two sagas the older waits and the younger gives up, unless the command says otherwise', async () => {
      await using under = await open();
      await book(under, younger, ['a']);
      assert.deepEqual(await book(under, older, ['a']), busy('wait'));
      assert.deepEqual(await book(under, older, ['a'], { policy: 'refuse' }), busy('refuse'));
      await book(under, older, ['b']);
      assert.deepEqual(await book(under, younger, ['b'], { step: 'second' }), busy('die'));
      assert.deepEqual(await book(under, younger, ['b'], { step: 'second', policy: 'wait' }), busy('wait'));
    });

    test('claims of sagas of whose end nobody told are swept', async () => {
      await using under = await open();
      await book(under, older, ['a']);
      const sweep = (before: number) => under.uow(testCall(), (tx) => under.claims.sweep(tx, before));
      assert.equal(await sweep(0), 0);
      assert.equal(await sweep(Number.MAX_SAFE_INTEGER / 1_000), 1);
      assert.deepEqual(await book(under, younger, ['a']), done);
    });
  });
}

interface Booking {
  readonly step?: string;
  readonly direction?: 'do' | 'undo';
  readonly policy?: Policy;
}

function book<Tx>(
  { uow, fence, claims }: ClaimsUnderTest<Tx>,
  id: string,
  resources: readonly string[],
  { step = 'book', direction = 'do', policy = 'wait-die' }: Booking = {},
): Promise<ReplyData> {
  const command: AnyCommand = {
    kind: 'command',
    service: 'seats',
    name: 'book',
    input: anything,
    output: undefined,
    refuses: {},
    key: () => 'k',
    sensitive: [],
    claims: { resources: () => resources, policy },
  };
  const message = { data: {}, meta: { correlation: 'c', saga: { id, step, direction } } } as unknown as Message;
  const [guard, claiming] = [fenced(fence), claimed(claims)];
  return uow(testCall(), (tx) => guard(message, tx, () => claiming(command, message, tx, async () => done)));
}
