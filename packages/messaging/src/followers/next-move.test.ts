import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, seededRandom } from '@dure/core';
import fc from 'fast-check';
import type { FollowerView, HeldLanes } from './follower-store.port.ts';
import { nextMove } from './next-move.ts';

const view = (members: readonly string[], ...lanes: readonly [number, number, string?][]): FollowerView => ({
  name: 'f',
  paused: undefined,
  members,
  lanes: lanes.map(([from, to, owner]) => ({ from, to, owner, position: 0, epoch: 1 })),
});

test('free lanes are taken by who has less than its share', () => {
  assert.deepEqual(nextMove(view(['a'], [0, 255]), 'a', 1), { kind: 'claim' });
  assert.equal(nextMove(view(['a', 'b'], [0, 127, 'a'], [128, 255]), 'a', 1), undefined);
  assert.deepEqual(nextMove(view(['a', 'b'], [0, 127, 'a'], [128, 255]), 'b', 1), { kind: 'claim' });
});

test('who holds the widest range splits it when there are too few', () => {
  const of = view(['a', 'b', 'c'], [0, 63, 'a'], [64, 255, 'b']);
  assert.equal(nextMove(of, 'a', 1), undefined);
  assert.equal(nextMove(of, 'b', 1)?.kind, 'split');
});

test('who holds neighbours joins them when there are too many', () => {
  const of = view(['a'], [0, 63, 'a'], [64, 255, 'a']);
  assert.equal(nextMove(of, 'a', 1)?.kind, 'merge');
  assert.equal(nextMove(of, 'a', 2), undefined);
});

test('who has two more than another gives one back, and only one process does at a time', () => {
  const of = view(['a', 'b', 'c'], [0, 63, 'a'], [64, 127, 'a'], [128, 192, 'b'], [193, 255, 'b']);
  assert.equal(nextMove(of, 'a', 1)?.kind, 'release');
  assert.equal(nextMove(of, 'b', 1)?.kind, 'merge');
});

test('from whatever it is, processes that come and go arrive at fair shares and rest', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 3 }), (seed, rangesEach) => {
      const random = seededRandom(seed);
      let ranges: HeldLanes[] = [{ from: 0, to: 255, owner: undefined, position: 0, epoch: 1 }];
      for (let change = 0; change < 5; change += 1) {
        const members = ['a', 'b', 'c', 'd', 'e'].slice(0, randomInteger(random, 1, 5));
        ranges = ranges.map((one) => (members.includes(one.owner ?? '') ? one : { ...one, owner: undefined }));
        let rest = 0;
        for (let turn = 0; rest < members.length; turn += 1) {
          assert.ok(turn < 200, `it does not come to rest: ${JSON.stringify(ranges)}`);
          const me = members[turn % members.length] ?? '';
          const move = nextMove({ name: 'f', paused: undefined, members, lanes: ranges }, me, rangesEach);
          rest = move === undefined ? rest + 1 : 0;
          ranges = moved(ranges, me, move);
        }
        for (const member of members) {
          const mine = ranges.filter(({ owner }) => owner === member).length;
          const fair = ranges.length / members.length;
          assert.ok(mine >= 1 && Math.abs(mine - fair) <= 1, `${member} has ${mine} of ${ranges.length}`);
        }
        assert.ok(ranges.every(({ owner }) => owner !== undefined));
        assert.equal(
          ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0),
          256,
        );
      }
    }),
    { numRuns: 300 },
  );
});

function moved(ranges: readonly HeldLanes[], me: string, move: ReturnType<typeof nextMove>): HeldLanes[] {
  switch (move?.kind) {
    case undefined:
      return [...ranges];
    case 'claim': {
      const free = ranges.find(({ owner }) => owner === undefined);
      return ranges.map((one) => (one === free ? { ...one, owner: me } : one));
    }
    case 'release':
      return ranges.map((one) => (one === move.lanes ? { ...one, owner: undefined } : one));
    case 'split': {
      const middle = Math.floor((move.lanes.from + move.lanes.to) / 2);
      const halves = [
        { ...move.lanes, to: middle },
        { ...move.lanes, from: middle + 1, owner: undefined },
      ];
      return [...ranges.filter((one) => one !== move.lanes), ...halves];
    }
    case 'merge':
      return [
        ...ranges.filter((one) => one !== move.lower && one !== move.upper),
        { ...move.lower, to: move.upper.to },
      ];
  }
}
