import type { DureError } from '@dure/core';
import { isAccess } from '@dure/service/contract';
import { gatewayErrors } from '../errors.ts';
import { isForbiddenAddress } from '../upstream/forbidden-addresses.ts';
import type { RouteRule, ValueMatch } from './route-rule.ts';

/** Why a rule cannot be used: GATEWAY_ROUTE_INVALID, with its id and its source; undefined if it can. */
export function ruleProblem(rule: RouteRule): DureError | undefined {
  const why = fault(rule);
  if (why === undefined) return undefined;
  const { id, source } = rule;
  return gatewayErrors.ROUTE_INVALID(`${source}: the route "${id}" ${why}`, { details: { id, source } });
}

function fault({ id, order, match, to, access, timeoutMs, connectTimeoutMs, layers }: RouteRule): string | undefined {
  if (id === '') return 'has no id';
  if (!Number.isFinite(order)) return `has the order ${order}, which is not a number`;
  // Rules also come from files and from JavaScript, where the compiler cannot demand it.
  if (!isAccess(access)) return "has no access policy; state `access`: 'public', 'user', { role } or { userScope }";
  if (to.kind === 'service' && to.service === '') return 'leads to a service without a name';
  if (to.kind === 'url' && !/^https?:$/.test(URL.parse(to.url)?.protocol ?? '')) {
    return `leads to "${to.url}", which is not an address such as http://127.0.0.1:8080 or https://partner.example`;
  }
  if (to.kind === 'url' && isForbiddenAddress(new URL(to.url).hostname)) {
    return `leads to "${to.url}", a link-local, multicast or unspecified address, where no service lives`;
  }
  if (to.kind === 'none' && layers.length === 0) return 'leads nowhere, and no layer of it can answer';
  for (const [name, value] of Object.entries({ timeoutMs, connectTimeoutMs })) {
    if (value !== undefined && !(value > 0)) return `has a ${name} of ${value}; it must be more than 0`;
  }
  return matchFault(match);
}

function matchFault(match: RouteRule['match']): string | undefined {
  const { paths, methods, hosts, remoteAddresses, after, before, weight } = match;
  for (const [name, list] of Object.entries({ paths, methods, hosts, remoteAddresses })) {
    if (list?.length === 0) return `has an empty list of ${name} and can never match; leave the list out to match all`;
  }
  const odd = methods?.find((method) => !/^[A-Z][A-Z-]*$/.test(method));
  if (odd !== undefined) return `names the method "${odd}"; methods are written in upper case`;
  if (after !== undefined && before !== undefined && after >= before)
    return 'ends before it begins (`after`, `before`)';
  if (weight !== undefined && !(weight.weight >= 0 && Number.isFinite(weight.weight))) {
    return `has the weight ${weight.weight}; it must be 0 or more`;
  }
  const nameless = [match.headers, match.queries, match.cookies].flatMap((list) => list ?? []).find(isNameless);
  return nameless === undefined ? undefined : 'asks for a header, query parameter or cookie without a name';
}

function isNameless({ name }: ValueMatch): boolean {
  return name === '';
}
