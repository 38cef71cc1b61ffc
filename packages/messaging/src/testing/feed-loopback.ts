import assert from 'node:assert/strict';
import type { Call, Identity } from '@dure/core';
import { isDureError, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import type { HttpRequest } from '@dure/service/server';
import { endsRoute } from '../feed/ends-route.ts';
import { erasRoute } from '../feed/eras-route.ts';
import type { FeedRouteOptions } from '../feed/feed-route.ts';
import { feedRoute } from '../feed/feed-route.ts';
import type { StreamTransport } from '../feed/transport.ts';
import type { LogTail } from '../log-tail.ts';
import { logTail } from '../log-tail.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { memoryDatabase } from './memory-database.ts';
import { noted } from './sample-contracts.ts';

const clock = systemClock;
export const grants = { other: { events: ['test.noted'], addressed: true }, narrow: { events: [], addressed: false } };
export const other: Identity = { kind: 'service', subject: 'other', roles: [], scopes: [] };

export function producer(): {
  readonly db: MemoryDatabase;
  readonly tail: LogTail;
  readonly options: FeedRouteOptions;
} {
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const tail = logTail({ log: db.log, clock });
  return { db, tail, options: { service: 'test', log: db.log, tail, grants, clock, heartbeatMs: 20 } };
}

export function note(db: MemoryDatabase, ...counts: readonly number[]): Promise<void> {
  return db.uow(testCall(), async (tx) => {
    for (const count of counts) tx.emit(noted, { key: 'k', count });
  });
}

function request(query: string): HttpRequest {
  return {
    method: 'GET',
    url: `/?${query}`,
    params: {},
    query: new URLSearchParams(query),
    headers: {},
    body: new Uint8Array(),
  };
}

export async function ask(
  options: FeedRouteOptions,
  query: string,
  call: Call = testCall({ identity: other }),
  route = feedRoute(options),
) {
  return await route.handle(request(query), call);
}

/** Brings requests to the route without a network; `down` makes it fail, `cut` breaks what is open. */
export function loopback(options: FeedRouteOptions) {
  const network = { down: false, requests: 0, cut: () => {} };
  const transport: StreamTransport = async ({ url, signal }) => {
    network.requests += 1;
    if (network.down) throw new TypeError('connection refused');
    const broken = new AbortController();
    network.cut = () => broken.abort(new TypeError('connection reset'));
    const ended = AbortSignal.any([signal, broken.signal]);
    try {
      const { pathname, search } = new URL(url);
      const routes = [endsRoute(options), erasRoute(options)];
      const route = routes.find(({ path }) => path === pathname) ?? feedRoute(options);
      const { status, body } = await ask(options, search, testCall({ identity: other, signal: ended }), route);
      return {
        status,
        body: failing(typeof body === 'string' ? [body] : (body as AsyncIterable<string>), broken.signal),
      };
    } catch (error) {
      if (!isDureError(error)) throw error;
      const body = (async function* () {
        yield JSON.stringify({ code: error.code, detail: error.message });
      })();
      return { status: error.kind === 'forbidden' ? 403 : 409, body };
    }
  };
  return { network, transport };
}

async function* failing(chunks: AsyncIterable<string> | readonly string[], broken: AbortSignal): AsyncIterable<string> {
  for await (const chunk of chunks) {
    yield chunk;
    broken.throwIfAborted();
  }
  broken.throwIfAborted();
}

/** What the route answers, line by line. */
export async function linesOf(options: FeedRouteOptions, query: string): Promise<readonly unknown[]> {
  const { body } = await ask(options, query);
  let text = '';
  for await (const chunk of body as AsyncIterable<string>) text += chunk;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Polls until a condition holds, for at most two seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const give = clock.monotonicMs() + 2_000;
  while (!(await holds())) {
    assert.ok(clock.monotonicMs() < give, `it did not come true in 2 s that ${what}`);
    await new Promise((resolve) => clock.after(2, () => resolve(undefined)));
  }
}

export const instances = {
  instances: () => [
    { id: 'test:1', service: 'test', host: 'h', port: 1, managementPort: undefined, zone: undefined, metadata: {} },
  ],
  onChange: () => () => {},
};
