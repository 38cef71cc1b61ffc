import assert from 'node:assert/strict';
import { test } from 'node:test';
import official from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' };
import { event } from '@dure/messaging';
import { command, contract, get } from '@dure/service/contract';
import type { ServiceDefinition } from '@dure/service/server';
import { on, service } from '@dure/service/server';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { asyncApiEndpoint } from '../host/async-api-endpoint.ts';
import type { AsyncApiOptions } from './async-api.ts';
import { asyncApi } from './async-api.ts';

interface Branch {
  readonly label: string;
  readonly branches: readonly Branch[];
}
const Branch: z.ZodType<Branch> = z.object({
  label: z.string(),
  get branches() {
    return z.array(Branch);
  },
});

const Order = z.object({ orderId: z.uuid(), at: z.tuple([z.number(), z.number()]), count: z.int().default(1) });
const key = ({ orderId }: { readonly orderId: string }) => orderId;
const placed = event('order.placed', { schema: Order, key });
const grown = event('depot.grown', { schema: Branch, key: ({ label }) => label });
const inventory = contract('inventory', {
  reserve: command({
    input: Order,
    output: z.object({ left: z.int() }),
    refuses: { OutOfStock: { status: 409, data: z.object({ sku: z.string() }) } },
    key,
  }),
});
const order = contract(
  'order',
  { list: get('/orders', { access: 'user' }), cancel: command({ input: z.object({ orderId: z.uuid() }), key }) },
  { emits: [placed] },
);

const definition: ServiceDefinition = {
  ...service({ contract: order, metadata: { version: '7' }, start: () => ({}) as never }),
  reactions: [on(grown, async () => undefined), on(placed, async () => undefined)],
  sagas: [{ kind: 'saga', name: 'place', version: 1, shape: '', sends: [inventory.commands.reserve], waits: [] }],
};

const document = (broker?: string, more: Partial<AsyncApiOptions> = {}) =>
  asyncApi(definition, { system: 'shop', broker, ...more }) as {
    readonly channels: Readonly<Record<string, { readonly address: string | null; readonly messages: object }>>;
    readonly operations: Readonly<
      Record<string, { readonly action: string; readonly channel: { readonly $ref: string } }>
    >;
    readonly components: {
      readonly messages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
  };

/** Judges by the official schema of the specification, with those of all its bindings. */
const ajv = new Ajv({ strict: false, validateFormats: false });
const judge = ajv.compile(official);

/** Every reference of a document leads to something in it. */
function danglingIn(value: unknown, root: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => danglingIn(one, root));
  if (typeof value !== 'object' || value === null) return [];
  const { $ref } = value as { readonly $ref?: unknown };
  if (typeof $ref !== 'string') return Object.values(value).flatMap((one) => danglingIn(one, root));
  const found = $ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], root);
  return found === undefined ? [$ref] : [];
}

for (const broker of [undefined, 'feed', 'kafka', 'rabbitmq', 'nats', 'pigeons']) {
  test(`the document for ${broker ?? 'the feeds'} is AsyncAPI 3.0`, () => {
    const written = document(broker);
    assert.ok(judge(written), JSON.stringify(judge.errors?.slice(0, 3)));
    assert.deepEqual(danglingIn(written, written), []);
    assert.deepEqual(JSON.parse(JSON.stringify(written)), written);
  });
}

test('the schema that judges it refuses what is no such document', () => {
  assert.equal(judge({ ...document(), channels: { 'order.events': { adress: 'x' } } }), false);
  assert.equal(judge({ ...document(), operations: { send: { action: 'shout' } } }), false);
});

test('what a service sends and receives are its operations', () => {
  const { operations, channels } = document('kafka');
  assert.deepEqual(
    Object.entries(operations).map(([name, { action, channel }]) => [name, action, channel.$ref]),
    [
      ['receive.depot.grown', 'receive', '#/channels/depot.events'],
      ['receive.order.cancel', 'receive', '#/channels/order.inbox'],
      ['receive.order.placed', 'receive', '#/channels/order.events'],
      ['send.inventory.reserve', 'send', '#/channels/inventory.inbox'],
      ['send.order.placed', 'send', '#/channels/order.events'],
    ],
  );
  assert.deepEqual(
    Object.entries(channels).map(([name, { address }]) => [name, address]),
    [
      ['depot.events', 'shop.depot.events'],
      ['inventory.inbox', 'shop.inventory.inbox'],
      ['order.events', 'shop.order.events'],
      ['order.inbox', 'shop.order.inbox'],
      ['replies', null],
    ],
  );
  const elsewhere = document('kafka', { emitterOf: (name) => (name === 'depot.grown' ? 'garden' : undefined) });
  assert.ok('garden.events' in elsewhere.channels && !('depot.events' in elsewhere.channels));
});

test('with a broker the envelope is in the headers, with the feeds it is the body', () => {
  const { payload, headers, bindings } = document('kafka').components.messages['order.placed'] ?? {};
  assert.deepEqual(payload, { $ref: '#/components/schemas/order.placed' });
  assert.deepEqual(headers, {
    allOf: [
      { $ref: '#/components/schemas/envelope' },
      {
        type: 'object',
        properties: {
          ce_type: { const: 'order.placed' },
          ce_dataschema: { const: 'urn:dure:order.placed:1' },
          ce_durekind: { const: 'event' },
        },
      },
    ],
  });
  assert.deepEqual(bindings, { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } });
  const { contentType } = document().components.messages['order.placed'] ?? {};
  assert.equal(contentType, 'application/cloudevents+json');
});

test('a payload is judged by its schema as a message of it is', () => {
  const written = document('nats');
  const judged = (name: string) => ajv.compile({ ...written, $ref: `#/components/schemas/${name}` });
  const sent = { orderId: '01900000-0000-7000-8000-00000000000a', at: [1, 2], count: 1 };
  assert.ok(judged('order.placed')(sent));
  assert.ok(!judged('order.placed')({ ...sent, at: [1, 2, 3] }), 'a pair has two');
  assert.ok(judged('depot.grown')({ label: 'a', branches: [{ label: 'b', branches: [] }] }));
  assert.ok(!judged('depot.grown')({ label: 'a', branches: [{ label: 1, branches: [] }] }), 'at any depth');
  const reply = judged('inventory.reserve.reply');
  assert.ok(reply({ ok: true, value: { left: 1 } }));
  assert.ok(reply({ ok: false, refusal: { code: 'OutOfStock', data: { sku: 'tea' } } }));
  assert.ok(!reply({ ok: false, refusal: { code: 'Unheard', data: {} } }));
});

test('a service tells its document at its management port', async () => {
  const endpoint = asyncApiEndpoint(definition, { run: { system: 'shop' } as never, broker: undefined });
  const request = { method: 'GET', path: [], query: new URLSearchParams(), headers: {}, body: undefined } as never;
  assert.equal(endpoint.id, 'asyncapi');
  assert.deepEqual(await endpoint.handle(request), { status: 200, body: document() });
});
