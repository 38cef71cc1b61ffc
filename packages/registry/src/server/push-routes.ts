import type { Call, Clock, Identity, Ids } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { registryErrors } from '../errors.ts';
import {
  acknowledgePath,
  leaving,
  parsePosition,
  positionParameter,
  processParameter,
  pushPath,
  retryAfterHeader,
} from '../wire/push-stream.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { ChangeStream } from './change-stream.ts';
import type { ProcessWatch } from './process-watch.ts';
import type { PushFeed } from './push-feed.ts';
import type { StreamAdmission } from './stream-admission.ts';

/** What the push stream's routes work on. */
export interface PushParts {
  readonly feed: PushFeed;
  readonly watch: ProcessWatch;
  readonly acknowledgements: Acknowledgements;
  readonly admission: StreamAdmission;
  /** The streams that are open, each with its process. */
  readonly streams: Map<ChangeStream, string>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly heartbeatMs: number;
  readonly maxStreams: number;
}

/** The push stream, and where its subscribers answer. */
export function pushRoutes(parts: PushParts): readonly HttpRoute[] {
  return [
    { method: 'GET', path: pushPath, access: 'service', handle: (request, call) => openStream(request, call, parts) },
    {
      method: 'PUT',
      path: acknowledgePath,
      access: 'service',
      handle: (request, call) => acknowledge(request, call, parts),
    },
  ];
}

function acknowledge({ query }: HttpRequest, { identity }: Call, parts: PushParts): HttpResponse {
  const { watch, acknowledgements, feed } = parts;
  const subscriber = query.get(processParameter) ?? '';
  checkOwner(subscriber, identity, watch);
  const at = query.get(positionParameter) ?? '';
  const position = parsePosition(at);
  watch.answered(subscriber);
  if (position?.epoch === feed.position.epoch) acknowledgements.applied(subscriber, position.version);
  if (at === leaving) acknowledgements.left(subscriber);
  return { status: 204 };
}

function openStream(request: HttpRequest, call: Call, parts: PushParts): HttpResponse {
  const { feed, watch, acknowledgements, streams, clock, ids, heartbeatMs } = parts;
  const named = request.query.get(processParameter)?.slice(0, 200) ?? '';
  checkOwner(named, call.identity, watch);
  const refusal = admit(named, call.identity, parts);
  if (refusal !== undefined) return refusal;
  const subscriber = named === '' ? ids.uuid() : named;
  const closed = named === '' ? () => acknowledgements.left(subscriber) : watch.opened(named, ownerOf(call.identity));
  acknowledgements.joined(subscriber);
  const last = request.headers['last-event-id'];
  const stream: ChangeStream = new ChangeStream({
    feed,
    clock,
    heartbeatMs,
    from: typeof last === 'string' ? parsePosition(last) : undefined,
    pinged: () => watch.pinged(named),
    closed() {
      streams.delete(stream);
      closed();
    },
  });
  streams.set(stream, named);
  if (call.signal.aborted) stream.close();
  else call.signal.addEventListener('abort', () => stream.close(), { once: true });
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    body: stream,
  };
}

/** A process is who opened its stream: nobody else follows, answers or says good-bye for it. REGISTRY_NOT_YOURS. */
function checkOwner(process: string, identity: Identity, watch: ProcessWatch): void {
  const owner = watch.ownerOf(process);
  if (owner === undefined || owner === ownerOf(identity)) return;
  const { subject } = identity;
  throw registryErrors.NOT_YOURS(`"${subject}" may not speak for the process ${process}, which is another's`, {
    details: { subject, process },
  });
}

function ownerOf({ kind, subject }: Identity): string {
  return `${kind} ${subject}`;
}

/** A herd is told when to come, one by one. */
function admit(process: string, identity: Identity, parts: PushParts): HttpResponse | undefined {
  const { streams, maxStreams, admission, watch } = parts;
  if (streams.size >= maxStreams) {
    throw registryErrors.FULL(
      `the registry serves ${maxStreams} streams and takes no more (\`maxStreams\`); retry after a moment`,
      { details: { maxStreams } },
    );
  }
  const waitMs = admission.turn(`${ownerOf(identity)} ${process}`);
  if (waitMs === 0) return undefined;
  watch.heard(process);
  return {
    status: 503,
    headers: { [retryAfterHeader]: String(waitMs), 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  };
}
