import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeExit, lastWords } from './crash-reason.ts';

const uncaught = `/shop/order/service.ts:12
  throw new TypeError('tables is not iterable');
        ^

TypeError: tables is not iterable
    at start (/shop/order/service.ts:12:9)
    at process.processTicksAndRejections (node:internal/process/task_queues:104:5) {
  code: 'X'
}

Node.js v24.21.0
`;

test('the reason of a crash is the uncaught error, not its stack', () => {
  const words = lastWords();
  words.hear(uncaught, 'stderr');
  words.hear('{"level":50,"msg":"something else"}\n', 'stdout');
  assert.equal(words.reason, 'TypeError: tables is not iterable');
  assert.equal(
    describeExit({ code: 1, signal: null, lastError: words.reason }),
    'exit code 1: TypeError: tables is not iterable',
  );
});

test('without one it is the last error that was logged', () => {
  const words = lastWords();
  words.hear(
    '{"level":30,"msg":"started"}\nplain text\n{"level":50,"code":"POSTGRES_CONNECT_FAILED","msg":"no database","err":{"message":"refused"}}\n',
    'stdout',
  );
  words.hear('(node:1) Warning: something\n', 'stderr');
  assert.equal(words.reason, 'POSTGRES_CONNECT_FAILED: no database: refused');
});

test('running out of memory is recognised', () => {
  const words = lastWords();
  words.hear(
    '<--- Last few GCs --->\nFATAL ERROR: Reached heap limit Allocation failed\n 1: 0xb0 node::Abort()\n',
    'stderr',
  );
  assert.match(words.reason ?? '', /^FATAL ERROR: Reached heap limit/);
});

test('a process that said nothing is described by its signal', () => {
  assert.equal(describeExit({ code: null, signal: 'SIGKILL', lastError: lastWords().reason }), 'killed by SIGKILL');
});
