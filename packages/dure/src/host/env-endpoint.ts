import type { ExplainedKey } from '@dure/config/client';
import type { ManagementEndpoint, ManagementResponse } from '@dure/core';
import type { RuntimeValues } from './runtime-values.ts';
import { mask, runtimeLayer } from './runtime-values.ts';
import type { ServiceWatch } from './service-sections.ts';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';

interface EnvProperty {
  readonly value: unknown;
  readonly origin: string;
}

/**
 * `/actuator/env`, in Spring's shapes. `GET [/{key}]`: every key that a schema of the service knows, by layer, the highest
 * first; secrets masked. What no schema knows may be a secret, and is not shown. `POST` with `{ "name", "value" }` sets one
 * value in this instance until its process ends, if the schema takes it; `DELETE` removes all that was set, by the bus too.
 */
export function envEndpoint(
  watch: () => ServiceWatch | undefined,
  profiles: readonly string[],
  values: RuntimeValues,
): ManagementEndpoint {
  return {
    id: 'env',
    async handle({ method, path: [key], body }) {
      if (method === 'GET') return shown(watch()?.current.explain() ?? [], profiles, key);
      if (key !== undefined) return { status: 405 };
      if (method === 'DELETE') return json(await values.clear());
      const change = readEnvChange(body);
      if (change === undefined) return { status: 400, detail: envChangeForm };
      return json({ [change.name]: await values.set(change.name, change.value) });
    },
  };
}

/** What a change of the environment has to be. */
export const envChangeForm = 'a change of the environment takes `name` and `value`, both texts';

/** `{ "name": "max-lines", "value": "12" }`; undefined when it is anything else. */
export function readEnvChange(body: unknown): { readonly name: string; readonly value: string } | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { name, value } = body as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && name !== '' && typeof value === 'string' ? { name, value } : undefined;
}

function shown(
  explained: readonly ExplainedKey[],
  profiles: readonly string[],
  key: string | undefined,
): ManagementResponse {
  const sources = propertySources(explained);
  const active = { activeProfiles: profiles, defaultProfiles: [] };
  if (key === undefined) return json({ ...active, propertySources: sources });
  const found = sources.filter(({ properties }) => key in properties);
  const [first] = found;
  if (first === undefined) return { status: 404, detail: 'no schema of this service knows that key' };
  return json({
    property: { source: first.name, value: first.properties[key]?.value },
    ...active,
    propertySources: found.map(({ name, properties }) => ({ name, property: properties[key] })),
  });
}

function json(body: unknown): ManagementResponse {
  return { status: 200, contentType: jsonType, body };
}

function propertySources(explained: readonly ExplainedKey[]) {
  const layers = new Map<string, Record<string, EnvProperty>>();
  for (const { key, overrides, ...winner } of explained) {
    for (const { value, layer, place } of [winner, ...overrides]) {
      const properties = layers.get(layer) ?? {};
      properties[key] ??= { value: value === '***' ? mask : value, origin: place };
      layers.set(layer, properties);
    }
  }
  return order.flatMap((name) => {
    const properties = layers.get(name);
    return properties === undefined ? [] : [{ name, properties }];
  });
}

/** The layers of a service, the highest first. */
const order = [runtimeLayer, 'environment', 'server', 'file', 'default'];
