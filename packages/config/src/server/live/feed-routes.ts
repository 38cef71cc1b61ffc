import type { Call, Identity } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import { configErrors } from '../../errors.ts';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import { busPath, changesPath, readReport, reportsPath } from '../../wire/change-feed.ts';
import type { Access } from '../access.ts';
import type { Target } from '../config-request.ts';
import { readConfigPath } from '../config-request.ts';
import type { RollOut } from './roll-out.ts';
import type { Subscribers } from './subscribers.ts';
import { targetKey } from './track.ts';

/** What the feed's routes work on. */
export interface FeedParts {
  readonly rollOut: RollOut;
  readonly subscribers: Subscribers;
  readonly rights: Access;
}

const maxReportBytes = 64 * 1_024;

/** The change feed, and where its readers answer. */
export function feedRoutes(parts: FeedParts): readonly HttpRoute[] {
  return [
    { method: 'GET', path: changesPath, access: 'service', handle: (request, call) => follow(request, call, parts) },
    {
      method: 'POST',
      path: reportsPath,
      access: 'service',
      maxBodyBytes: maxReportBytes,
      handle: (request, call) => take(request, call, parts),
    },
    {
      method: 'POST',
      path: busPath,
      access: 'service',
      maxBodyBytes: maxReportBytes,
      handle: ({ body }, { identity }) => broadcast(body, identity, parts),
    },
  ];
}

async function follow(request: HttpRequest, call: Call, parts: FeedParts): Promise<HttpResponse> {
  const { rollOut, subscribers, rights } = parts;
  const asked = targetOf(request);
  const { names, profiles, label } = asked;
  const [application = ''] = names;
  const target: ConfigRequest = { names, profiles, label, mayRead: rights.mayFind(asked) };
  const instance = request.query.get('instance') ?? '';
  if (instance === '' || instance.length > 200)
    throw configErrors.REPORT_INVALID(
      'who follows a configuration names itself by ?instance=, in at most 200 characters',
    );
  demandOwner(instance, names.join(','), call.identity, parts);
  const stream = subscribers.join({
    instance,
    application,
    profiles,
    target: targetKey(target),
    schema: (request.query.get('schema') ?? '').slice(0, 100),
    version: request.query.get('version')?.slice(0, 100),
  });
  if (stream === undefined)
    throw configErrors.FULL(
      'the config server is followed by as many instances as it can serve; ask from time to time',
    );
  if (call.signal.aborted) stream.close();
  else call.signal.addEventListener('abort', () => stream.close(), { once: true });
  // What it is to run is told at once: it may have missed a change since it read.
  stream.put({ kind: 'version', version: await rollOut.wanted(target, instance) });
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    body: stream,
  };
}

function targetOf({ params, query }: HttpRequest): Target {
  const label = query.get('label');
  const segments = [params.application ?? '', params.profiles ?? '', ...(label === null ? [] : [label])];
  const asked = readConfigPath(`/${segments.map(encodeURIComponent).join('/')}`);
  if (asked?.kind !== 'environment')
    throw configErrors.NOT_FOUND('there is no such configuration; follow /dure/config/changes/{application}/{profile}');
  return asked.target;
}

function take({ body }: HttpRequest, { identity }: Call, parts: FeedParts): HttpResponse {
  const report = readReport(parsed(body));
  if (report === undefined)
    throw configErrors.REPORT_INVALID('a report names `instance`, `application` and `profiles`');
  demandOwner(report.instance, report.application, identity, parts);
  const { verdict, instance } = report;
  if (verdict === undefined) parts.subscribers.report(report);
  else parts.rollOut.judged(instance, verdict.candidate, verdict.refused);
  return { status: 204 };
}

/** Whoever may post to a service's management port may do the same here: any service. */
function broadcast(body: Uint8Array, { subject }: Identity, { subscribers }: FeedParts): HttpResponse {
  const event = parsed(body);
  if (typeof event !== 'object' || event === null || !('type' in event) || typeof event.type !== 'string')
    throw configErrors.REPORT_INVALID(`what "${subject}" sent is no event of the bus: it has no \`type\``);
  subscribers.tellAll({ kind: 'bus', event });
  return { status: 204 };
}

/** An instance speaks for itself only. CONFIG_NOT_YOURS. */
function demandOwner(
  instance: string,
  application: string,
  identity: Identity,
  { subscribers, rights }: FeedParts,
): void {
  const raw = { name: application, profiles: '' };
  rights.demand(identity, { names: application.split(','), profiles: [], label: undefined, raw });
  const owner = subscribers.ownerOf(instance);
  if (owner === undefined || owner === application) return;
  throw configErrors.NOT_YOURS(`"${identity.subject}" may not speak for ${instance}, which is another service's`, {
    details: { subject: identity.subject, instance },
  });
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
