import type { Clock } from '@dure/core';
import type { DataCenterInfo, InstanceInfo, PortInfo, TextField } from './instance-info.ts';
import { statusOf, textFields } from './instance-info.ts';

/** What became of a registration's body: an instance, or the status and text of Eureka's own answer. */
export type Decoded =
  | { readonly ok: true; readonly info: InstanceInfo }
  | { readonly ok: false; readonly status: 400; readonly text: string; readonly isJson: boolean };

/** Reads `{"instance": {…}}` as Eureka's clients send it; the checks and their order are Eureka's. */
export function decodeRegistration(body: Uint8Array, app: string, clock: Clock): Decoded {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return unparsable;
  }
  return decodeInstance(isRecord(parsed) ? parsed.instance : undefined, app, clock);
}

/** Reads an instance without its envelope, as peers send it; the name is in upper case. */
export function decodeInstance(instance: unknown, app: string, clock: Clock): Decoded {
  if (!isRecord(instance)) return unparsable;
  try {
    return checked(instance, app, clock.now());
  } catch (error) {
    if (error instanceof Unreadable) return unparsable;
    throw error;
  }
}

/** Eureka's answer to a body that it cannot read. */
export const unparsable: Decoded = {
  ok: false,
  status: 400,
  text: JSON.stringify({ error: 'cannot parse request body' }),
  isJson: true,
};

/** Carries "this field has an impossible type" out of the readers below; never leaves this file. */
class Unreadable extends TypeError {}

function checked(from: Readonly<Record<string, unknown>>, pathApp: string, now: number): Decoded {
  const dataCenter = isRecord(from.dataCenterInfo) ? from.dataCenterInfo : undefined;
  const amazon = dataCenter !== undefined && isRecord(dataCenter.metadata) ? texts(dataCenter.metadata) : {};
  const hostName = text(from.hostName);
  const instanceId = text(from.instanceId) ?? amazon['instance-id'] ?? hostName;
  const ipAddr = text(from.ipAddr);
  const app = text(from.app)?.toUpperCase();
  if (instanceId === undefined) return refused('Missing instanceId');
  if (hostName === undefined) return refused('Missing hostname');
  if (ipAddr === undefined) return refused('Missing ip address');
  if (app === undefined) return refused('Missing appName');
  if (app !== pathApp) return refused(`Mismatched appName, expecting ${pathApp} but was ${app}`);
  if (dataCenter === undefined) return refused('Missing dataCenterInfo');
  const name = text(dataCenter.name);
  if (name === undefined) return refused('Missing dataCenterInfo Name');
  const lease = isRecord(from.leaseInfo) ? from.leaseInfo : {};
  const info: InstanceInfo = {
    instanceId,
    hasInstanceId: text(from.instanceId) !== undefined,
    hostName,
    app,
    ipAddr,
    sid: text(from.sid) ?? 'na',
    status: from.status === undefined || from.status === null ? 'UP' : statusOf(from.status),
    overriddenStatus: statusOf(from.overriddenStatus ?? from.overriddenstatus ?? 'UNKNOWN'),
    port: port(from.port, { number: 7001, enabled: true }),
    securePort: port(from.securePort, { number: 7002, enabled: false }),
    countryId: number(from.countryId) ?? 1,
    dataCenter: dataCenterOf(name, amazon, instanceId),
    renewalIntervalInSecs: positive(number(lease.renewalIntervalInSecs)) ?? 30,
    durationInSecs: Math.min(positive(number(lease.durationInSecs)) ?? 90, longestLeaseSecs),
    metadata: isRecord(from.metadata) ? texts(from.metadata) : {},
    texts: passedOn(from),
    isCoordinatingDiscoveryServer: String(from.isCoordinatingDiscoveryServer) === 'true',
    lastUpdatedTimestamp: now,
    lastDirtyTimestamp: number(from.lastDirtyTimestamp) ?? now,
    actionType: 'ADDED',
  };
  return { ok: true, info };
}

/** A day: a longer lease would never end for whoever looks. */
const longestLeaseSecs = 86_400;

function refused(reason: string): Decoded {
  return { ok: false, status: 400, text: reason, isJson: false };
}

function dataCenterOf(name: string, amazon: Readonly<Record<string, string>>, instanceId: string): DataCenterInfo {
  if (name === 'Amazon') return { name, metadata: { 'instance-id': instanceId, ...amazon } };
  return { name: name === 'Netflix' ? 'Netflix' : 'MyOwn', metadata: {} };
}

function passedOn(from: Readonly<Record<string, unknown>>): Partial<Record<TextField, string>> {
  const kept: Partial<Record<TextField, string>> = {};
  for (const field of textFields) {
    const value = text(from[field]);
    if (value !== undefined) kept[field] = value;
  }
  return kept;
}

/** A port is an object with a number under `$` and a flag under `@enabled`, each also accepted as text. */
function port(value: unknown, otherwise: PortInfo): PortInfo {
  if (value === undefined || value === null) return otherwise;
  if (!isRecord(value)) throw new Unreadable();
  const numbered = number(value.$) ?? otherwise.number;
  if (!Number.isInteger(numbered) || numbered < 0 || numbered > 65_535) throw new Unreadable();
  const flag = value['@enabled'];
  return { number: numbered, enabled: flag === undefined ? otherwise.enabled : String(flag) === 'true' };
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'object') throw new Unreadable();
  return String(value);
}

function number(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const read = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isFinite(read)) throw new Unreadable();
  return read;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** Text values only; `@class` is the Java side's type tag, not data. */
function texts(from: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const entries = Object.entries(from).filter(([key, value]) => key !== '@class' && value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, text(value) ?? '']));
}

/** Whether a parsed value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
