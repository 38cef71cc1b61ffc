import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outbox } from '@dure/messaging';
import { event, flow } from '@dure/messaging';
import { contract, get } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { on, reaction, service } from '@dure/service/server';
import { z } from 'zod';
import { edge } from '../system.ts';
import { checkContracts } from './contract-check.ts';
import { contractShapes } from './contract-users.ts';

const Sku = z.object({ sku: z.string() });
const ranLow = (schema: z.ZodType<{ sku: string }>) => event('stock.ranLow', { schema, key: ({ sku }) => sku });
const run = async (_data: unknown, _call: unknown, _tx: Outbox) => undefined;

function definitionsWith(schema: z.ZodType<{ sku: string }>, access: 'public' | 'service' = 'public') {
  const happened = ranLow(schema);
  const stock = contract('stock', { list: get('/stock', { output: Sku, access }) }, { emits: [happened] });
  const made = (definition: ServiceDefinition, more: object): ServiceDefinition => ({ ...definition, ...more });
  const plain = (name: string, uses = {}) =>
    service({ contract: contract(name, {}), uses, start: () => ({}) as never });
  const definitions = {
    stock: service({ contract: stock, start: () => ({}) as never }),
    depot: made(plain('depot'), { reactions: [reaction('depot.pack', { flow: 'restocking', when: happened, run })] }),
    mail: made(plain('mail'), { reactions: [on(happened, run)] }),
    watch: made(plain('watch'), { flows: [flow('restocking', { starts: happened, ends: [happened], withinMs: 1 })] }),
    page: plain('page', { shelves: stock }),
  };
  return { definitions, shapes: contractShapes(definitions, edge({ expose: [stock] })) };
}

test('users are those who react, watch, use and reach it from outside', () => {
  const { shapes } = definitionsWith(Sku);
  assert.deepEqual(Object.keys(shapes), ['stock']);
  assert.deepEqual(shapes.stock?.events?.['stock.ranLow']?.users, [
    'depot (reaction depot.pack)',
    'mail',
    'watch (flow restocking)',
  ]);
  assert.deepEqual(shapes.stock?.operations?.list?.users, ['outside', 'page']);
  const inside = definitionsWith(Sku, 'service').shapes;
  assert.deepEqual(inside.stock?.operations?.list?.users, ['page']);
});

test('a break is one line with its place, its users and the next step', () => {
  const before = definitionsWith(Sku).shapes;
  const { breaks, changes } = checkContracts(before, definitionsWith(Sku.extend({ left: z.int() })).shapes);
  assert.deepEqual(changes, ['event "stock.ranLow" of stock']);
  assert.deepEqual(breaks, [
    'event "stock.ranLow" of stock, data.left: is demanded now, and what earlier messages hold may lack it; ' +
      'it breaks depot (reaction depot.pack), mail, watch (flow restocking); ' +
      'raise `version` to 2 and give `upcast: { 1: (old) => … }`, or keep the field as it was',
  ]);
  assert.deepEqual(checkContracts(before, before), { breaks: [], changes: [] });
});

test('a change that breaks nobody is told, and a part that nobody uses yet', () => {
  const before = definitionsWith(Sku).shapes;
  const { breaks, changes } = checkContracts(before, definitionsWith(Sku.extend({ left: z.int().optional() })).shapes);
  assert.deepEqual([breaks, changes], [[], ['event "stock.ranLow" of stock']]);
  const unused = (output: z.ZodType) =>
    contractShapes(
      {
        solo: service({
          contract: contract('solo', { get: get('/', { output, access: 'service' }) }),
          start: () => ({}) as never,
        }),
      },
      edge({ expose: [] }),
    );
  assert.match(
    checkContracts(unused(Sku), unused(z.object({}))).breaks[0] ?? '',
    /; nobody in this system uses it yet; leave it as it is/,
  );
});
