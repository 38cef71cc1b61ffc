import type { Call } from '@dure/core';
import { z } from 'zod';
import type { Bytes } from '../contract/index.ts';
import { bytes, contract, get, put } from '../contract/index.ts';
import type { Client } from './client.ts';

const page = z.object({ items: z.array(z.object({ id: z.int() })), next: z.string().optional(), count: z.int() });
const files = contract('files', {
  list: get('/files', {
    query: z.object({ after: z.string().optional() }),
    output: page,
    access: 'public',
    pages: { cursor: 'after', next: 'next', items: 'items' },
  }),
  keep: put('/file', { body: bytes(), output: bytes({ type: 'image/png' }), access: 'public' }),
});
declare const client: Client<typeof files>;
declare const call: Call;

for await (const { id } of client.list.pages({ query: {} }, call)) id.toFixed();
const kept: Promise<Bytes> = client.keep({ body: new Uint8Array(1) }, call);
void kept;
void client.keep({ body: (async function* () {})() }, call);
// @ts-expect-error a text is not bytes
void client.keep({ body: 'text' }, call);
// @ts-expect-error an operation without `pages` has none to follow
client.keep.pages;
// @ts-expect-error there is no such operation
files.with({ loose: {} });
files.with({ keep: { timeoutMs: 100 } }, { attempts: 1 });

get('/files', {
  query: z.object({ after: z.string().optional() }),
  output: page,
  access: 'public',
  // @ts-expect-error the output has no such list
  pages: { cursor: 'after', next: 'next', items: 'count' },
});
get('/files', {
  query: z.object({ after: z.string().optional() }),
  output: page,
  access: 'public',
  // @ts-expect-error the query has no such field
  pages: { cursor: 'before', next: 'next', items: 'items' },
});
