import type { PushedInstance } from '../wire/push-stream.ts';
import { instanceStatuses } from '../wire/push-stream.ts';

/** What a Eureka server tells in one answer. */
export interface EurekaAnswer {
  readonly hash: string;
  readonly instances: readonly { readonly instance: PushedInstance; readonly isDeleted: boolean }[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `{"applications": …}` of any Eureka server; undefined when it is none. An instance that cannot be read is left out. */
export function readEureka(text: string): EurekaAnswer | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const applications = isFields(parsed) ? parsed.applications : undefined;
  if (!isFields(applications)) return undefined;
  const instances = listOf(applications.application)
    .flatMap((application) => listOf(application.instance))
    .flatMap((instance) => {
      const read = instanceOf(instance);
      return read === undefined ? [] : [{ instance: read, isDeleted: instance.actionType === 'DELETED' }];
    });
  return { hash: String(applications.apps__hashcode ?? ''), instances };
}

/** `DOWN_1_UP_2_`: the count of every status, by which both sides compare their lists. */
export function hashOf(instances: Iterable<PushedInstance>): string {
  const counts = new Map<string, number>();
  for (const { status } of instances) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, count]) => `${status}_${count}_`)
    .join('');
}

function instanceOf(fields: Fields): PushedInstance | undefined {
  const { hostName, app, vipAddress } = fields;
  if (typeof hostName !== 'string' || typeof app !== 'string') return undefined;
  const port = portOf(fields.port);
  const securePort = portOf(fields.securePort);
  const isSecure = isFields(fields.securePort) && securePort.isEnabled; // a bare number is older servers' default
  const chosen = isSecure ? securePort.number : port.number;
  if (!Number.isInteger(chosen)) return undefined;
  const metadata = metadataOf(fields.metadata);
  const managementPort = Number(metadata['management.port']);
  return {
    id: typeof fields.instanceId === 'string' ? fields.instanceId : hostName,
    service: typeof vipAddress === 'string' && vipAddress.toUpperCase() === app ? vipAddress : app.toLowerCase(),
    host: hostName,
    port: chosen,
    ...(isSecure ? { secure: true } : {}),
    ...(Number.isInteger(managementPort) && managementPort > 0 ? { managementPort } : {}),
    ...(metadata.zone === undefined ? {} : { zone: metadata.zone }),
    status: instanceStatuses.find((status) => status === fields.status) ?? 'UNKNOWN',
    metadata,
  };
}

function portOf(value: unknown): { readonly number: number; readonly isEnabled: boolean } {
  if (!isFields(value)) return { number: Number(value ?? Number.NaN), isEnabled: value !== undefined };
  return { number: Number(value.$), isEnabled: String(value['@enabled']) === 'true' };
}

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (!isFields(value)) return {};
  const entries = Object.entries(value).filter(([key, item]) => key !== '@class' && typeof item === 'string');
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

/** Older servers write a single element without its array. */
function listOf(value: unknown): readonly Fields[] {
  return (Array.isArray(value) ? value : [value]).filter(isFields);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
