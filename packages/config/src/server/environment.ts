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

/** Spring's clients read off the name whether a source belongs to a profile: it must keep `-<profile>`. */
function sourceName({ file, document, name }: PropertySource): string {
  if (name !== undefined) return name;
  if (document === undefined) return `file:${file}`;
  return `Config resource 'file [${file}]' via location 'file:' (document #${document})`;
}
