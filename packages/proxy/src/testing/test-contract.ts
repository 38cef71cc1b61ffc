import { contract, get, post, put, remove } from '@dure/service/contract';
import { z } from 'zod';

const any = z.looseObject({});
const params = z.object({ id: z.string() });

/** One operation of each kind that the edge treats differently. */
export const things = contract('things', {
  readThing: get('/things/:id', { params, output: any, access: 'public', timeoutMs: 400 }),
  listMine: get('/mine', { output: any, access: 'user' }),
  followThing: get('/things/:id/events', { params, output: any, access: 'public', stream: true, timeoutMs: 400 }),
  makeThing: post('/things', { body: any, output: any, access: 'user', timeoutMs: 400 }),
  orderThing: post('/orders', { body: any, output: any, access: 'public', idempotent: 'key', timeoutMs: 400 }),
  putThing: put('/things/:id', { params, body: any, output: any, access: 'public' }),
  dropThing: remove('/things/:id', { params, access: { role: 'admin' } }),
  signIn: post('/sign-in', { body: any, output: z.object({ token: z.string() }), access: 'public' }),
  internal: post('/internal', { body: any, access: 'service' }),
  scoped: get('/scoped', { output: any, access: { scope: 'things:read' } }),
});
