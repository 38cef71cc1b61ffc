import {
  activeDocuments,
  type Properties,
  type Property,
  type PropertySource,
  readYamlText,
} from '@dure/config/properties';
import type { Access } from '@dure/service/contract';
import { readGatewaySection } from './gateway-section.ts';
import { replacePlaceholders } from './placeholders.ts';
import { Problems } from './problems.ts';
import { mergeSources, propertyTree } from './property-node.ts';
import { readRoute } from './read-route.ts';
import type { CorsSetting, RateLimitKey, SpringRule } from './spring-rule.ts';

/** What the configuration of a Spring application does not say. */
export interface SpringRoutesOptions {
  /** Who may use routes that do not say it by `metadata.access`. */
  readonly access?: Exclude<Access, 'service' | { readonly scope: string }>;
  /** The profiles whose documents count. */
  readonly profiles?: readonly string[];
  /** Values for placeholders that are no keys of the configuration, as environment variables are to Spring. */
  readonly lookup?: (key: string) => string | undefined;
  /** What beans that make keys of rate limits stand for, by their names. */
  readonly keyResolvers?: Readonly<Record<string, RateLimitKey>>;
}

/** The routes of a Spring Cloud Gateway. */
export interface SpringRoutes {
  readonly rules: readonly SpringRule[];
  /** `globalcors`, by path pattern. */
  readonly defaultCors: ReadonlyMap<string, CorsSetting>;
  /** What is written and does nothing here, each with its place. */
  readonly notes: readonly string[];
}

/**
 * Reads the routes of an `application.yml` of Spring Cloud Gateway. What cannot be lifted over is GATEWAY_ROUTE_INVALID, all
 * of it in one error, each with file, line, column and key; CONFIG_FILE_INVALID for what is no YAML.
 *
 * @example
 * const { rules } = await springRoutes(await readFile('application.yml', 'utf8'), 'application.yml', { access: 'user' });
 */
export async function springRoutes(
  yamlText: string,
  fileName: string,
  options: SpringRoutesOptions = {},
): Promise<SpringRoutes> {
  const documents = await readYamlText(yamlText, fileName);
  return springRoutesOf(activeDocuments(fileName, documents, new Set(options.profiles)), options);
}

/** Reads routes from sources of properties, the highest first, as the config server or files have them. GATEWAY_ROUTE_INVALID. */
export function springRoutesOf(sources: readonly PropertySource[], options: SpringRoutesOptions = {}): SpringRoutes {
  const problems = new Problems();
  const { lookup = () => undefined, access, keyResolvers = {} } = options;
  const properties = replacePlaceholders(mergeSources(sources), 'spring.cloud.gateway.', lookup, problems);
  const section = readGatewaySection(propertyTree(properties), problems);
  const rules: SpringRule[] = [];
  const known = new Map<string, SpringRule>();
  for (const node of section.isEnabled ? section.routes : []) {
    const rule = readRoute(node, { section, access, keyResolvers, problems });
    if (rule === undefined) continue;
    const twin = known.get(rule.id);
    if (twin !== undefined) problems.add(node, `the id "${rule.id}" is taken by the route at ${twin.source}`);
    known.set(rule.id, rule);
    rules.push(rule);
  }
  problems.demandNone();
  return { rules, defaultCors: section.cors, notes: section.notes };
}

/**
 * The sources of an Environment as Spring's config server answers with, the highest first; values may carry their origin.
 * What is no Environment has none.
 */
export function environmentSources(environment: unknown): readonly PropertySource[] {
  const sources = fieldOf(environment, 'propertySources');
  if (!Array.isArray(sources)) return [];
  return sources.map((one: unknown) => {
    const source = fieldOf(one, 'source');
    const entries = typeof source === 'object' && source !== null ? Object.entries(source) : [];
    return {
      file: String(fieldOf(one, 'name') ?? 'config server'),
      document: undefined,
      properties: propertiesOf(entries),
    };
  });
}

function propertiesOf(entries: readonly (readonly [string, unknown])[]): Properties {
  return new Map(
    entries.map(([key, given]): readonly [string, Property] => {
      const origin = fieldOf(given, 'origin');
      const value = typeof given === 'object' ? fieldOf(given, 'value') : given;
      const scalar = typeof value === 'number' || typeof value === 'boolean' ? value : String(value ?? '');
      return [key, { value: scalar, ...(typeof origin === 'string' && origin !== '' && { place: origin }) }];
    }),
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
