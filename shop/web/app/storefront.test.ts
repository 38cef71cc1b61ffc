import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Purchase } from './api.ts';
import { attemptFor, decodeAttempt } from './attempt.ts';
import { bojagi } from './bojagi.ts';
import { addToCart, cartCount, cartTotal, decodeCart, emptyCart, encodeCart, setQuantity } from './cart.ts';
import { consoleUrl, traceUrl } from './console-link.ts';
import { messages } from './messages.ts';
import { partNotes } from './part-notes.ts';

test('a basket holds one line a product and counts every piece', () => {
  const cart = addToCart(addToCart(addToCart(emptyCart, 'tea-green', 1), 'cup-moon', 2), 'tea-green', 2);
  assert.deepEqual(cart.lines, [
    { sku: 'tea-green', quantity: 3 },
    { sku: 'cup-moon', quantity: 2 },
  ]);
  assert.equal(cartCount(cart), 5);
  assert.equal(
    cartTotal(cart, (sku) => (sku === 'tea-green' ? 18_000 : undefined)),
    54_000,
  );
});

test('a line with none left is gone and more than the contract allows is cut off', () => {
  const cart = addToCart(emptyCart, 'tea-green', 150);
  assert.equal(cart.lines[0]?.quantity, 99);
  assert.deepEqual(setQuantity(cart, 'tea-green', 0), emptyCart);
  assert.deepEqual(setQuantity(emptyCart, 'tea-green', -1), emptyCart);
});

test('a basket survives a reload, and nonsense in the storage gives an empty one', () => {
  const cart = addToCart(emptyCart, 'tea-green', 2);
  assert.deepEqual(decodeCart(encodeCart(cart)), cart);
  for (const text of [null, '', '{', '7', '[{"sku":1}]', '[null]']) assert.deepEqual(decodeCart(text), emptyCart);
});

test('a retry of the same purchase keeps its key and another purchase gets its own', () => {
  let made = 0;
  const newKey = () => {
    made += 1;
    return `key ${made}`;
  };
  const purchase: Purchase = {
    lines: [{ sku: 'tea-green', quantity: 1 }],
    payment: { method: 'card' },
    address: { recipient: 'A', street: 'B', city: 'C', postcode: 'D' },
  };
  const first = attemptFor(undefined, purchase, newKey);
  assert.equal(attemptFor(decodeAttempt(JSON.stringify(first)), purchase, newKey).key, 'key 1');
  assert.equal(attemptFor(first, { ...purchase, payment: { method: 'declined-card' } }, newKey).key, 'key 2');
  assert.equal(decodeAttempt('{"key":1}'), undefined);
});

test('an order page says of each part what is absent or out of date, and nothing of what is whole', () => {
  const whole = { status: 'whole' } as const;
  const problem = { type: 'urn:dure:error:SERVICE_PART_TIMEOUT', title: 'late', status: 504 };
  const texts = (parts: Partial<Parameters<typeof partNotes>[0]>) =>
    partNotes({ order: whole, customer: whole, products: whole, ...parts }, messages.en).map(({ text }) => text);
  assert.deepEqual(texts({}), []);
  const both = texts({
    customer: { status: 'absent', problem },
    products: { status: 'partial', absent: 1, of: 3, problem },
  });
  assert.deepEqual(
    both.map((text) => /^Your name|1 of 3 products/.test(text)),
    [true, true],
  );
  assert.match(texts({ products: { status: 'absent', problem } }).join(), /^The product details could not/);
  assert.match(texts({ products: { status: 'fallback', kind: 'last-good', ageS: 130 } }).join(), /2 minutes ago/);
  assert.match(texts({ products: { status: 'fallback', kind: 'value' } }).join(), /as we last saw them/);
});

test('the console is found beside the gateway, on standard ports and on others', () => {
  const origin = { protocol: 'http:', hostname: '127.0.0.1', port: '8080' };
  assert.equal(traceUrl(origin, { traceId: 'abc' }), 'http://127.0.0.1:9411/traces/abc');
  assert.equal(traceUrl({ ...origin, port: '9000' }, { text: 'a b' }), 'http://127.0.0.1:9003/traces?text=a%20b');
  assert.equal(consoleUrl({ ...origin, port: '' }), undefined);
});

test('every product has a cloth of its own that covers the whole square', () => {
  assert.deepEqual(bojagi('tea-green', 5), bojagi('tea-green', 5));
  assert.notDeepEqual(bojagi('tea-green', 5), bojagi('cup-moon', 5));
  for (const name of ['tea-green', 'cup-moon', '갓', '']) {
    const area = bojagi(name, 5).reduce((sum, { width, height }) => sum + width * height, 0);
    assert.equal(area, 10_000, name);
  }
});

test('the shop says everything in both languages', () => {
  assert.deepEqual(paths(messages.ko), paths(messages.en));
  for (const language of [messages.en, messages.ko]) assert.deepEqual(silent(language), []);
});

function paths(texts: object, prefix = ''): readonly string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? paths(value, `${prefix}${key}.`)
      : [`${prefix}${key}:${typeof value}`],
  );
}

function silent(texts: object, prefix = ''): readonly string[] {
  return Object.entries(texts).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null) return silent(value, `${prefix}${key}.`);
    const said: unknown = typeof value === 'function' ? value('1', '2', '3') : value;
    return typeof said === 'string' && said.trim() !== '' ? [] : [`${prefix}${key}`];
  });
}
