import type { Clock, Identity } from '@dure/core';
import type { HttpRequest, HttpResponse } from '@dure/service/server';
import { registryErrors } from '../errors.ts';
import { instanceStatuses } from '../wire/push-stream.ts';
import { decodeRegistration } from './decode-instance.ts';
import { decodeXmlRegistration } from './decode-xml.ts';
import { notYours } from './drains.ts';
import type { Application, Applications, Variant } from './encode-json.ts';
import { applicationJson, applicationsJson, instanceJson } from './encode-json.ts';
import { applicationsXml, applicationXml, instanceXml } from './encode-xml.ts';
import type { Entry } from './instance-info.ts';
import { statusOf } from './instance-info.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import { applicationsOf, Payloads } from './payloads.ts';
import type { ReplicatedOperation } from './peer-queue.ts';
import type { PeerStatus } from './server-status.ts';
import { serverStatus } from './server-status.ts';

/** What the Eureka API works on. */
export interface EurekaApiOptions {
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  /** Whether a caller may change an application's registrations. The name is in upper case. */
  readonly mayWrite: (identity: Identity, app: string) => boolean;
  /** Whether a request comes from a peer, on behalf of an instance that reports there. */
  readonly isPeer: (request: HttpRequest, identity: Identity) => boolean;
  /** Tells the peers what was done here. */
  readonly tellPeers: (operation: ReplicatedOperation) => void;
  readonly peers: () => readonly PeerStatus[];
  readonly maxInstances: number;
  /** When the server started, in monotonic milliseconds. */
  readonly startedMs: number;
}

/** Answers a request below `/eureka`, `/eureka/v2` or `/v2`. */
export type EurekaApi = (request: HttpRequest, identity: Identity) => Promise<HttpResponse> | HttpResponse;

const missing: HttpResponse = { status: 404 };
const done: HttpResponse = { status: 200 };

/**
 * Eureka's REST API: what Spring Cloud's and Netflix's clients and eureka-js-client speak. Client faults get
 * Eureka's own status and text; bodies of renewals are empty because a body there breaks its Java client.
 */
export function eurekaApi(options: EurekaApiOptions): EurekaApi {
  const { registry } = options;
  const payloads = new Payloads(registry, options.clock);
  return (request, identity) => {
    const path = resourcePath(request.url);
    if (path === undefined) return missing;
    const [collection, first, second, third] = path;
    if (request.method === 'GET') return read(options, payloads, request, path);
    if (collection === 'asg') return plain(400, 'There are no auto-scaling groups outside Amazon’s cloud');
    if (collection !== 'apps' || first === undefined || path.length > 4) return missing;
    const app = first.toUpperCase();
    const isPeer = options.isPeer(request, identity);
    if (!isPeer && !options.mayWrite(identity, app)) throw notYours(identity, app);
    const change = { ...options, tellPeers: isPeer ? () => {} : options.tellPeers };
    if (request.method === 'POST') return path.length === 2 ? register(change, request, app, isPeer) : missing;
    if (second === undefined) return missing;
    if (request.method === 'DELETE' && third === undefined) return cancel(change, app, second);
    if (request.method === 'PUT' && third === undefined) return renew(change, request, app, second, isPeer);
    if (third === 'status') return setStatus(change, request, app, second);
    if (third === 'metadata' && request.method === 'PUT') return mergeMetadata(change, request, app, second);
    return missing;
  };
}

async function read(
  { registry, startedMs, clock, peers }: EurekaApiOptions,
  payloads: Payloads,
  request: HttpRequest,
  path: readonly string[],
): Promise<HttpResponse> {
  const asked = negotiate(request);
  const [collection, first, second] = path;
  const depth = path.length;
  if (collection === 'apps' && (depth === 1 || (depth === 2 && first === 'delta'))) {
    const body = await payloads.get(depth === 1 ? 'full' : 'delta', asked.format, asked.variant, asked.gzip);
    return answer(asked, body, asked.gzip ? { 'content-encoding': 'gzip', vary: 'accept, accept-encoding' } : {});
  }
  if (collection === 'apps' && depth === 2 && first !== undefined) {
    const name = first.toUpperCase();
    const entries = registry.ofApp(name);
    return entries.length === 0 ? missing : answer(asked, writeApplication(asked, { name, entries }));
  }
  if (collection === 'apps' && depth === 3 && first !== undefined && second !== undefined) {
    return instance(asked, registry.visible(first.toUpperCase(), second));
  }
  if (collection === 'instances' && depth === 2 && first !== undefined) {
    const [held] = registry.by('id', first);
    return instance(asked, held && registry.visible(held.info.app, first));
  }
  if ((collection === 'vips' || collection === 'svips') && depth === 2 && first !== undefined) {
    const field = collection === 'vips' ? 'vipAddress' : 'secureVipAddress';
    const entries = registry.by(field, first);
    return answer(asked, writeApplications(asked, applicationsOf(entries, -1, hashOf(entries))));
  }
  if (collection === 'serverinfo' && depth === 2 && first === 'statusoverrides') {
    return answer({ ...asked, format: 'json' }, JSON.stringify(registry.statusOverrides()));
  }
  if (collection === 'status' && depth === 1) {
    return answer(
      { ...asked, format: 'json' },
      JSON.stringify(serverStatus(registry, peers(), clock.monotonicMs() - startedMs)),
    );
  }
  return missing;
}

function register(options: EurekaApiOptions, request: HttpRequest, app: string, isPeer: boolean): HttpResponse {
  const decode = isXml(request) ? decodeXmlRegistration : decodeRegistration;
  const decoded = decode(request.body, app, options.clock);
  if (!decoded.ok) {
    const type = decoded.isJson ? 'application/json' : 'text/plain; charset=utf-8';
    return { status: decoded.status, headers: { 'content-type': type }, body: decoded.text };
  }
  if (!options.registry.register(decoded.info, isPeer ? 'peer' : 'client')) {
    throw registryErrors.FULL(
      `the registry holds ${options.maxInstances} instances and takes no more (\`maxInstances\`); ${app} was not registered`,
      { details: { app, maxInstances: options.maxInstances } },
    );
  }
  options.tellPeers({ action: 'Register', app, id: decoded.info.instanceId });
  return { status: 204 };
}

/** Netflix’s client with its XML codec says JSON and sends XML. */
function isXml(request: HttpRequest): boolean {
  return header(request, 'content-type').includes('xml') || request.body[0] === 0x3c;
}

function cancel({ registry, tellPeers }: EurekaApiOptions, app: string, id: string): HttpResponse {
  const lastDirtyTimestamp = registry.get(app, id)?.info.lastDirtyTimestamp;
  if (!registry.cancel(app, id)) return missing;
  tellPeers({ action: 'Cancel', app, id, ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }) });
  return done;
}

function renew(
  { registry, tellPeers }: EurekaApiOptions,
  request: HttpRequest,
  app: string,
  id: string,
  isPeer: boolean,
): HttpResponse {
  const dirty = timestamp(request.query);
  if (dirty === 'malformed') return malformedTimestamp;
  if (!isPeer) {
    const isRenewed = registry.renew(app, id, dirty);
    if (registry.get(app, id) !== undefined) tellPeers({ action: 'Heartbeat', app, id });
    return found(isRenewed);
  }
  const overridden = statusOf(request.query.get('overriddenstatus') ?? 'UNKNOWN');
  const renewed = registry.renewFromPeer(app, id, dirty, overridden);
  const entry = registry.get(app, id);
  if (renewed !== 'older' || entry === undefined) return found(renewed === 'renewed');
  return { status: 409, headers: { 'content-type': 'application/json' }, body: instanceJson(entry) };
}

/** Peers have no operation for metadata: they are told of the instance anew. */
function mergeMetadata(
  { registry, tellPeers }: EurekaApiOptions,
  request: HttpRequest,
  app: string,
  id: string,
): HttpResponse {
  if (!registry.mergeMetadata(app, id, firstValues(request.query))) return missing;
  tellPeers({ action: 'Register', app, id });
  return done;
}

function setStatus(
  { registry, tellPeers }: EurekaApiOptions,
  request: HttpRequest,
  app: string,
  id: string,
): HttpResponse {
  const dirty = timestamp(request.query);
  if (dirty === 'malformed') return malformedTimestamp;
  const value = request.query.get('value')?.toUpperCase();
  const status = instanceStatuses.find((known) => known === value);
  if (value !== undefined && status === undefined) {
    return plain(400, `Unknown status, expecting one of ${instanceStatuses.join(', ')}`);
  }
  if (request.method !== 'PUT' && request.method !== 'DELETE') return missing;
  const isRemoval = request.method === 'DELETE';
  if (status === undefined && !isRemoval) return plain(400, 'Missing value');
  const wanted = status ?? 'UNKNOWN';
  const isFound = isRemoval
    ? registry.removeOverride(app, id, wanted, dirty)
    : registry.override(app, id, wanted, dirty);
  if (isFound) tellPeers({ action: isRemoval ? 'DeleteStatusOverride' : 'StatusUpdate', app, id, status: wanted });
  return found(isFound);
}

const malformedTimestamp = plain(400, 'Malformed lastDirtyTimestamp, expecting epoch milliseconds');

function timestamp(query: URLSearchParams): number | undefined | 'malformed' {
  const value = query.get('lastDirtyTimestamp');
  if (value === null || value === '') return undefined;
  return /^-?\d{1,16}$/.test(value) ? Number(value) : 'malformed';
}

/** The path below the base, decoded; undefined when it cannot be. Empty segments are trailing slashes. */
function resourcePath(url: string): readonly string[] | undefined {
  const [path = ''] = url.split('?');
  try {
    const segments = path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
    const below = segments[0] === 'eureka' ? segments.slice(1) : segments;
    const isVersioned = /^v[12]$/i.test(below[0] ?? '');
    return isVersioned ? below.slice(1) : below;
  } catch {
    return undefined;
  }
}

interface Asked {
  readonly format: 'json' | 'xml';
  readonly variant: Variant;
  readonly gzip: boolean;
}

/** JSON only for those who say so, XML for everybody else, as in Eureka. */
function negotiate(request: HttpRequest): Asked {
  return {
    format: header(request, 'accept').includes('json') ? 'json' : 'xml',
    variant: header(request, 'x-eureka-accept') === 'compact' ? 'compact' : 'full',
    gzip: /\bgzip\b/.test(header(request, 'accept-encoding')),
  };
}

function header(request: HttpRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : (value?.join(',') ?? '');
}

function answer(asked: Asked, body: string | Uint8Array, more: Readonly<Record<string, string>> = {}): HttpResponse {
  const type = asked.format === 'json' ? 'application/json' : 'application/xml';
  return { status: 200, headers: { 'content-type': type, ...more }, body };
}

function instance(asked: Asked, entry: Entry | undefined): HttpResponse {
  if (entry === undefined) return missing;
  return answer(asked, asked.format === 'json' ? instanceJson(entry) : instanceXml(entry));
}

function writeApplication(asked: Asked, application: Application): string {
  return asked.format === 'json'
    ? applicationJson(application, asked.variant)
    : applicationXml(application, asked.variant);
}

function writeApplications(asked: Asked, applications: Applications): string {
  return asked.format === 'json'
    ? applicationsJson(applications, asked.variant)
    : applicationsXml(applications, asked.variant);
}

function hashOf(entries: readonly Entry[]): string {
  const statuses = [...Map.groupBy(entries, ({ info }) => info.status)].sort(([a], [b]) => (a < b ? -1 : 1));
  return statuses.map(([status, of]) => `${status}_${of.length}_`).join('');
}

function found(isFound: boolean): HttpResponse {
  return isFound ? done : missing;
}

function plain(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function firstValues(query: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries([...new Set(query.keys())].map((key) => [key, query.get(key) ?? '']));
}
