import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashEverywhere, spec } from '@dure/saga/testing';
import { bookTrip } from './book-trip.ts';

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
