import type { ConfigFound } from '../properties/config-folder.ts';
import type { PropertySource } from '../properties/property.ts';
import type { Target } from './config-request.ts';

/** The media type whose values carry the place they were written at. */
export const originMediaType = 'application/vnd.spring-cloud.config-server.v2+json';

/** Writes Spring's Environment: sources highest first, each with flat keys. */
export function environmentJson({ raw }: Target, found: ConfigFound, withOrigin: boolean): string {
  return JSON.stringify({
    name: raw.name,
    profiles: [raw.profiles],
    label: raw.label ?? null,
    version: null,
    state: null,
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
function sourceName({ file, document }: PropertySource): string {
  if (document === undefined) return `file:${file}`;
  return `Config resource 'file [${file}]' via location 'file:' (document #${document})`;
}
