import { contract, get, post, put, remove } from '@dure/service/contract';
import { service, startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { z } from 'zod';
import type { GatewayOptions } from '../gateway/gateway-options.ts';
import { openGateway } from './open-gateway.ts';
import type { OpenProxy } from './open-proxy.ts';
import { localInstance } from './open-proxy.ts';

const output = z.looseObject({});
const params = z.object({ id: z.string().regex(/^[a-z]+%?$/) });
const line = z.object({ sku: z.string().min(1), quantity: z.int().min(1) });

/** Operations that are particular about their input, in each of its parts. */
export const lists = contract('lists', {
  find: get('/lists', {
    query: z.object({ q: z.string().min(2), page: z.coerce.number().optional() }),
    output,
    access: 'public',
  }),
  read: get('/lists/:id', { params, output, access: 'public' }),
  add: post('/lists', { body: z.object({ lines: z.array(line).min(1) }), output, access: 'public' }),
  order: post('/orders', { body: line, output, access: 'public', idempotent: 'key' }),
  secret: post('/secrets', {
    body: z.object({ pin: z.literal('1234') }),
    output,
    access: 'public',
    sensitive: ['body.pin'],
  }),
  change: put('/lists/:id', {
    params,
    query: z.object({ now: z.enum(['0', '1']) }),
    body: line,
    output,
    access: 'public',
  }),
  drop: remove('/lists/:id', { params, access: 'public' }),
  mine: post('/mine', { body: line, output, access: 'user' }),
});

/** A request as both are asked it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back, without what is never the same twice. */
export interface Said {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** A service, and a gateway before it. */
export interface ValidatedService extends AsyncDisposable {
  readonly gateway: OpenProxy;
  direct(asked: Asked): Promise<Said>;
  /** Also whether an instance was asked. */
  byGateway(asked: Asked): Promise<Said & { readonly reached: boolean }>;
}

/** Starts the service of `lists`, which answers every call with its input, and a gateway with the settings of a test. */
export async function validatedService(options: Partial<GatewayOptions>): Promise<ValidatedService> {
  const echo = async (input: unknown) => ({ input });
  const handlers = { find: echo, read: echo, add: echo, order: echo, secret: echo, change: echo, mine: echo };
  const running = await startService(
    service({ contract: lists, start: () => ({ ...handlers, drop: async () => {} }) }),
    serviceParts(),
  );
  const gateway = await openGateway({ exposes: [lists], ...options });
  gateway.instances.set('lists', [localInstance('lists', running.port)]);
  return {
    gateway,
    direct: async (asked) => said(await ask(`http://127.0.0.1:${running.port}`, asked)),
    async byGateway(asked) {
      const answer = await ask(gateway.origin, asked);
      const id = answer.headers.get('dure-request-id') ?? '';
      return { ...(await said(answer)), reached: await wasReached(gateway, id) };
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await running.close();
    },
  };
}

function ask(origin: string, { method, path, headers = {}, body }: Asked): Promise<Response> {
  return fetch(origin + path, { method, headers, ...(body === undefined ? {} : { body }) });
}

async function said(answer: Response): Promise<Said> {
  const text = await answer.text();
  const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>);
  if (body !== undefined) delete body.traceId;
  return { status: answer.status, type: answer.headers.get('content-type'), body };
}

async function wasReached({ endpoint }: OpenProxy, id: string): Promise<boolean> {
  const told = await endpoint.handle({ method: 'GET', path: ['requests', id], query: {}, body: undefined });
  return JSON.stringify(told.body ?? '').includes('"what":"attempt"');
}
