import type { Access } from '@dure/service/contract';
import { unknownVariable } from '../routing/route.ts';
import type { RouteTarget } from '../routing/route-rule.ts';
import { ruleProblem } from '../routing/rule-problem.ts';
import { Arguments } from './arguments.ts';
import { readCors } from './cors-setting.ts';
import type { Definition } from './definition.ts';
import { readDefinition, shortDefinition } from './definition.ts';
import type { FilterDraft } from './filter-kind.ts';
import type { GatewaySection } from './gateway-section.ts';
import { durationAt, listOf } from './gateway-section.ts';
import type { MatchDraft } from './match-draft.ts';
import { emptyMatch, finishedMatch } from './match-draft.ts';
import { predicateKinds, refusedPredicates } from './predicates.ts';
import type { Problems, Written } from './problems.ts';
import { badAt } from './problems.ts';
import type { PropertyNode } from './property-node.ts';
import { childOf, plainOf, relaxed, textOf } from './property-node.ts';
import { readFilters } from './read-filters.ts';
import type { RateLimitKey, SpringRule } from './spring-rule.ts';

/** What every route of a configuration shares. */
export interface RouteContext {
  readonly section: GatewaySection;
  readonly access: Exclude<Access, 'service' | { readonly scope: string }> | undefined;
  readonly keyResolvers: Readonly<Record<string, RateLimitKey>>;
  readonly problems: Problems;
}

const fields = ['id', 'uri', 'predicates', 'filters', 'metadata', 'order', 'enabled'];

/** Reads one route; undefined when it is switched off, or cannot be used. */
export function readRoute(node: PropertyNode, context: RouteContext): SpringRule | undefined {
  const { problems } = context;
  const before = problems.count;
  const text = node.children.size === 0 ? textOf(node) : undefined;
  const parts = text === undefined ? undefined : problems.collect(node, () => textRoute(text, node));
  if (text !== undefined && parts === undefined) return undefined;
  for (const [name, child] of node.children)
    if (!fields.some((one) => relaxed(one) === relaxed(name)))
      problems.addUnknown(child, 'field of a route', name, fields);
  if (textOf(childOf(node, 'enabled')) === 'false') return undefined;
  const id = parts?.id ?? textOf(childOf(node, 'id')) ?? `route_${/\[(\d+)\]$/.exec(node.key)?.[1] ?? '0'}`;
  const uri = parts?.uri ?? textOf(childOf(node, 'uri'));
  const to = problems.collect(node, () => targetOf(uri, childOf(node, 'uri') ?? node));
  const match = emptyMatch();
  const predicates = parts?.predicates ?? listOf(childOf(node, 'predicates'), problems);
  if (predicates.length === 0) problems.add(node, `the route "${id}" has no predicate, and would take everything`);
  for (const predicate of predicates) problems.collect(predicate, () => readPredicate(predicate, match, context));
  const draft: FilterDraft = { secureHeaders: context.section.secureHeaders, keyResolvers: context.keyResolvers };
  const own = listOf(childOf(node, 'filters'), problems);
  const filters = readFilters(context.section.defaultFilters, own, draft, context.section.disabledFilters, problems);
  const access = accessOf(childOf(childOf(node, 'metadata'), 'access'), context, node, id);
  if (to === undefined || access === undefined || uri === undefined) return undefined;
  const { circuitBreaker, retry, rateLimit, cache, url } = draft;
  const rule: SpringRule = {
    id,
    order: orderOf(childOf(node, 'order'), problems),
    match: finishedMatch(match),
    to: url === undefined ? to : { kind: 'url', url },
    access,
    layers: filters.flatMap(({ layer }) => layer ?? []),
    ...metadataOf(childOf(node, 'metadata'), context),
    source: node.place,
    ...((circuitBreaker ?? retry) !== undefined && {
      resilience: { ...(circuitBreaker && { circuitBreaker }), ...(retry && { retry }) },
    }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(cache !== undefined && { cache }),
    display: { uri, predicates: match.shown, filters: filters.map(({ text, order }) => ({ text, order })) },
  };
  const fault = problems.count === before ? (ruleProblem(rule) ?? unknownVariable(rule)) : undefined;
  if (fault !== undefined) problems.add(node, fault.message.slice(`${rule.source}: `.length));
  return rule;
}

interface TextRoute {
  readonly id: string;
  readonly uri: string;
  readonly predicates: readonly Definition[];
}

/** `id=uri,Predicate=argument,…` */
function textRoute(text: string, node: PropertyNode): TextRoute {
  const equals = text.indexOf('=');
  const [uri = '', ...predicates] = text
    .slice(equals + 1)
    .split(',')
    .map((part) => part.trim());
  if (equals < 1 || uri === '') throw badAt(node, `"${text}" is no route; write "id=uri,Predicate=argument"`);
  return {
    id: text.slice(0, equals).trim(),
    uri,
    predicates: predicates.map((one) => shortDefinition(one, node, false)),
  };
}

function readPredicate(
  written: Definition | PropertyNode,
  match: MatchDraft,
  { section, problems }: RouteContext,
): void {
  const definition = 'given' in written ? written : readDefinition(written, false);
  const { name } = definition;
  const kind = Object.hasOwn(predicateKinds, name) ? predicateKinds[name] : undefined;
  const why = Object.hasOwn(refusedPredicates, name) ? refusedPredicates[name] : undefined;
  if (why !== undefined) problems.add(definition, `the predicate "${name}" cannot be lifted over: ${why}`);
  else if (kind === undefined) problems.addUnknown(definition, 'predicate', name, Object.keys(predicateKinds));
  else if (section.disabledPredicates.has(relaxed(name)))
    problems.add(definition, `the predicate "${name}" is disabled in this configuration`);
  else kind.read(new Arguments(definition, kind), match);
}

/** Of a `uri` only scheme, host and port count, as in Spring. */
function targetOf(uri: string | undefined, at: Written): RouteTarget {
  if (uri === undefined) throw badAt(at, 'the route has no "uri"');
  if (/^no:\/\//.test(uri)) return { kind: 'none' };
  const [, service] = /^lb:(?:(?:https?|wss?):)?\/\/([^/?#]*)/.exec(uri) ?? [];
  if (service !== undefined) {
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(service))
      throw badAt(at, `"${uri}" has an invalid host: "${service}"`);
    return { kind: 'service', service: service.toLowerCase() };
  }
  if (/^forward:/.test(uri)) throw badAt(at, `"${uri}" leads to a handler written in Java; name a service: lb://name`);
  const [, origin] = /^((?:https?|wss?):\/\/[^/?#@\s]+)(?:[/?#].*)?$/i.exec(uri) ?? [];
  if (origin === undefined || URL.parse(origin) === null)
    throw badAt(at, `"${uri}" is no address; expected lb://service, http://host:port, ws://host or no://op`);
  return { kind: 'url', url: origin.replace(/^ws/i, 'http') }; // a WebSocket begins as a request
}

function orderOf(node: PropertyNode | undefined, problems: Problems): number {
  const text = textOf(node) ?? '0';
  if (node !== undefined && !/^-?\d{1,10}$/.test(text)) problems.add(node, `the order "${text}" is no whole number`);
  return Number(text);
}

/** Longer than any request: a timer can count to no more. */
const noTimeoutMs = 2 ** 31 - 1;

function metadataOf(node: PropertyNode | undefined, { section, problems }: RouteContext) {
  const response = durationAt(childOf(node, 'response-timeout'), problems) ?? section.responseTimeoutMs;
  const connect = durationAt(childOf(node, 'connect-timeout'), problems) ?? section.connectTimeoutMs;
  const cors = childOf(node, 'cors');
  const metadata: unknown = node === undefined || node.children.size === 0 ? {} : plainOf(node);
  return {
    metadata: typeof metadata === 'object' && metadata !== null ? { ...metadata } : {},
    ...(response !== undefined && { timeoutMs: response < 0 ? noTimeoutMs : response }),
    ...(connect !== undefined && { connectTimeoutMs: connect }),
    ...(cors !== undefined && { cors: readCors(cors, problems) }),
  };
}

/** `metadata.access`: `public`, `user`, `{ role: … }` or `{ user-scope: … }`; Spring has no such thing, so it may be told for all. */
function accessOf(
  node: PropertyNode | undefined,
  { access, problems }: RouteContext,
  route: Written,
  id: string,
): Access | undefined {
  const text = textOf(node);
  const [role, userScope] = ['role', 'userScope'].map((name) => textOf(childOf(node, name)));
  if (text === 'public' || text === 'user') return text;
  if (role !== undefined) return { role };
  if (userScope !== undefined) return { userScope };
  if (node === undefined && access !== undefined) return access;
  problems.add(
    node ?? route,
    `the route "${id}" does not say who may use it; write metadata.access: public, user, { role: … } or { user-scope: … }`,
  );
  return undefined;
}
