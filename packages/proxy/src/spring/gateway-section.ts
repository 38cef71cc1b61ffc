import type { SecureHeadersOptions } from '../filters/secure-headers.ts';
import { readCors } from './cors-setting.ts';
import type { Problems } from './problems.ts';
import type { PropertyNode } from './property-node.ts';
import { childOf, itemsOf, nodeAt, relaxed, textOf } from './property-node.ts';
import type { CorsSetting } from './spring-rule.ts';
import { durationMs } from './spring-values.ts';

/** What is said about the gateway as a whole. */
export interface GatewaySection {
  readonly isEnabled: boolean;
  readonly routes: readonly PropertyNode[];
  readonly defaultFilters: readonly PropertyNode[];
  /** By path pattern. */
  readonly cors: ReadonlyMap<string, CorsSetting>;
  readonly connectTimeoutMs: number | undefined;
  readonly responseTimeoutMs: number | undefined;
  readonly secureHeaders: SecureHeadersOptions;
  /** Kinds that may not be used, in relaxed spelling. */
  readonly disabledFilters: ReadonlySet<string>;
  readonly disabledPredicates: ReadonlySet<string>;
  /** What is set and does nothing here. */
  readonly notes: readonly string[];
}

const read = ['enabled', 'routes', 'default-filters', 'globalcors', 'httpclient', 'discovery', 'filter', 'predicate'];
/** Known to Spring and without a counterpart: what they are for, Dure does by itself or is told elsewhere. */
const passedOver = [
  ...['metrics', 'fail-on-route-definition-error', 'trusted-proxies', 'x-forwarded', 'forwarded', 'loadbalancer'],
  ...['httpserver', 'streaming-media-types', 'redis-rate-limiter', 'global-filter', 'observability', 'handler-mapping'],
  ...['set-status', 'route-refresh-listener', 'route-filter-cache-enabled', 'restrictive-property-accessor', 'redis'],
  ...['route-definition', 'redis-route-definition-repository', 'proxy'],
];

/** Reads both prefixes: `spring.cloud.gateway.server.webflux`, and `spring.cloud.gateway` of older versions. */
export function readGatewaySection(tree: PropertyNode, problems: Problems): GatewaySection {
  const old = nodeAt(tree, 'spring', 'cloud', 'gateway');
  const own = nodeAt(old, 'server', 'webflux');
  const mvc = nodeAt(old, 'server', 'webmvc') ?? childOf(old, 'mvc');
  if (mvc !== undefined)
    problems.add(mvc, 'routes of the WebMVC server have other filters; write them for "server.webflux"');
  const sections = [own, old].filter((section) => section !== undefined);
  const notes: string[] = [];
  for (const section of sections) checkNames(section, section === old ? ['server', 'mvc'] : [], problems, notes);
  for (const name of read) {
    const twice = childOf(old, name);
    if (twice !== undefined && childOf(own, name) !== undefined)
      problems.add(twice, `"${name}" stands under both prefixes; keep the one under "server.webflux"`);
  }
  const at = (...names: readonly string[]) => nodeAt(own, ...names) ?? nodeAt(old, ...names);
  refuseDiscovery(at('discovery', 'locator', 'enabled'), problems);
  return {
    isEnabled: textOf(at('enabled')) !== 'false',
    routes: listOf(at('routes'), problems),
    defaultFilters: listOf(at('default-filters'), problems),
    cors: corsOf(at('globalcors'), problems),
    ...timeoutsOf(at('httpclient'), problems, notes),
    secureHeaders: secureHeadersOf(at('filter', 'secure-headers')),
    disabledFilters: disabledIn(at('filter')),
    disabledPredicates: disabledIn(at('predicate')),
    notes,
  };
}

function checkNames(section: PropertyNode, others: readonly string[], problems: Problems, notes: string[]): void {
  for (const [name, child] of section.children) {
    const is = (names: readonly string[]) => names.some((one) => relaxed(one) === relaxed(name));
    if (is(read) || is(others)) continue;
    if (is(passedOver)) notes.push(`${child.place}: "${child.key}" does nothing here`);
    else problems.addUnknown(child, 'setting of the gateway', name, [...read, ...passedOver]);
  }
}

/** The items of a list in the order of their indexes. */
export function listOf(node: PropertyNode | undefined, problems: Problems): readonly PropertyNode[] {
  if (node === undefined || (node.children.size === 0 && textOf(node) === undefined)) return [];
  if (![...node.children.keys()].every((name) => /^\d+$/.test(name)) || node.children.size === 0) {
    problems.add(node, 'is a list; begin each item with "- "');
    return [];
  }
  return [...node.children].sort(([one], [other]) => Number(one) - Number(other)).map(([, child]) => child);
}

function corsOf(node: PropertyNode | undefined, problems: Problems): ReadonlyMap<string, CorsSetting> {
  for (const [name, child] of node?.children ?? []) {
    const names = ['cors-configurations', 'add-to-simple-url-handler-mapping', 'enabled'];
    if (!names.some((one) => relaxed(one) === relaxed(name))) problems.addUnknown(child, 'CORS setting', name, names);
  }
  const patterns = childOf(node, 'cors-configurations')?.children ?? [];
  return new Map([...patterns].map(([pattern, child]) => [pattern, readCors(child, problems)] as const));
}

function timeoutsOf(node: PropertyNode | undefined, problems: Problems, notes: string[]) {
  for (const [name, child] of node?.children ?? []) {
    if (!['connecttimeout', 'responsetimeout'].includes(relaxed(name)))
      notes.push(
        `${child.place}: "${child.key}" does nothing here${name === 'ssl' ? '; see upstreamTls in gateway.ts' : ''}`,
      );
  }
  return {
    connectTimeoutMs: durationAt(childOf(node, 'connect-timeout'), problems),
    responseTimeoutMs: durationAt(childOf(node, 'response-timeout'), problems),
  };
}

/** A duration; `500` is milliseconds. */
export function durationAt(node: PropertyNode | undefined, problems: Problems): number | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const ms = durationMs(text);
  if (ms === undefined) problems.add(node, `"${text}" is no duration such as 500 or 5s`);
  return ms;
}

const secureHeaderNames: Readonly<Record<string, string>> = {
  'xss-protection-header': 'X-Xss-Protection',
  'strict-transport-security': 'Strict-Transport-Security',
  'frame-options': 'X-Frame-Options',
  'content-type-options': 'X-Content-Type-Options',
  'referrer-policy': 'Referrer-Policy',
  'content-security-policy': 'Content-Security-Policy',
  'download-options': 'X-Download-Options',
  'permitted-cross-domain-policies': 'X-Permitted-Cross-Domain-Policies',
  'permissions-policy': 'Permissions-Policy',
};

function secureHeadersOf(node: PropertyNode | undefined): SecureHeadersOptions {
  const options: Record<string, string | false> = {};
  const enabled = new Set(itemsOf(childOf(node, 'enable')).map((name) => name.toLowerCase()));
  for (const [property, name] of Object.entries(secureHeaderNames)) {
    const value = textOf(childOf(node, property));
    const isOptIn = property === 'permissions-policy';
    if (value !== undefined && (!isOptIn || enabled.has(name.toLowerCase()))) options[name] = value;
  }
  for (const name of itemsOf(childOf(node, 'disable'))) {
    const written = Object.values(secureHeaderNames).find((one) => one.toLowerCase() === name.toLowerCase());
    options[written ?? name] = false;
  }
  return options;
}

function disabledIn(node: PropertyNode | undefined): ReadonlySet<string> {
  const disabled = [...(node?.children ?? [])].filter(([, child]) => textOf(childOf(child, 'enabled')) === 'false');
  return new Set(disabled.map(([name]) => relaxed(name)));
}

function refuseDiscovery(node: PropertyNode | undefined, problems: Problems): void {
  if (node !== undefined && textOf(node) === 'true')
    problems.add(node, 'nothing is exposed by being registered; write a route for each service that is to be seen');
}
