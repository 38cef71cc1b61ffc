import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import type { CommandSpec } from './command-line.ts';
import { findCommand, readCommandLine } from './command-line.ts';

const text = { en: '', ko: '' };
const logs: CommandSpec = {
  name: 'logs',
  positional: '[service]',
  options: {
    follow: { short: 'f', ...text },
    trace: { value: '<id>', ...text },
    'port-base': { value: '<port>', ...text },
  },
  ...text,
};
const down: CommandSpec = { name: 'down', options: {}, ...text };

function refuses(work: () => unknown, pattern: RegExp): void {
  assert.throws(work, (error) => {
    assert.equal(codeOf(error), 'DURE_USAGE');
    assert.match(messageOf(error), pattern);
    return true;
  });
}

test('switches, values and the argument are read in any order', () => {
  const line = readCommandLine(logs, ['--trace', 'abc', 'order', '-f', '--port-base=0']);
  assert.equal(line.positional, 'order');
  assert.deepEqual([...line.switches], ['follow']);
  assert.deepEqual(
    [...line.values],
    [
      ['trace', 'abc'],
      ['port-base', '0'],
    ],
  );
});

test('what does not fit is refused with what would', () => {
  refuses(() => readCommandLine(logs, ['--folow']), /`dure logs` has no option "--folow"; did you mean `--follow`\?/);
  refuses(() => readCommandLine(logs, ['--colour']), /it has --follow, --trace, --port-base/);
  refuses(() => readCommandLine(logs, ['--trace']), /`--trace` needs a value: `--trace <id>`/);
  refuses(() => readCommandLine(logs, ['--follow=yes']), /`--follow` takes no value, but "yes" was given/);
  refuses(() => readCommandLine(logs, ['order', 'user']), /takes one argument, but "user" was given too/);
  refuses(() => readCommandLine(down, ['shop']), /takes no argument, but "shop" was given too/);
});

test('an unknown command gets the nearest one', () => {
  const commands = [{ spec: logs }, { spec: down }];
  assert.equal(findCommand(commands, 'logs').spec, logs);
  refuses(() => findCommand(commands, 'lgos'), /no command "lgos"; did you mean `dure logs`\?/);
  refuses(() => findCommand(commands, 'deploy'), /no command "deploy"; there are logs, down/);
});
