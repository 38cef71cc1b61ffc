import type { ExplainedKey } from '@dure/config/client';
import type { ManagementEndpoint } from '@dure/core';
import type { ServiceWatch } from './service-sections.ts';

const jsonType = 'application/vnd.spring-boot.actuator.v3+json';
/** As Spring Boot masks. */
const mask = '******';

interface EnvProperty {
  readonly value: unknown;
  readonly origin: string;
}

/**
 * `GET /actuator/env[/{key}]`, in Spring Boot's shape: every key that a schema of the service knows, by layer, the highest
 * first; secrets masked. What no schema knows may be a secret, and is not shown.
 */
export function envEndpoint(watch: () => ServiceWatch | undefined, profiles: readonly string[]): ManagementEndpoint {
  return {
    id: 'env',
    handle({ method, path: [key] }) {
      if (method !== 'GET') return { status: 405 };
      const explained = watch()?.current.explain() ?? [];
      const sources = propertySources(explained);
      if (key === undefined)
        return {
          status: 200,
          contentType: jsonType,
          body: { activeProfiles: profiles, defaultProfiles: [], propertySources: sources },
        };
      const found = sources.filter(({ properties }) => key in properties);
      const [first] = found;
      if (first === undefined) return { status: 404, detail: 'no schema of this service knows that key' };
      return {
        status: 200,
        contentType: jsonType,
        body: {
          property: { source: first.name, value: first.properties[key]?.value },
          activeProfiles: profiles,
          defaultProfiles: [],
          propertySources: found.map(({ name, properties }) => ({ name, property: properties[key] })),
        },
      };
    },
  };
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
const order = ['bus', 'environment', 'server', 'file', 'default'];
