import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import fc from 'fast-check';
import type { Picked } from '../balancer.ts';
import type { Rule } from '../rule.ts';
import { testInstance } from '../testing/instance-list-contract.ts';
import { openBalancer, testFleet } from '../testing/open-balancer.ts';
import { availabilityFiltering } from './availability-filtering.ts';
import { consistentHash } from './consistent-hash.ts';
import { leastRequest } from './least-request.ts';
import { peakEwma } from './peak-ewma.ts';
import { randomChoice } from './random-choice.ts';
import { roundRobin } from './round-robin.ts';
import { weighted } from './weighted.ts';
import { weightedResponseTime } from './weighted-response-time.ts';
import { zonePreference } from './zone-preference.ts';

const rules: readonly Rule[] = [
  roundRobin(),
  randomChoice(),
  weighted(),
  leastRequest(),
  peakEwma(),
  availabilityFiltering(),
  weightedResponseTime(),
  consistentHash(),
  zonePreference({ zone: 'z0' }),
];

for (const rule of rules) {
  test(`${rule.name} picks only listed instances, avoids tried ones and keeps its accounts, whatever happens`, async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('pick' as const),
        tried: fc.subarray(['stock:0', 'stock:1', 'stock:2', 'gone']),
        key: fc.option(fc.string(), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('done' as const),
        which: fc.nat(),
        outcome: fc.constantFrom('success', 'failure', 'cancelled'),
      }),
      fc.record({
        kind: fc.constant('list' as const),
        size: fc.integer({ min: 0, max: 6 }),
        weight: fc.constantFrom('0', '1', '7', 'x'),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), async (steps, seed) => {
        const open = openBalancer(testFleet(3), { rule, outliers: {} }, seed);
        const underWay: Picked[] = [];
        for (const next of steps) {
          if (next.kind === 'wait') await open.clock.advance(next.ms);
          if (next.kind === 'list')
            open.list.set(
              'stock',
              testFleet(next.size, (index) => ({ zone: `z${index % 2}`, metadata: { weight: next.weight } })),
            );
          if (next.kind === 'done')
            underWay.splice(next.which % Math.max(underWay.length, 1), 1)[0]?.done(next.outcome);
          if (next.kind !== 'pick') continue;
          const picked = open.balance.pick('stock', next.tried, next.key === undefined ? {} : { key: next.key });
          const listed = open.list.instances('stock').map(({ id }) => id);
          if (picked === undefined) assert.deepEqual(listed, []);
          else {
            assert.ok(listed.includes(picked.instance.id), 'picked what is not listed');
            const isEjected = open.events.some((event) => event.kind === 'ejected');
            const isTried = next.tried.includes(picked.instance.id);
            if (isTried && !isEjected)
              assert.ok(
                listed.every((id) => next.tried.includes(id)),
                'picked a tried one',
              );
            underWay.push(picked);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test(`${rule.name} reaches every instance of a fleet that is well`, () => {
    const open = openBalancer(
      testFleet(10, () => ({ zone: 'z0' })),
      { rule },
    );
    const seen = new Set<string>();
    for (let call = 0; call < 2_000; call += 1) {
      const picked = open.balance.pick('stock', [], { key: `customer ${call}` });
      seen.add(picked?.instance.id ?? 'none');
      picked?.done('success', 20);
    }
    assert.equal(seen.size, 10);
  });
}

test('weights are kept exactly, whatever they are, and follow the list while it runs', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(weights, weights, fc.nat(), (first, second, seed) => {
      const fleetOf = (all: readonly number[]) =>
        testFleet(all.length, (index) => ({ metadata: { weight: String(all[index]) } }));
      const open = openBalancer(fleetOf(first), { rule: weighted(), slowStart: 'off' }, seed);
      for (const all of [first, second]) {
        open.list.set('stock', fleetOf(all));
        const sum = all.reduce((total, weight) => total + weight, 0);
        const rounds = 10;
        const counts = open.count(sum * rounds);
        for (const [index, weight] of all.entries()) {
          const got = counts.get(`stock:${index}`) ?? 0;
          const most = 1 + weight + all.length; // where in its turn each one starts is random
          assert.ok(Math.abs(got - weight * rounds) <= most, `${got} of ${weight * rounds}, weights ${all.join(' ')}`);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('weights 5 and 1 interleave: never more than six calls between two to the lighter one', () => {
  const fleet = testFleet(2, (index) => ({ metadata: { weight: index === 0 ? '5' : '1' } }));
  const { balance } = openBalancer(fleet, { rule: weighted() });
  const ids = Array.from({ length: 60 }, () => balance.pick('stock', [])?.instance.id);
  const at = ids.flatMap((id, index) => (id === 'stock:1' ? [index] : []));
  assert.ok(at.length >= 9 && at.slice(1).every((place, index) => place - (at[index] ?? 0) === 6), at.join(' '));
});

test('an instance of weight 0 gets no calls while another takes some, and one of a nonsensical weight its full share', () => {
  for (const rule of rules) {
    const weights = ['0', '1', 'heavy'];
    const open = openBalancer(
      testFleet(3, (index) => ({ metadata: { weight: weights[index] ?? '' } })),
      { rule },
    );
    assert.equal(open.count(50).has('stock:0'), false, rule.name);
    open.list.set(
      'stock',
      testFleet(1, () => ({ metadata: { weight: '0' } })),
    );
    assert.equal(open.count(5).get('stock:0'), 5, rule.name);
  }
});

test('weighted response time shares by the reciprocal of the time', async () => {
  const { balance, clock } = openBalancer(testFleet(3), { rule: weightedResponseTime() });
  const times = [10, 20, 40];
  const counts = [0, 0, 0];
  for (let call = 0; call < 9_000; call += 1) {
    const picked = balance.pick('stock', []);
    const index = Number(picked?.instance.id.slice(-1));
    picked?.done('success', times[index] ?? 0);
    if (call >= 2_000) counts[index] = (counts[index] ?? 0) + 1;
    if (call % 100 === 0) await clock.advance(100);
  }
  for (const [index, part] of [4 / 7, 2 / 7, 1 / 7].entries())
    assert.ok(Math.abs((counts[index] ?? 0) / 7_000 - part) < 0.03, counts.join(' '));
});

test('availability filtering trips after three failures in a row, lets one call through after the rest, and doubles the rest', async () => {
  const open = openBalancer(testFleet(2), { rule: availabilityFiltering() });
  const failing = ['stock:0'];
  assert.equal(open.count(20, { failing }).get('stock:0'), 3);
  await open.clock.advance(1_000);
  assert.equal(open.count(20, { failing }).get('stock:0'), 1);
  await open.clock.advance(1_999);
  assert.equal(open.count(20, { failing }).get('stock:0'), undefined);
  await open.clock.advance(1);
  assert.equal(open.count(20).get('stock:0'), 10);
});

test('availability filtering passes over an instance with too many calls in flight, and takes the least loaded when all have', () => {
  const { balance } = openBalancer(testFleet(3), { rule: availabilityFiltering({ inFlightAtMost: 2 }) });
  const ids = Array.from({ length: 9 }, () => balance.pick('stock', [])?.instance.id);
  for (const id of ['stock:0', 'stock:1', 'stock:2']) {
    assert.equal(ids.slice(0, 6).filter((picked) => picked === id).length, 2);
    assert.equal(ids.slice(6).filter((picked) => picked === id).length, 1);
  }
});

test('the same key goes to the same instance on every caller; when one of n leaves only its keys move, when one joins at most 1/n and a little', () => {
  const keys = Array.from({ length: 4_000 }, (_, index) => `customer-${index}`);
  const owners = (size: number, seed: number, without?: number) => {
    const fleet = testFleet(size).filter((_, index) => index !== without);
    const { balance } = openBalancer(seed % 2 === 0 ? fleet : fleet.reverse(), { rule: consistentHash() }, seed);
    return keys.map((key) => {
      const picked = balance.pick('stock', [], { key });
      picked?.done('success');
      return picked?.instance.id;
    });
  };
  for (const size of [3, 10, 50]) {
    const before = owners(size, 1);
    assert.deepEqual(owners(size, 2), before);
    for (const [index, owner] of owners(size, 3, 1).entries())
      if (before[index] !== 'stock:1') assert.equal(owner, before[index]);
    const moved = owners(size + 1, 4).filter((owner, index) => owner !== before[index]).length / keys.length;
    assert.ok(moved <= 1 / (size + 1) + 0.05, `${moved} of the keys moved`);
    const most = Math.max(...Array.from(Map.groupBy(before, (owner) => owner).values(), ({ length }) => length));
    assert.ok(most <= (keys.length / size) * 1.45, `${most} keys on one of ${size}`);
  }
});

test('a caller who saw instances come, go and change their weight agrees with one who has just begun', () => {
  const change = fc.array(
    fc.record({ index: fc.integer({ min: 0, max: 9 }), weight: fc.integer({ min: 1, max: 3 }) }),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (lists) => {
      const rule = consistentHash({ points: 16 });
      const veteran = openBalancer([], { rule });
      for (const wanted of lists) {
        const weights = new Map(wanted.map(({ index, weight }) => [index, weight]));
        const fleet = [...weights].map(([index, weight]) =>
          testInstance('stock', `stock:${index}`, { metadata: { weight: `${weight}` } }),
        );
        veteran.list.set('stock', fleet);
        const newcomer = openBalancer(fleet.toReversed(), { rule });
        for (let key = 0; key < 40; key += 1) {
          const [one, other] = [veteran, newcomer].map(({ balance }) => balance.pick('stock', [], { key: `${key}` }));
          assert.equal(one?.instance.id, other?.instance.id);
          one?.done('success');
          other?.done('success');
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('one hot key spreads before its instance has more than 1.25 times the average, and a tried instance is passed over', () => {
  const { balance } = openBalancer(testFleet(10), { rule: consistentHash() });
  const counts = Map.groupBy(
    Array.from({ length: 1_000 }, () => balance.pick('stock', [], { key: 'hot' })?.instance.id),
    (id) => id,
  );
  assert.ok(Math.max(...Array.from(counts.values(), ({ length }) => length)) <= 126);
  const cold = openBalancer(testFleet(10), { rule: consistentHash() });
  const first = cold.balance.pick('stock', [], { key: 'k' })?.instance.id ?? '';
  const second = cold.balance.pick('stock', [first], { key: 'k' })?.instance.id ?? '';
  assert.notEqual(second, first);
  assert.equal(cold.balance.pick('stock', [first], { key: 'k' })?.instance.id, second);
});

test('calls stay in their zone while it is well, leave it when it is slow or fails, and retries go out when all at home were tried', () => {
  const zones = (size: number) => testFleet(size, (index) => ({ zone: index < 2 ? 'home' : 'away' }));
  const at = (counts: Map<string, number>) => (counts.get('stock:0') ?? 0) + (counts.get('stock:1') ?? 0);
  const rule = zonePreference({ zone: 'home' });
  const well = openBalancer(zones(4), { rule });
  assert.equal(at(well.count(500)), 500);
  assert.equal(at(well.count(20, { tried: ['stock:0', 'stock:1'] })), 0);
  assert.ok(at(well.count(500, { failing: ['stock:0', 'stock:1'] })) < 25);
  const elsewhere = openBalancer(zones(4).slice(2), { rule });
  assert.equal(elsewhere.count(10).size, 2);
});

test('the default prefers the quick, learns nothing from streams, and does not take a quick failure for speed', () => {
  const open = openBalancer(testFleet(2), { rule: peakEwma() });
  const end = (id: string, outcome: 'success' | 'failure', took: number | 'unmeasured') => {
    const other = id === 'stock:0' ? 'stock:1' : 'stock:0';
    open.balance.pick('stock', [other])?.done(outcome, took);
  };
  end('stock:0', 'success', 20);
  end('stock:1', 'success', 40);
  end('stock:0', 'success', 'unmeasured');
  assert.equal(open.count(20).get('stock:0'), 20);
  end('stock:1', 'failure', 1);
  assert.equal(open.count(20).get('stock:0'), 20);
  end('stock:0', 'failure', 400); // timed out: at least so slow
  assert.equal(open.count(20).get('stock:1'), 20);
});

test('an instance that joins begins with the fleet’s latency and a tenth of a share, and has a full one after the window', async () => {
  const open = openBalancer(testFleet(4), { rule: weighted(), slowStart: { windowMs: 10_000 } });
  open.count(40);
  open.list.set('stock', testFleet(5));
  const early = open.count(410).get('stock:4') ?? 0;
  assert.ok(early >= 8 && early <= 12, `${early} of 410`);
  await open.clock.advance(10_000);
  const late = open.count(500).get('stock:4') ?? 0;
  assert.ok(late >= 98 && late <= 102, `${late} of 500`);
});

test('a call to an instance that failed lately is marked as a probe, and there is at most one in 200 calls', async () => {
  const open = openBalancer(testFleet(2), { rule: peakEwma() });
  open.count(400, { failing: ['stock:0'] });
  const probesIn = (calls: number) => {
    let probes = 0;
    for (let call = 0; call < calls; call += 1) {
      const picked = open.balance.pick('stock', []);
      if (picked?.isProbe === true) probes += 1;
      assert.equal(picked?.isProbe, picked?.instance.id === 'stock:0');
      picked?.done(picked.isProbe ? 'failure' : 'success', 20);
    }
    return probes;
  };
  await open.clock.advance(2_000);
  assert.equal(probesIn(20), 1);
  await open.clock.advance(2_000);
  assert.equal(probesIn(170), 0);
  assert.equal(probesIn(50), 1);
  await open.clock.advance(20_000);
  assert.equal(probesIn(20), 1);
});

test('an instance that was down comes back with a part of its share, and has all of it half a second later', async () => {
  const open = openBalancer(testFleet(2), { rule: weighted() });
  open.count(20, { failing: ['stock:0'] });
  for (let call = 0; call < 6; call += 1) open.balance.pick('stock', ['stock:1'])?.done('success', 20);
  const part = open.count(110).get('stock:0') ?? 0;
  assert.ok(part >= 8 && part <= 20, `${part} of 110`);
  await open.clock.advance(500);
  open.count(2);
  const full = open.count(100).get('stock:0') ?? 0;
  assert.ok(full >= 48 && full <= 52, `${full} of 100`);
});

test('an instance that joins a fleet with a history is not mistaken for an unknown one', () => {
  const open = openBalancer(testFleet(2), { rule: peakEwma(), slowStart: 'off' });
  open.count(200);
  open.list.set('stock', testFleet(3));
  const ids = Array.from({ length: 30 }, () => open.balance.pick('stock', [])?.instance.id);
  const toNew = ids.filter((id) => id === 'stock:2').length;
  assert.ok(toNew >= 6 && toNew <= 14, `${toNew} of 30`);
});

test('of instances of which nothing is known each gets one call before any gets a second', () => {
  const { balance } = openBalancer(testFleet(2), { rule: peakEwma() });
  assert.notEqual(balance.pick('stock', [])?.instance.id, balance.pick('stock', [])?.instance.id);
});

test('impossible options are refused with owner, name, value and range', () => {
  const wrong: readonly (() => unknown)[] = [
    () => peakEwma({ probeAfterMs: 0 }),
    () => peakEwma({ probeAfterMs: 3_000, probeAtMostMs: 1_000 }),
    () => leastRequest({ probeOneIn: 1.5 }),
    () => weightedResponseTime({ refreshMs: Number.NaN }),
    () => availabilityFiltering({ failures: 0 }),
    () => availabilityFiltering({ inFlightAtMost: 0 }),
    () => consistentHash({ loadAtMost: 1 }),
    () => consistentHash({ points: 4 }),
    () => zonePreference({ zone: 'a', spillAt: 0.5 }),
    () => openBalancer([], { panicShare: 1.1 }),
    () => openBalancer([], { outliers: { consecutiveFailures: 0 } }),
    () => openBalancer([], { outliers: { ejectionMs: 10, ejectionAtMostMs: 5 } }),
    () => openBalancer([], { slowStart: { leastShare: 0 } }),
  ];
  for (const make of wrong) {
    assert.throws(
      make,
      (error) =>
        codeOf(error) === 'BALANCER_OPTION_INVALID' && /: \w+ is .*; expected a .*number from /.test(String(error)),
    );
  }
});

test('an update takes effect at once and keeps what is known; an impossible one changes nothing', () => {
  const open = openBalancer(testFleet(2), { rule: roundRobin() });
  const busy = open.balance.pick('stock', []);
  open.balance.update({ rule: leastRequest() });
  for (let call = 0; call < 5; call += 1)
    assert.equal([...open.count(1).keys()].includes(busy?.instance.id ?? ''), false);
  assert.throws(
    () => open.balance.update({ rule: roundRobin(), panicShare: -1 }),
    (error) => codeOf(error) === 'BALANCER_OPTION_INVALID',
  );
  assert.equal(open.count(5).has(busy?.instance.id ?? ''), false);
});

test('a caller who wants a version gets it, as long as there is any', () => {
  const version = (index: number) => ({ metadata: { version: index < 2 ? '1' : '2' } });
  const open = openBalancer(testFleet(4, version), { rule: roundRobin() });
  assert.deepEqual([...open.count(20, { want: { version: '2' } }).keys()].sort(), ['stock:2', 'stock:3']);
  assert.deepEqual([...open.count(20, { want: { version: '2' }, tried: ['stock:2'] }).keys()], ['stock:3']);
  assert.equal(open.count(20, { want: { version: '9' } }).size, 4);
  open.list.set('stock', testFleet(2, version));
  assert.equal(open.count(20, { want: { version: '2' } }).size, 2);
});
