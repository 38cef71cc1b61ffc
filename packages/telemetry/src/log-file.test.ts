import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLogFile } from './log-file.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-log-'));
after(() => rm(folder, { recursive: true }));

test('a full log is moved aside between two lines, and only so many are kept', async () => {
  const path = join(folder, 'order.log');
  const log = await openLogFile(path, { maxBytes: 100, keep: 2 });
  for (let line = 0; line < 40; line += 1) await log.write(`line ${String(line).padStart(3, '0')}\n`);
  await log.close();
  const names = (await readdir(folder)).filter((name) => name.startsWith('order')).sort();
  assert.deepEqual(names, ['order.log', 'order.log.1', 'order.log.2']);
  const text = (
    await Promise.all(['order.log.2', 'order.log.1', 'order.log'].map((name) => readFile(join(folder, name), 'utf8')))
  ).join('');
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.at(-1), 'line 039');
  assert.ok(lines.every((line, index) => line === `line ${String(40 - lines.length + index).padStart(3, '0')}`));
  for (const name of names) assert.ok((await stat(join(folder, name))).size <= 100);
});

test('several writers of one log lose no line when one of them moves it aside', async () => {
  const path = join(folder, 'access.log');
  const options = { maxBytes: 2_000, keep: 20 };
  const writers = await Promise.all([openLogFile(path, options), openLogFile(path, options)]);
  const expected: string[] = [];
  for (let line = 0; line < 600; line += 1) {
    const text = `line ${String(line).padStart(3, '0')}`;
    expected.push(text);
    await writers[line % 2]?.write(`${text}\n`);
  }
  await Promise.all(writers.map((writer) => writer.close()));
  const names = (await readdir(folder)).filter((name) => name.startsWith('access'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  assert.deepEqual(texts.join('').trimEnd().split('\n').sort(), expected);
  assert.ok(names.length >= 3 && texts.every(({ length }) => length <= 2_000), names.join(' '));
});

test('writes without waiting stay in order, and an old log is continued', async () => {
  const path = join(folder, 'product.log');
  const first = await openLogFile(path);
  for (let line = 0; line < 100; line += 1) void first.write(`${line}\n`);
  await first.close();
  const second = await openLogFile(path);
  await second.write('100\n');
  await second.close();
  assert.deepEqual(
    (await readFile(path, 'utf8')).trimEnd().split('\n'),
    Array.from({ length: 101 }, (_, line) => String(line)),
  );
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('what is written after closing is lost without harm', async () => {
  const log = await openLogFile(join(folder, 'late.log'));
  await log.close();
  await log.write('too late\n');
  await log.close();
});
