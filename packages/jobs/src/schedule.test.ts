import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { job } from './job.ts';
import { periodsOf } from './schedule.ts';

const at = (text: string) => Date.parse(text);

test('a schedule is meant in its time zone', () => {
  const seoul = periodsOf('j', { cron: '15 3 * * *', zone: 'Asia/Seoul' });
  assert.equal(seoul.next(at('2026-03-01T00:00:00Z')), at('2026-03-01T18:15:00Z'));
  const utc = periodsOf('j', { cron: '15 3 * * *' });
  assert.equal(utc.next(at('2026-03-01T00:00:00Z')), at('2026-03-01T03:15:00Z'));
});

test('a day of daylight saving has its one run, though the hour is missing or comes twice', () => {
  const { next } = periodsOf('j', { cron: '30 2 * * *', zone: 'Europe/Berlin' });
  let moment = at('2026-03-27T12:00:00Z');
  const spring = [0, 1, 2].map(() => (moment = next(moment) ?? 0));
  assert.deepEqual(new Set(spring.map((one) => new Date(one).getUTCDate())).size, 3);
  moment = at('2026-10-24T12:00:00Z');
  const autumn = [0, 1].map(() => (moment = next(moment) ?? 0));
  assert.ok((autumn[1] ?? 0) - (autumn[0] ?? 0) > 20 * 3_600_000);
});

test('of many moments that were missed, the latest is found', () => {
  const { latest } = periodsOf('j', { cron: '* * * * * *' });
  assert.equal(latest(at('2026-01-01T00:00:00Z'), at('2026-06-01T00:00:00.500Z')), at('2026-06-01T00:00:00Z'));
  const yearly = periodsOf('j', { cron: '0 0 1 1 *' });
  assert.equal(yearly.latest(at('2020-05-01T00:00:00Z'), at('2026-06-01T00:00:00Z')), at('2026-01-01T00:00:00Z'));
});

test('where none has come since the last, there is none', () => {
  const { latest } = periodsOf('j', { cron: '0 * * * *' });
  assert.equal(latest(at('2026-01-01T05:00:00Z'), at('2026-01-01T05:59:59Z')), undefined);
  assert.equal(latest(at('2026-01-01T05:00:00Z'), at('2026-01-01T06:00:00Z')), at('2026-01-01T06:00:00Z'));
});

test('a schedule that cannot be read is told of where the job is defined', () => {
  for (const schedule of [{ cron: 'now and then' }, { cron: '0 0 * * *', zone: 'Asia/Seoull' }, { cron: '61 * * * *' }])
    assert.throws(
      () => job('rebuild', { schedule, run: async () => ({ done: null }) }),
      (error) => codeOf(error) === 'JOBS_SCHEDULE_INVALID' && /"rebuild"/.test(String(error)),
    );
});
