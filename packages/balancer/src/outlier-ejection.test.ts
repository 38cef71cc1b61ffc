import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPanic, mostEjected } from './outlier-ejection.ts';
import type { Rule } from './rule.ts';
import { leastRequest } from './rules/least-request.ts';
import { peakEwma } from './rules/peak-ewma.ts';
import { roundRobin } from './rules/round-robin.ts';
import { weighted } from './rules/weighted.ts';
import { openBalancer, testFleet } from './testing/open-balancer.ts';

const outliers = { ejectionMs: 1_000, ejectionAtMostMs: 3_000, sweepMs: 10_000 };
const ids = (counts: Map<string, number>) => [...counts.keys()].sort();

test('five failures in a row eject an instance of three; it returns after its time, slowly, and stays out longer each time', async () => {
  const open = openBalancer(testFleet(3), { rule: roundRobin(), outliers });
  const failing = ['stock:0'];
  for (const forMs of [1_000, 2_000, 3_000, 3_000]) {
    assert.equal(open.count(30, { failing }).get('stock:0'), 5);
    assert.deepEqual(ids(open.count(30, { failing })), ['stock:1', 'stock:2']);
    const event = open.events.at(-1);
    assert.ok(event?.kind === 'ejected' && event.reason === 'consecutive-failures' && event.forMs === forMs);
    await open.clock.advance(forMs - 1);
    assert.equal(open.count(3).has('stock:0'), false);
    await open.clock.advance(forMs / 10 + 1);
  }
  assert.equal(open.count(3).has('stock:0'), true);
  assert.equal(open.events.at(-1)?.kind, 'returned');
});

test('an instance that is well for a sweep is forgiven one ejection', async () => {
  const open = openBalancer(testFleet(3), { rule: roundRobin(), outliers });
  const ejectOnce = () => {
    open.count(30, { failing: ['stock:0'] });
    const event = open.events.findLast(({ kind }) => kind === 'ejected');
    return event?.kind === 'ejected' ? event.forMs : 0;
  };
  assert.equal(ejectOnce(), 1_000);
  await open.clock.advance(1_101);
  open.count(3);
  assert.equal(ejectOnce(), 2_000);
  for (let sweep = 0; sweep < 3; sweep += 1) {
    await open.clock.advance(10_000);
    open.count(3);
  }
  assert.equal(ejectOnce(), 1_000);
});

test('an instance whose success rate lies far below the others’ is ejected by the sweep, though it never fails five times in a row', async () => {
  const open = openBalancer(testFleet(10), { rule: roundRobin(), outliers: { ...outliers, ejectionMs: 3_000 } });
  for (let round = 0; round < 150; round += 1) open.count(10, { failing: round % 2 === 0 ? ['stock:7'] : [] });
  assert.equal(open.count(10).has('stock:7'), true);
  await open.clock.advance(10_000);
  assert.equal(open.count(50).has('stock:7'), false);
  assert.deepEqual(
    open.events.map((event) => event.kind === 'ejected' && event.reason),
    ['success-rate'],
  );
});

test('alike bad instances are nobody’s outliers', async () => {
  const open = openBalancer(testFleet(6), { rule: roundRobin(), outliers });
  const all = testFleet(6).map(({ id }) => id);
  for (let round = 0; round < 150; round += 1) open.count(6, { failing: round % 2 === 0 ? all : [] });
  await open.clock.advance(10_000);
  assert.equal(open.count(12).size, 6);
});

test('as many may be out as leave the panic share, and one in any case where another is left', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 10].map((size) => mostEjected(size, 0.5)),
    [0, 1, 1, 2, 2, 5],
  );
  assert.deepEqual(
    [1, 2, 3, 10].map((size) => mostEjected(size, 0.95)),
    [0, 1, 1, 1],
  );
  assert.equal(isPanic(2, 3, 0.95), false);
  assert.equal(isPanic(1, 3, 0.5), true);
});

test('no ejected instance is ever picked, nor are more ejected than may be, whoever fails and whoever leaves', async () => {
  const step = fc.record({
    failing: fc.subarray(['stock:0', 'stock:1', 'stock:2', 'stock:3', 'stock:4', 'stock:5']),
    size: fc.integer({ min: 1, max: 6 }),
    waitMs: fc.constantFrom(0, 0, 200, 1_500, 12_000),
  });
  for (const rule of [roundRobin(), weighted(), leastRequest(), peakEwma()] as readonly Rule[]) {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, seed, panicShare) => {
          const open = openBalancer(testFleet(6), { rule, outliers, panicShare }, seed);
          const out = new Set<string>();
          let seen = 0;
          const follow = () => {
            for (const event of open.events.slice(seen)) {
              if (event.kind === 'ejected') out.add(event.instance.id);
              if (event.kind === 'returned') out.delete(event.instance.id);
            }
            seen = open.events.length;
          };
          for (const { failing, size, waitMs } of steps) {
            open.list.set('stock', testFleet(size));
            for (let index = size; index < 6; index += 1) out.delete(`stock:${index}`);
            await open.clock.advance(waitMs);
            for (let call = 0; call < 40; call += 1) {
              const picked = open.balance.pick('stock', []);
              follow(); // a pick may end ejections
              const id = picked?.instance.id ?? '';
              const isPanicked = isPanic(size - out.size, size, panicShare);
              assert.ok(isPanicked || !out.has(id), `${rule.name} picked ${id}, which is ejected`);
              picked?.done(failing.includes(id) ? 'failure' : 'success', 20);
              const before = out.size;
              follow();
              assert.ok(out.size <= Math.max(before, mostEjected(size, panicShare)), 'ejected too many');
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  }
});

test('when the list shrinks until the ejected are the greater part, calls go to all, and say so', () => {
  const open = openBalancer(testFleet(4), { rule: roundRobin(), outliers });
  open.count(60, { failing: ['stock:0', 'stock:1'] });
  assert.deepEqual(ids(open.count(10)), ['stock:2', 'stock:3']);
  open.list.set('stock', testFleet(2));
  assert.deepEqual(ids(open.count(10)), ['stock:0', 'stock:1']);
  const event = open.events.at(-1);
  assert.deepEqual(event, { kind: 'panic-began', service: 'stock', available: 0, size: 2 });
  open.list.set('stock', testFleet(4));
  open.count(1);
  assert.equal(open.events.at(-1)?.kind, 'panic-ended');
});

test('a call that ends after its instance has left ejects nobody', () => {
  const open = openBalancer(testFleet(3), { rule: roundRobin(), outliers: { ...outliers, consecutiveFailures: 1 } });
  const late = open.balance.pick('stock', []);
  open.list.set(
    'stock',
    testFleet(3).filter(({ id }) => id !== late?.instance.id),
  );
  open.count(2);
  late?.done('failure');
  assert.deepEqual(open.events, []);
});

test('switching ejection off brings everybody back', () => {
  const open = openBalancer(testFleet(3), { rule: roundRobin(), outliers });
  open.count(30, { failing: ['stock:0'] });
  assert.equal(open.count(6).size, 2);
  open.balance.update({ outliers: 'off' });
  assert.equal(open.count(6).size, 3);
});
