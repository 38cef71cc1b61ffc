import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { randomInteger, seededRandom } from '@dure/core';
import fc from 'fast-check';
import type { QueueView } from './queue-share.ts';
import { queueMove } from './queue-share.ts';

const view = (change: Partial<QueueView>): QueueView => ({
  queues: 4,
  members: 1,
  isSettled: false,
  mine: [],
  free: [],
  ...change,
});
const move = (change: Partial<QueueView>) => queueMove(view(change), seededRandom(1));

describe('the queues of a group', () => {
  test('are all taken by whoever is alone', () => {
    assert.deepEqual(move({ free: [0, 1, 2, 3] }).take.toSorted(), [0, 1, 2, 3]);
  });

  test('are given back down to the even share when another comes', () => {
    assert.deepEqual(move({ members: 2, mine: [0, 1, 2, 3] }), { take: [], leave: [2, 3] });
  });

  test('are taken one beyond the even share once things have settled', () => {
    assert.deepEqual(move({ members: 3, mine: [0], free: [3] }).take, []);
    assert.deepEqual(move({ members: 3, mine: [0], free: [3], isSettled: true }).take, [3]);
    assert.deepEqual(move({ members: 3, mine: [0, 3], isSettled: true }), { take: [], leave: [] });
  });

  test('are one each where there are more members than queues', () => {
    assert.deepEqual(move({ members: 9, mine: [2] }), { take: [], leave: [] });
    assert.equal(move({ members: 9, free: [1, 3] }).take.length, 1);
  });

  test('end up all held and evenly, whoever comes and goes and whoever looks first', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 16 }), (seed, queues) => {
        const random = seededRandom(seed);
        const members: { mine: Set<number>; seen: number; looks: number }[] = [];
        const isHeld = (queue: number) => members.some(({ mine }) => mine.has(queue));
        const look = (member: (typeof members)[number]) => {
          member.looks = member.seen === members.length ? member.looks + 1 : 0;
          member.seen = members.length;
          const all = Array.from({ length: queues }, (_, queue) => queue);
          const free = all.filter((queue) => !isHeld(queue));
          const isSettled = member.looks >= 3;
          return queueMove({ queues, members: members.length, isSettled, mine: [...member.mine], free }, random);
        };
        for (let change = 0; change < 4; change += 1) {
          if (members.length > 1 && random.next() < 0.4)
            members.splice(randomInteger(random, 0, members.length - 1), 1);
          else members.push({ mine: new Set(), seen: 0, looks: 0 });
          for (let round = 0; round < 60; round += 1) {
            // All look before any of them moves, which is the worst that can be.
            const moves = members.map((member) => ({ member, ...look(member) }));
            for (const { member, take, leave } of moves) {
              for (const queue of leave) member.mine.delete(queue);
              // The server lets the first of two have it.
              for (const queue of take) if (!isHeld(queue)) member.mine.add(queue);
            }
          }
          for (let queue = 0; queue < queues; queue += 1) assert.ok(isHeld(queue), `queue ${queue}`);
          const shares = members.map(({ mine }) => mine.size);
          const most = Math.ceil(queues / members.length);
          assert.ok(
            Math.max(...shares) <= most && Math.min(...shares) >= Math.floor(queues / members.length),
            `${shares}`,
          );
        }
      }),
      { numRuns: 100 },
    );
  });
});
