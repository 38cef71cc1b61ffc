import type { Schema } from '@dure/core';
import { event } from './event.ts';

declare const schema: Schema<{ orderId: string; total: number }>;
const key = ({ orderId }: { orderId: string }) => orderId;

event('a', { schema, key });
event('a', { version: 1, schema, key });
event('a', { version: 2, schema, key, upcast: { 1: ({ id }: { id: string }) => ({ orderId: id, total: 0 }) } });
event('a', {
  version: 3,
  schema,
  key,
  upcast: {
    1: ({ id }: { id: string }) => ({ orderId: id }),
    2: ({ orderId }: { orderId: string }) => ({ orderId, total: 0 }),
  },
});

// @ts-expect-error A second version says how the first becomes it.
event('a', { version: 2, schema, key });
// @ts-expect-error Every version before needs its step.
event('a', { version: 3, schema, key, upcast: { 1: ({ id }: { id: string }) => ({ orderId: id, total: 0 }) } });
// @ts-expect-error The last step gives what the schema takes.
event('a', { version: 2, schema, key, upcast: { 1: ({ id }: { id: string }) => ({ orderId: id }) } });
event('a', {
  version: 3,
  schema,
  key,
  upcast: {
    // @ts-expect-error Each step gives what the next one takes.
    1: ({ id }: { id: string }) => ({ orderIdentity: id }),
    2: ({ orderId }: { orderId: string }) => ({ orderId, total: 0 }),
  },
});
// @ts-expect-error The first version comes from nowhere.
event('a', { schema, key, upcast: { 1: ({ id }: { id: string }) => ({ orderId: id, total: 0 }) } });
