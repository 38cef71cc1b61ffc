import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { staticInstances } from '@dure/balancer';
import { fakeClock } from '@dure/core/testing';
import type { HttpOperation } from '@dure/service/contract';
import { silentTelemetry } from '@dure/telemetry';
import { localInstance } from '../testing/open-proxy.ts';
import { things } from '../testing/test-contract.ts';
import { followDeployed } from './deployed-operations.ts';

const { readThing, putThing } = things.operations;

/** Instances of `things` by port, each with the operations that a test gives it, or without an answer. */
function following(answers: Map<number, readonly HttpOperation[] | 'silent'>) {
  const clock = fakeClock();
  const instances = staticInstances();
  const heard: string[][] = [];
  const asked: number[] = [];
  const ask = async ({ port }: { readonly port: number }) => {
    asked.push(port);
    const answer = answers.get(port);
    if (answer === undefined || answer === 'silent') throw new TypeError('no answer');
    return answer;
  };
  const options = { services: ['things'], instances, ask, clock, log: silentTelemetry().log };
  const { close } = followDeployed(options, (operations) => heard.push(operations.map(({ name }) => name)));
  const up = async (...ports: readonly number[]) => {
    instances.set(
      'things',
      ports.map((port) => localInstance('things', port)),
    );
    await setImmediate();
  };
  return { clock, heard, asked, up, close };
}

test('an operation counts once every instance has it, and no more when none has', async () => {
  const answers = new Map([
    [1, [readThing]],
    [2, [readThing, putThing]],
    [3, [readThing, putThing]],
  ]);
  const { heard, up, asked } = following(answers);
  await up(1);
  await up(1, 2);
  await up(2, 3);
  await up(1);
  assert.deepEqual(heard, [['readThing'], ['readThing', 'putThing'], ['readThing']]);
  assert.deepEqual(asked, [1, 2, 3, 1], 'each is asked once while it is there');
});

test('while an instance has not told its operations, and while there is none, what was known stays', async () => {
  const answers = new Map<number, readonly HttpOperation[] | 'silent'>([
    [1, [readThing]],
    [2, 'silent'],
  ]);
  const { clock, heard, up, asked } = following(answers);
  await up(1);
  await up();
  await up(1, 2);
  assert.deepEqual(heard, [['readThing']]);
  answers.set(2, [putThing]);
  await clock.advance(2_000);
  await setImmediate();
  assert.deepEqual(heard, [['readThing'], []]);
  assert.deepEqual(asked, [1, 1, 2, 2]);
});

test('an instance that never tells has no operations of its own after five tries', async () => {
  const { clock, heard, up, asked } = following(new Map([[1, 'silent']]));
  await up(1);
  for (let round = 0; round < 8; round += 1) {
    await clock.advance(2_000);
    await setImmediate();
  }
  assert.equal(asked.length, 5);
  assert.deepEqual(heard, [[]]);
});

test('routes that cannot be used are told and change nothing, and a closed follower asks nobody', async () => {
  const clock = fakeClock();
  const instances = staticInstances();
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return [readThing];
  };
  const { close } = followDeployed({ services: ['things'], instances, ask, clock, log: silentTelemetry().log }, () => {
    throw new TypeError('a conflict');
  });
  instances.set('things', [localInstance('things', 1)]);
  await setImmediate();
  close();
  instances.set('things', [localInstance('things', 2)]);
  await setImmediate();
  assert.equal(asked, 1);
});
