import type { Call, Clock } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { messagingErrors } from '../errors.ts';
import type { LogTail } from '../log-tail.ts';
import type { LogPage, MessageFilter, MessageLog } from '../message-log.port.ts';
import { feedMediaType, markLine, messageLine } from './feed-line.ts';
import type { FeedGrant } from './feed-source.port.ts';
import { inEra } from './in-era.ts';
import { filterOf } from './local-feed.ts';
import { refuseAhead } from './refuse-ahead.ts';
import { refuseBelow } from './refuse-below.ts';

export interface FeedRouteOptions {
  /** The service whose log is served. */
  readonly service: string;
  readonly log: MessageLog;
  readonly tail: LogTail;
  /** What each consumer may read, computed from the contracts; whoever is not listed may read nothing. */
  readonly grants: Readonly<Record<string, FeedGrant>>;
  readonly clock: Clock;
  /** How often an idle feed says where it stands, in milliseconds. Default 5 000. */
  readonly heartbeatMs?: number;
}

/** The longest time one answer goes on, in seconds; the consumer then asks again. */
export const longestWaitSeconds = 25;

const pageSize = 500;
const defaultHeartbeatMs = 5_000;

/**
 * Serves a service's log to the services that may read it: `GET /.dure/feed?as=<consumer>&after=<position>&wait=<seconds>`. With
 * `at=<epoch milliseconds>` in place of `after` it is one mark only: where to begin for what was written then or later. `era` is the one
 * that an earlier answer began with.
 * The answer is NDJSON: CloudEvents as they are committed, and marks that let a consumer with a narrow grant move on.
 * MESSAGING_FEED_FORBIDDEN, MESSAGING_FEED_QUERY, MESSAGING_FEED_AHEAD,
 * MESSAGING_FEED_BELOW_FLOOR.
 */
export function feedRoute(options: FeedRouteOptions): HttpRoute {
  return {
    method: 'GET',
    path: '/.dure/feed',
    access: 'service',
    handle: async (request, call) => {
      const consumer = consumerOf(request, call);
      const filter = filterOf(grantOf(consumer, options), consumer);
      if (request.query.has('at'))
        return lines(one(await options.log.before(wholeNumber(request, 'at', 0, Number.MAX_SAFE_INTEGER))));
      const after = wholeNumber(request, 'after', 0, Number.MAX_SAFE_INTEGER);
      const waitMs = wholeNumber(request, 'wait', 0, longestWaitSeconds) * 1_000;
      const era = await refuseAhead({ after, era: eraOf(request) }, consumer, options);
      refuseBelow(await options.log.asked(consumer, after), after, consumer, options.service);
      const body =
        waitMs === 0
          ? present(options.log, { after, era }, filter)
          : live(options, { after, era }, filter, waitMs, call.signal);
      return lines(body);
    },
  };
}

function lines(body: AsyncIterable<string>): HttpResponse {
  return { status: 200, headers: { 'content-type': feedMediaType, 'cache-control': 'no-store' }, body };
}

async function* one(mark: number): AsyncIterable<string> {
  yield markLine(mark);
}

/** Who asks: a service, in its own name. MESSAGING_FEED_FORBIDDEN. */
export function consumerOf(request: HttpRequest, { identity }: Call): string {
  const consumer = request.query.get('as') ?? '';
  if (identity.kind === 'service' && identity.subject === consumer) return consumer;
  throw messagingErrors.FEED_FORBIDDEN(
    `the caller is ${identity.kind} "${identity.subject}" and asked for the feed of "${consumer}"; a service reads its own feed only`,
    { details: { as: consumer, subject: identity.subject } },
  );
}

/** What it may read. MESSAGING_FEED_FORBIDDEN. */
export function grantOf(consumer: string, { grants, service }: FeedRouteOptions): FeedGrant {
  const grant = Object.hasOwn(grants, consumer) ? grants[consumer] : undefined;
  if (grant !== undefined) return grant;
  throw messagingErrors.FEED_FORBIDDEN(
    `"${consumer}" may read nothing of the log of ${service}: no contract says that it reacts to its events or exchanges commands with it`,
    { details: { as: consumer, service } },
  );
}

/** A number of the query. MESSAGING_FEED_QUERY. */
export function wholeNumber(request: HttpRequest, name: string, otherwise: number, most: number): number {
  const text = request.query.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value <= most) return value;
  throw messagingErrors.FEED_QUERY(`"${name}" is "${text}", expected a whole number from 0 to ${most}`, {
    details: { name, value: text },
  });
}

/** The era in which the consumer has read, as the log called it. MESSAGING_FEED_QUERY. */
function eraOf(request: HttpRequest): string | undefined {
  const era = request.query.get('era') ?? undefined;
  if (era === undefined || /^[\w-]{1,64}$/.test(era)) return era;
  throw messagingErrors.FEED_QUERY(`"era" is "${era}", expected what an earlier answer began with`, {
    details: { name: 'era', value: era },
  });
}

/** Where an answer begins, and in which era of the log. */
interface Beginning {
  readonly after: number;
  readonly era: string | undefined;
}

/** What is there, and nothing more. */
async function* present(
  log: MessageLog,
  { after: from, era }: Beginning,
  filter: MessageFilter,
): AsyncIterable<string> {
  yield markLine(from, era);
  const end = await log.advance();
  for (let after = from; after < end && log.era() === era; ) {
    const page = await log.read(after, filter, pageSize, end);
    yield linesOf(page);
    after = page.mark;
  }
}

/** What is there and what comes, until the time is over or the caller leaves. */
async function* live(
  { log, tail, clock, heartbeatMs = defaultHeartbeatMs }: FeedRouteOptions,
  { after, era }: Beginning,
  filter: MessageFilter,
  waitMs: number,
  left: AbortSignal,
): AsyncIterable<string> {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = clock.after(waitMs, end);
  left.addEventListener('abort', end, { once: true });
  if (left.aborted) end();
  try {
    yield markLine(after, era); // At once, so that the consumer knows it is connected.
    yield* withHeartbeats(inEra(log, era, tail.follow(after, filter, over.signal)), after, clock, heartbeatMs);
  } finally {
    end();
    timer.cancel();
    left.removeEventListener('abort', end);
  }
}

async function* withHeartbeats(
  pages: AsyncIterable<LogPage>,
  after: number,
  clock: Clock,
  heartbeatMs: number,
): AsyncIterable<string> {
  const iterator = pages[Symbol.asyncIterator]();
  const ask = () => {
    const page = iterator.next();
    page.catch(() => undefined); // Nobody may be left to hear of it.
    return page;
  };
  let mark = after;
  let next = ask();
  for (;;) {
    const beat = heartbeat(clock, heartbeatMs);
    // A mark alone is not news: it waits for the heartbeat, so that a busy log does not chatter to those it does not concern.
    let result = await Promise.race([next, beat.due]);
    while (result !== undefined && result.done !== true && result.value.messages.length === 0) {
      mark = result.value.mark;
      next = ask();
      result = await Promise.race([next, beat.due]);
    }
    beat.cancel();
    if (result === undefined) {
      yield markLine(mark);
    } else if (result.done === true) {
      yield markLine(mark);
      return;
    } else {
      mark = result.value.mark;
      next = ask();
      yield linesOf(result.value);
    }
  }
}

function linesOf({ messages, mark }: LogPage): string {
  const lines = messages.map(messageLine).join('');
  return messages.at(-1)?.position === mark ? lines : lines + markLine(mark);
}

function heartbeat(clock: Clock, inMs: number): { readonly due: Promise<undefined>; cancel(): void } {
  let cancel = () => {};
  const due = new Promise<undefined>((resolve) => {
    const timer = clock.after(inMs, () => resolve(undefined));
    cancel = () => timer.cancel();
  });
  return { due, cancel };
}
