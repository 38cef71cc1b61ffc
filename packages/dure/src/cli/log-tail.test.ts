import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LogTail, lastEntries, logFiles } from './log-tail.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-tail-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, 'order.log');
const line = (number: number) => `{"level":30,"time":${number},"service":"order","msg":"${number}"}\n`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index)).join('');

test('the last lines are found across rotated files, those that fit only', async () => {
  await writeFile(`${path}.2`, lines(1, 10));
  await writeFile(`${path}.1`, lines(11, 20));
  await writeFile(path, lines(21, 25));
  const last = await lastEntries(path, 8, () => true);
  assert.deepEqual(
    last.map(({ at }) => at),
    [18, 19, 20, 21, 22, 23, 24, 25],
  );
  const even = await lastEntries(path, 100, ({ at }) => (at ?? 1) % 2 === 0);
  assert.equal(even.length, 12);
  assert.deepEqual(await logFiles(folder), [path]);
});

test('a line without a time stays behind the line before it', async () => {
  const other = join(folder, 'stack.log');
  await writeFile(other, `${line(7)}    at start\n`);
  assert.deepEqual(
    (await lastEntries(other, 10, () => true)).map(({ at }) => at),
    [7, 7],
  );
});

test('a log is followed over half lines and rotations', async () => {
  const tail = await LogTail.atEnd(path);
  const next = async () => (await tail.next()).map(({ at }) => at);
  assert.deepEqual(await next(), []);
  await appendFile(path, `${line(26)}{"time":27,`);
  assert.deepEqual(await next(), [26]);
  await appendFile(path, `"msg":"27"}\n${line(28)}`);
  await rename(path, `${path}.1`);
  await writeFile(path, line(29));
  assert.deepEqual(await next(), [27, 28, 29]);
  await tail.close();
});
