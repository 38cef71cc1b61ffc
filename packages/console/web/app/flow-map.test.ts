import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowMap } from './flow-map.ts';
import { serviceColours } from './service-colours.ts';
import { sparkBars } from './spark-bars.ts';

const edge = (from: string, to: string) => ({ from, to, calls: 1, errors: 0 });

test('a caller stands left of what it calls', () => {
  const { nodes, columns, rows } = flowMap(
    ['gateway', 'order', 'inventory', 'payment'],
    [edge('gateway', 'order'), edge('order', 'inventory'), edge('order', 'payment'), edge('gateway', 'inventory')],
  );
  const column = (name: string) => nodes.find(({ service }) => service === name)?.column;
  assert.deepEqual(['gateway', 'order', 'inventory', 'payment'].map(column), [0, 1, 2, 2]);
  assert.deepEqual([columns, rows], [3, 2]);
});

test('services that call each other in a circle are laid out all the same', () => {
  const { nodes } = flowMap([], [edge('gateway', 'order'), edge('order', 'inventory'), edge('inventory', 'order')]);
  assert.deepEqual(
    nodes.map(({ service, column }) => [service, column]),
    [
      ['gateway', 0],
      ['order', 1],
      ['inventory', 2],
    ],
  );
});

test('no two of twelve services share a colour, whatever the order they are named in', () => {
  const names = [
    'user',
    'product',
    'inventory',
    'order',
    'payment',
    'delivery',
    'gateway',
    'registry',
    'config',
    'console',
    'pages',
    'search',
  ];
  const colours = serviceColours(names);
  assert.equal(new Set(colours.values()).size, 12);
  assert.deepEqual(serviceColours([...names].reverse()), colours);
});

test('bars are scaled to the greatest and a single request is still seen', () => {
  assert.deepEqual(
    sparkBars([
      { requests: 100, errors: 50 },
      { requests: 1, errors: 0 },
      { requests: 0, errors: 0 },
    ]),
    [
      { height: 1, failed: 0.5 },
      { height: 0.1, failed: 0 },
      { height: 0, failed: 0 },
    ],
  );
});
