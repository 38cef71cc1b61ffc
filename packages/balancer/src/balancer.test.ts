import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { Balancer } from './balancer.ts';
import { balancer } from './balancer.ts';
import type { Outcome } from './instance-load.ts';
import type { Rule } from './rule.ts';
import { leastRequest } from './rules/least-request.ts';
import { roundRobin } from './rules/round-robin.ts';
import { staticInstances } from './static-instances.ts';
import { testInstance } from './testing/instance-list-contract.ts';

const fleet = (count: number) => Array.from({ length: count }, (_, index) => testInstance('stock', `stock:${index}`));

function open(count: number, rule: Rule, seed = 1) {
  const clock = fakeClock();
  const instances = staticInstances({ stock: fleet(count) });
  return { clock, instances, balance: balancer({ instances, rule, clock, random: seededRandom(seed) }) };
}

function pickedIds(balance: Balancer, times: number, tried: readonly string[] = [], outcome?: Outcome): string[] {
  return Array.from({ length: times }, () => {
    const picked = balance.pick('stock', tried);
    if (outcome !== undefined) picked?.done(outcome);
    return picked?.instance.id ?? 'none';
  });
}

for (const rule of [roundRobin(), leastRequest()]) {
  test(`${rule.name} picks nothing for a service without instances, and leaves no state behind`, () => {
    const { balance, instances } = open(2, rule);
    assert.equal(balance.pick('nobody', []), undefined);
    assert.notEqual(balance.pick('stock', []), undefined);
    instances.set('stock', []);
    assert.equal(balance.pick('stock', []), undefined);
  });

  test(`${rule.name} never picks a tried instance while another is left`, () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { balance } = open(3, rule, seed);
      assert.ok(!pickedIds(balance, 20, ['stock:0']).includes('stock:0'));
      assert.deepEqual(new Set(pickedIds(balance, 5, ['stock:2', 'stock:0'])), new Set(['stock:1']));
    }
  });

  test(`${rule.name} picks a tried instance when all have been tried`, () => {
    const { balance } = open(2, rule);
    assert.match(balance.pick('stock', ['stock:0', 'stock:1'])?.instance.id ?? '', /^stock:/);
  });

  test(`${rule.name} reaches every instance, also those tried names that are unknown`, () => {
    const { balance } = open(10, rule);
    assert.equal(new Set(pickedIds(balance, 400, ['gone:1', 'gone:2'], 'success')).size, 10);
  });

  test(`${rule.name} follows the list when instances come and go`, () => {
    const { balance, instances } = open(2, rule);
    pickedIds(balance, 5);
    instances.set('stock', [testInstance('stock', 'stock:new')]);
    assert.deepEqual(new Set(pickedIds(balance, 5)), new Set(['stock:new']));
  });
}

test('round robin takes each in turn', () => {
  const { balance } = open(3, roundRobin());
  const ids = pickedIds(balance, 6);
  assert.equal(new Set(ids.slice(0, 3)).size, 3);
  assert.deepEqual(ids.slice(0, 3), ids.slice(3));
});

test('least request takes the less loaded of two', () => {
  const { balance } = open(2, leastRequest());
  const first = balance.pick('stock', []);
  const second = balance.pick('stock', []);
  assert.notEqual(first?.instance.id, second?.instance.id);
  second?.done('success');
  assert.equal(balance.pick('stock', [])?.instance.id, second?.instance.id);
});

test('a call that is reported twice counts once', () => {
  const { balance } = open(2, leastRequest());
  const first = balance.pick('stock', []);
  first?.done('success');
  first?.done('failure');
  const second = balance.pick('stock', []);
  const third = balance.pick('stock', []);
  assert.notEqual(second?.instance.id, third?.instance.id);
});

test('what is known of an instance survives a change of its metadata', () => {
  const { balance, instances } = open(2, leastRequest());
  const busy = balance.pick('stock', [])?.instance.id;
  instances.set(
    'stock',
    fleet(2).map((instance) => ({ ...instance, metadata: { version: '2' } })),
  );
  const next = balance.pick('stock', []);
  assert.notEqual(next?.instance.id, busy);
  assert.deepEqual(next?.instance.metadata, { version: '2' });
});

test('a call that wants a version gets it, and another once every instance of it was tried or is ejected', () => {
  const { balance, instances } = open(3, roundRobin());
  const ofVersion = (index: number) => (index === 2 ? { version: '2', weight: '0' } : { version: '1' });
  instances.set(
    'stock',
    fleet(3).map((instance, index) => ({ ...instance, metadata: ofVersion(index) })),
  );
  const ids = (version: string, tried: readonly string[] = []) => {
    const seen = Array.from({ length: 12 }, () => balance.pick('stock', tried, { version })?.instance.id);
    return [...new Set(seen)].sort();
  };
  assert.deepEqual(ids('2'), ['stock:2']);
  assert.deepEqual(ids('1'), ['stock:0', 'stock:1']);
  assert.deepEqual(ids('2', ['stock:2']), ['stock:0', 'stock:1']);
  assert.deepEqual(
    ids('1', ['stock:0', 'stock:1']),
    ['stock:0', 'stock:1'],
    'what weighs nothing stands in for nobody',
  );
  assert.deepEqual(ids('3'), ['stock:0', 'stock:1']);
  balance.update({ outliers: { consecutiveFailures: 2 } });
  for (const _ of [1, 2]) balance.pick('stock', [], { version: '2' })?.done('failure');
  assert.deepEqual(ids('2'), ['stock:0', 'stock:1']);
});

/** 1 000 calls a second for 12 s over 10 instances; instance 0 fails at once, from second 2 to second 7. */
async function failFast(rule: Rule) {
  const { balance, clock } = open(10, rule, 7);
  let failed = 0;
  let firstAfter = Number.POSITIVE_INFINITY;
  let late = 0;
  for (let ms = 0; ms < 12_000; ms += 1) {
    const picked = balance.pick('stock', []);
    const isBad = picked?.instance.id === 'stock:0';
    const fails = isBad && ms >= 2_000 && ms < 7_000;
    if (fails) failed += 1;
    if (isBad && ms >= 7_000) firstAfter = Math.min(firstAfter, ms - 7_000);
    if (isBad && ms >= 10_000) late += 1;
    if (fails) picked?.done('failure');
    else clock.after(20, () => picked?.done('success'));
    await clock.advance(1);
  }
  return { errorRatio: failed / 5_000, firstAfter, lateShare: late / 2_000 };
}

test('least request sends next to nothing to an instance that fails fast, and takes it back when it is well', async () => {
  const result = await failFast(leastRequest());
  assert.ok(result.errorRatio < 0.04, `error ratio ${result.errorRatio}`);
  assert.ok(result.firstAfter <= 1_500, `first call after recovery ${result.firstAfter} ms`);
  assert.ok(result.lateShare > 0.05, `share after recovery ${result.lateShare}`);
});

test('an impossible option is refused with its range', () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => leastRequest({ probeAfterMs: value }),
      (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
    );
  }
});
