import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, jsonSchemaOf } from '@dure/core';
import { breakerSettings } from './breaker-limits.ts';
import { limitsSchema } from './limits-schema.ts';

function issuesOf(value: unknown): readonly string[] {
  const checked = check(limitsSchema, value);
  return checked.ok ? assert.fail('was accepted') : checked.errors.map(({ path, code }) => `${path} ${code}`);
}

test('limits come out complete: what is not given is undefined, and so takes back what held before', () => {
  const checked = check(limitsSchema, { retry: { attempts: 5 }, circuitBreaker: { windowMs: 5_000 } });
  assert.ok(checked.ok);
  const { retry, timeout, circuitBreaker } = checked.value;
  assert.deepEqual(retry, { attempts: 5, baseMs: undefined, capMs: undefined, longestPauseMs: undefined });
  assert.deepEqual(timeout, { limitMs: undefined });
  assert.equal(circuitBreaker?.windowMs, 5_000);
  assert.equal(breakerSettings({ ...circuitBreaker, failureRatio: 0.3 }).failureRatio, 0.3);
});

test('every wrong value is told at its place, what makes no sense by its code', () => {
  const tooMuch = { attempts: 0 };
  assert.deepEqual(issuesOf({ retry: tooMuch, retryBudget: { ratio: 2 }, timeout: { limitMs: 0 } }), [
    'timeout.limitMs RESILIENCE_OPTION_INVALID',
    'retry.attempts RESILIENCE_OPTION_INVALID',
    'retryBudget.ratio RESILIENCE_OPTION_INVALID',
  ]);
  assert.deepEqual(issuesOf({ circuitBreaker: { window: 10, windowMs: 5_000 } }), [
    'circuitBreaker.windowMs RESILIENCE_OPTION_INVALID',
  ]);
  assert.deepEqual(issuesOf({ retry: { attempts: 2.5, baseMs: '20' } }), [
    'retry.attempts invalid_type',
    'retry.baseMs invalid_type',
  ]);
  assert.deepEqual(issuesOf({ retry: { atempts: 2 }, breaker: {} }), ['breaker unknown', 'retry.atempts unknown']);
  assert.deepEqual(issuesOf({ retry: [] }), ['retry invalid_type']);
  assert.deepEqual(issuesOf('all'), [' invalid_type']);
});

test('its JSON Schema names every limit with its default', () => {
  const { properties } = jsonSchemaOf(limitsSchema, 'input', 'limits') as {
    readonly properties: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>;
  };
  assert.deepEqual(Object.keys(properties), ['timeout', 'retry', 'retryBudget', 'circuitBreaker']);
  assert.deepEqual(properties.retryBudget?.properties.ratio, { type: 'number', default: 0.2 });
  assert.deepEqual(properties.circuitBreaker?.properties.windowMs, { type: 'number' });
});
