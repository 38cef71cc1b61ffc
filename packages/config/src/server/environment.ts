import type { PropertySource } from '../properties/property.ts';
import type { BackendFound } from './backends/config-backend.ts';
import type { Target } from './config-request.ts';

/** Writes Spring's Environment: sources highest first, each with flat keys. */
export function environmentJson({ raw, label }: Target, found: BackendFound, withOrigin: boolean): string {
  return JSON.stringify({
    name: raw.name,
    profiles: [raw.profiles],
    label: label ?? null,
    version: found.version ?? null,
    state: found.version === undefined ? null : '',
    ...secretsIn(found),
    propertySources: found.sources.map((source) => ({
      name: sourceName(source),
      source: Object.fromEntries(
        [...source.properties].map(([key, { value, place }]) => [
          key,
          withOrigin ? { value, origin: place ?? '' } : value,
        ]),
      ),
    })),
  });
}

/** The keys that were decrypted, so that our clients show them nowhere. Spring's clients do not look at it. */
function secretsIn({ sources }: BackendFound): { readonly secrets?: readonly string[] } {
  const secrets = sources.flatMap(({ properties }) =>
    [...properties].flatMap(([key, { isSecret }]) => (isSecret === true ? [key] : [])),
  );
  return secrets.length === 0 ? {} : { secrets: [...new Set(secrets)] };
}

/** Spring's clients read off the name whether a source belongs to a profile: it must keep `-<profile>`. */
function sourceName({ file, document, name }: PropertySource): string {
  if (name !== undefined) return name;
  if (document === undefined) return `file:${file}`;
  return `Config resource 'file [${file}]' via location 'file:' (document #${document})`;
}
