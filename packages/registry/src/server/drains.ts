import type { Call, Clock, Identity } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { registryErrors } from '../errors.ts';
import type { DrainAnswer } from '../wire/push-stream.ts';
import { drainPath } from '../wire/push-stream.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import type { PushFeed } from './push-feed.ts';

/** What a drain works on. */
export interface DrainParts {
  readonly registry: InstanceRegistry;
  readonly feed: PushFeed;
  readonly acknowledgements: Acknowledgements;
  readonly clock: Clock;
  readonly mayWrite: (identity: Identity, app: string) => boolean;
  readonly isPeer: (request: HttpRequest, identity: Identity) => boolean;
  /** Asks every subscriber how far it is. */
  readonly askAll: () => void;
  /** Drains the instance at the other registries as well; how many subscribers or registries are still behind. */
  readonly atPeers: (app: string, id: string, withinMs: number) => Promise<number>;
}

const longestMs = 30_000;

/** `PUT /dure/drains/{app}/{id}?within=300`: out of service, and answered when every subscriber knows it. */
export function drainRoute(parts: DrainParts): HttpRoute {
  return {
    method: 'PUT',
    path: `${drainPath}/:app/:id`,
    access: 'service',
    handle: (request, call) => drain(parts, request, call),
  };
}

async function drain(parts: DrainParts, request: HttpRequest, call: Call): Promise<HttpResponse> {
  const { registry, feed, acknowledgements } = parts;
  const { app: name = '', id = '' } = request.params;
  const app = name.toUpperCase();
  const isPeer = parts.isPeer(request, call.identity);
  if (!isPeer && !parts.mayWrite(call.identity, app)) throw notYours(call.identity, app);
  const asked = Number(request.query.get('within') ?? 300);
  const withinMs = Number.isFinite(asked) ? Math.min(Math.max(asked, 0), longestMs) : 300;
  if (!registry.override(app, id, 'OUT_OF_SERVICE')) return { status: 404 };
  feed.flush();
  parts.askAll();
  const [here, elsewhere] = await Promise.all([
    acknowledgements.all(feed.version, withinMs),
    isPeer ? 0 : parts.atPeers(app, id, withinMs),
  ]);
  const waitingFor = here + elsewhere;
  const answer: DrainAnswer = { outcome: waitingFor === 0 ? 'drained' : 'timed-out', waitingFor };
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
}

/** REGISTRY_NOT_YOURS. */
export function notYours(identity: Identity, app: string): Error {
  const name = app.slice(0, 100);
  return registryErrors.NOT_YOURS(
    `"${identity.subject}" may not change registrations of ${name}; it may change only its own`,
    { details: { subject: identity.subject, app: name } },
  );
}
