import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { flag } from '@dure/flags';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import { serviceParts } from '../testing/service-parts.ts';
import { testConfig } from '../testing/test-config.ts';
import { service } from './service.ts';
import { startService } from './start-service.ts';

const express = flag('expressDelivery', { default: false });
const shop = contract('shop', {
  read: get('/read', {
    output: z.object({ percent: z.number(), started: z.number(), express: z.boolean() }),
    access: 'public',
  }),
  wait: get('/wait', { output: z.object({}), access: 'public' }),
});

/** A service that shows its configuration, and one call that waits until the test lets it go. */
async function running(values = {}) {
  let letGo = () => {};
  const waiting = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const definition = service({
    contract: shop,
    config: z.object({ percent: z.number().max(100).default(0) }),
    flags: [express],
    start: ({ config, live, flags, log }) => ({
      read: async (_input, call) => {
        log.debug('read');
        return { percent: live.current.percent, started: config.percent, express: flags.isOn(express, call) };
      },
      wait: async () => waiting.then(() => ({})),
    }),
  });
  const telemetry = memoryTelemetry({ service: 'shop' });
  const config = testConfig(definition, values);
  const started = await startService(definition, serviceParts({ ...config, telemetry }));
  const api = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${started.port}${path}`);
    return { status: response.status, body: await response.json() };
  };
  const actuator = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${started.managementPort}/actuator/${path}`, {
      method,
      headers: { authorization: 'Bearer anybody', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return { config, telemetry, api, actuator, letGo, [Symbol.asyncDispose]: () => started.close() };
}

test('a handler reads the configuration of its moment and the flags of its call, and `config` stays that of the start', async () => {
  await using shopping = await running({ percent: 5 });
  assert.deepEqual((await shopping.api('/read')).body, { percent: 5, started: 5, express: false });
  shopping.config.change({ percent: 10, 'dure.flags': { expressDelivery: { value: true } } });
  assert.deepEqual((await shopping.api('/read')).body, { percent: 10, started: 5, express: true });
  assert.throws(
    () => shopping.config.change({ percent: 101, 'dure.flags': { expressDelivery: { value: false } } }),
    (error) => codeOf(error) === 'SERVICE_INPUT_INVALID',
  );
  assert.deepEqual((await shopping.api('/read')).body, { percent: 10, started: 5, express: true });
  const counted = shopping.telemetry.metrics.prometheus();
  assert.match(counted, /dure_flag_evaluations_total\{flag="expressDelivery",reason="STATIC",variant="true"\} 2/);
  assert.equal((await shopping.actuator('GET', 'flags/expressDelivery')).body.decision.reason, 'STATIC');
});

test('a log level changes while it writes: by the configuration, and by an operator above it', async () => {
  await using shopping = await running({ 'dure.log': { level: 'info' } });
  const heard = async () => {
    const before = shopping.telemetry.logs.length;
    await shopping.api('/read');
    return shopping.telemetry.logs.slice(before).filter(({ message }) => message === 'read').length;
  };
  assert.equal(await heard(), 0);
  shopping.config.change({ 'dure.log': { levels: { shop: 'debug' } } });
  assert.equal(await heard(), 1);
  shopping.config.change({ 'logging.level': { root: 'DEBUG', shop: 'WARN' }, 'dure.log': { level: 'error' } });
  assert.equal(await heard(), 0);
  assert.deepEqual((await shopping.actuator('GET', 'loggers')).body, {
    levels: ['OFF', 'ERROR', 'WARN', 'INFO', 'DEBUG'],
    loggers: {
      ROOT: { configuredLevel: 'ERROR', effectiveLevel: 'ERROR' },
      shop: { configuredLevel: 'WARN', effectiveLevel: 'WARN' },
    },
    groups: {},
  });
  assert.equal((await shopping.actuator('POST', 'loggers/shop', { configuredLevel: 'TRACE' })).status, 204);
  assert.equal(await heard(), 1);
  assert.equal((await shopping.actuator('GET', 'loggers/shop')).body.effectiveLevel, 'DEBUG');
  assert.equal((await shopping.actuator('POST', 'loggers/shop', { configuredLevel: null })).status, 204);
  assert.equal(await heard(), 0);
  assert.equal((await shopping.actuator('POST', 'loggers/shop', { configuredLevel: 'LOUD' })).status, 400);
  assert.equal((await shopping.actuator('POST', 'loggers/nobody', { configuredLevel: 'INFO' })).status, 404);
});

test('an admission limit changes under load: the call inside ends, the next one is refused, and then there is room again', async () => {
  await using shopping = await running();
  const inside = shopping.api('/wait');
  const limit = async () => {
    const text = shopping.telemetry.metrics.prometheus();
    return Number(/^dure_admission_limit (\d+)/m.exec(text)?.[1]);
  };
  while (!/^dure_admission_running 1/m.test(shopping.telemetry.metrics.prometheus()))
    await shopping.actuator('GET', 'info');
  shopping.config.change({ 'dure.admission': { least: 1, most: 1 } });
  assert.equal(await limit(), 1);
  const refused = await shopping.api('/read');
  assert.deepEqual([refused.status, refused.body.code], [503, 'RESILIENCE_OVERLOADED']);
  shopping.config.change({ 'dure.admission': { least: 50 } });
  assert.equal((await shopping.api('/read')).status, 200);
  assert.throws(() => shopping.config.change({ 'dure.admission': { most: 5 } }), /`least`, which is 20/);
  shopping.letGo();
  assert.equal((await inside).status, 200);
});
