import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '@dure/core';
import { levelBook } from './log-levels.ts';
import { logSection, springLogSection } from './log-section.ts';
import { memoryTelemetry } from './testing/memory-telemetry.ts';

test('a part has its own level, else that of its service, else that of the root, else the first', () => {
  const levels = levelBook('order', 'info');
  const part = levels.thresholdOf('pricing');
  const seen = () => [levels.effective('pricing'), levels.effective('order'), part.number];
  assert.deepEqual(seen(), ['info', 'info', 30]);
  levels.configure({ level: 'error', levels: {} });
  assert.deepEqual(seen(), ['error', 'error', 50]);
  levels.configure({ level: 'error', levels: { order: 'warn' } });
  assert.deepEqual(seen(), ['warn', 'warn', 40]);
  levels.configure({ level: 'error', levels: { order: 'warn', pricing: 'debug' } });
  assert.deepEqual(seen(), ['debug', 'warn', 20]);
  levels.configure({ levels: {} });
  assert.deepEqual(seen(), ['info', 'info', 30]);
});

test('what an operator sets stands above the configuration until it is taken back', () => {
  const levels = levelBook('order', 'info');
  levels.set('order', 'debug');
  levels.configure({ level: 'warn', levels: { order: 'error' } });
  assert.deepEqual([levels.effective('order'), levels.configured('order')], ['debug', 'debug']);
  levels.set('order', undefined);
  assert.equal(levels.effective('order'), 'error');
  levels.set('ROOT', 'off');
  assert.deepEqual(
    [levels.effective('ROOT'), levels.effective('order'), levels.configured('x')],
    ['off', 'error', undefined],
  );
});

test('a logger heeds a change with its next line, and a part says its name', () => {
  const telemetry = memoryTelemetry({ service: 'order' });
  const pricing = telemetry.logger('pricing');
  telemetry.levels.configure({ level: 'warn', levels: { pricing: 'debug' } });
  telemetry.log.info('unheard');
  pricing.debug('heard', { discount: 5 });
  telemetry.levels.configure({ levels: { pricing: 'off' } });
  pricing.error('unheard');
  telemetry.log.debug('heard again');
  assert.deepEqual(
    telemetry.logs.map(({ message, fields }) => [message, fields]),
    [
      ['heard', { logger: 'pricing', discount: 5 }],
      ['heard again', {}],
    ],
  );
});

test('loggers beyond measure share the level of their service', () => {
  const levels = levelBook('order', 'info');
  for (let count = 0; count < 500; count += 1) levels.thresholdOf(`part-${count}`);
  assert.equal(levels.names.length, 200);
  assert.equal(levels.thresholdOf('part-499'), levels.thresholdOf('order'));
});

test('the sections read our names and Spring Boot’s, and refuse what is no level', () => {
  const read = check(logSection.schema, { level: 'WARN', levels: { order: 'trace', user: false } }, 'dure.log');
  assert.deepEqual(read, { ok: true, value: { level: 'warn', levels: { order: 'debug', user: 'off' } } });
  const spring = { root: 'INFO', order: 'FATAL', org: { springframework: { web: 'DEBUG' } } };
  assert.deepEqual(check(springLogSection.schema, spring), {
    ok: true,
    value: { level: 'info', levels: { order: 'error' } },
  });
  const bad = check(logSection.schema, { level: 'loud', levels: { order: 'quiet' } }, 'dure.log');
  assert.deepEqual(bad.ok ? [] : bad.errors.map(({ path }) => path), ['dure.log.level', 'dure.log.levels.order']);
});
