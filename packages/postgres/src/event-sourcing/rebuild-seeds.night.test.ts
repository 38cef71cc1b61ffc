import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, systemRandom } from '@dure/core';
import type { Rebuilt } from '../fixtures/rebuild-seed.ts';
import { rebuildUnderLoad } from '../fixtures/rebuild-seed.ts';

const first = Number(process.env.SEED ?? randomInteger(systemRandom, 1, 2 ** 30));
const seeds = Number(process.env.SEEDS ?? 100);

test(`${seeds} rebuilds under appends, whose sessions are ended, come to what a replay comes to`, async (context) => {
  const all: Rebuilt[] = [];
  for (let seed = first; seed < first + seeds; seed += 1) all.push(await rebuildUnderLoad(seed));
  const sum = (pick: (one: Rebuilt) => number) => all.reduce((total, one) => total + pick(one), 0);
  const report = {
    first,
    seeds: all.length,
    events: sum(({ events }) => events),
    written: sum(({ written }) => written),
    reads: sum(({ reads }) => reads),
    killed: sum(({ killed }) => killed),
    begunAgain: sum(({ begunAgain }) => begunAgain),
  };
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.killed > seeds && report.begunAgain > 0, JSON.stringify(report));
});
