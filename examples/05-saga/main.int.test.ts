import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashEverywhere, spec } from '@dure/saga/testing';
import { bookTrip } from './book-trip.ts';
import { gatherGroup } from './gather-group.ts';

const at = (file: string) => join(import.meta.dirname, file);

test('the example prints what its pages show: booked, given up, and approved', () => {
  const printed = execFileSync(process.execPath, [at('main.ts')], { encoding: 'utf8', timeout: 120_000 });
  for (const page of ['README.md', 'README.ko.md'])
    assert.ok(
      readFileSync(at(page), 'utf8').includes(printed.trimEnd()),
      `${page} shows something else than\n${printed}`,
    );
});

const input = { tripId: 't-1', city: 'Paris', guests: ['Ana', 'Ben'], price: 2_000 };

// region spec
test('when nobody approves a dear trip, room and seats are given up', () => {
  spec(bookTrip)
    .start(input)
    .replies('hold.room', { roomId: 'r' })
    .replies('hold.seats', { bookingId: 'b' })
    .passes(30_000)
    .expectWhy({ reason: 'timed-out', step: 'approval' })
    .expectUndone('hold.seats', 'hold.room');
});

test('whatever is refused, lost, repeated or late, a trip ends with nothing half-done', () => {
  const answers = {
    'hold.room': { roomId: 'r' },
    'hold.seats': { bookingId: 'b' },
    approval: { tripId: 't-1', by: 'Dana' },
    pay: { receipt: 'x' },
    vouchers: { voucherId: 'v' },
  };
  const { completed, compensated } = crashEverywhere(bookTrip, { input, answers, faults: 0, timeouts: 1 });
  assert.ok(completed > 0 && compensated > 0);
});
// endregion

const group = { tripId: 't-1', cities: ['Moon', 'Oslo'], wanted: 2 };
const joins = (guest: string) => ({ tripId: 't-1', guest });

// region process
test('a group that is refused a room asks in the next city; one that too few join is given up', () => {
  spec(gatherGroup)
    .start(group)
    .happens('joined.0', joins('Ana'))
    .passes(1_999)
    .happens('joined.1', joins('Ben'))
    .refuses('hold.0', 'NoRoom', { city: 'Moon' })
    .expectSent('hold.1', 'do', { tripId: 't-1', city: 'Oslo', guests: 2 })
    .replies('hold.1', { roomId: 'r' })
    .expectState('completed');
  spec(gatherGroup)
    .start(group)
    .happens('joined.0', joins('Ana'))
    .passes(2_000)
    .expectWhy({ reason: 'refused', step: 'patience', code: 'TooFew', data: { joined: 1 } })
    .expectState('compensated');
});

test('whatever is refused, lost, repeated or late, no group keeps a room that it does not take', () => {
  const answers = { hold: { roomId: 'r' }, joined: joins('Ana') };
  const { completed, compensated } = crashEverywhere(gatherGroup, { input: group, answers, events: 3, timeouts: 1 });
  assert.ok(completed > 0 && compensated > 0);
});
// endregion
