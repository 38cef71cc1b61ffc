import type { Exchange } from '../engine/exchange.ts';
import { isAuthority } from '../http/request-head.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { escaped, fieldName, filterText, refuseFilter } from './filter-setting.ts';
import { addRequestValue, dropRequestField, requestValues } from './request-field.ts';
import type { VariablesOf } from './variable-template.ts';
import { fieldTemplate } from './variable-template.ts';

/** A layer that changes what is forwarded and passes it on. */
export function requestFilter<Name extends string = never>(
  name: string,
  text: string,
  change: (exchange: Exchange) => void,
  variables: readonly Name[] = [],
): NamedLayer<Name> {
  const layer: NamedLayer['layer'] = (next) => (exchange) => {
    change(exchange);
    return next(exchange);
  };
  return variables.length === 0 ? { name, text, layer } : { name, text, layer, variables };
}

/**
 * Forwards one more value of a header field, beside those that are there; `{name}` in it is a variable of the path or host.
 *
 * @example
 * addRequestHeader('X-Tenant', '{tenant}')
 */
export function addRequestHeader<const Value extends string>(
  name: string,
  value: Value,
): NamedLayer<VariablesOf<Value>> {
  const filter = 'AddRequestHeader';
  const field = fieldName(filter, name);
  const { expand, variables } = fieldTemplate(filter, value);
  const text = filterText(filter, { [name]: value });
  return requestFilter(
    filter,
    text,
    (exchange) => addRequestValue(exchange, field, expand(exchange.variables)),
    variables,
  );
}

/** Forwards a header field with one value in place of all that are there; `{name}` in it is a variable. */
export function setRequestHeader<const Value extends string>(
  name: string,
  value: Value,
): NamedLayer<VariablesOf<Value>> {
  const filter = 'SetRequestHeader';
  const field = fieldName(filter, name);
  const { expand, variables } = fieldTemplate(filter, value);
  const change = (exchange: Exchange) => {
    dropRequestField(exchange, field);
    addRequestValue(exchange, field, expand(exchange.variables));
  };
  return requestFilter(filter, filterText(filter, { [name]: value }), change, variables);
}

/** Forwards values of header fields that the request does not have; several for one name are all forwarded. */
export function addRequestHeadersIfNotPresent<const Value extends string>(
  pairs: readonly (readonly [name: string, value: Value])[],
): NamedLayer<VariablesOf<Value>> {
  const filter = 'AddRequestHeadersIfNotPresent';
  const fields = pairs.map(([name, value]) => ({ name: fieldName(filter, name), ...fieldTemplate(filter, value) }));
  const change = (exchange: Exchange) => {
    const missing = fields.filter(({ name }) => requestValues(exchange, name).length === 0);
    for (const { name, expand } of missing) addRequestValue(exchange, name, expand(exchange.variables));
  };
  const text = filterText(filter, { headers: pairs.map(([name, value]) => `${name}:${value}`) });
  return requestFilter(
    filter,
    text,
    change,
    fields.flatMap(({ variables }) => variables),
  );
}

/** Forwards a request without a header field. */
export function removeRequestHeader(name: string): NamedLayer<never> {
  const filter = 'RemoveRequestHeader';
  const field = fieldName(filter, name);
  return requestFilter(filter, filterText(filter, { name }), (exchange) => dropRequestField(exchange, field));
}

/** Forwards the values of one header field as values of another one, too. */
export function mapRequestHeader(fromHeader: string, toHeader: string): NamedLayer<never> {
  const filter = 'MapRequestHeader';
  const [from, to] = [fieldName(filter, fromHeader), fieldName(filter, toHeader)];
  return requestFilter(filter, filterText(filter, { fromHeader, toHeader }), (exchange) => {
    for (const value of requestValues(exchange, from)) addRequestValue(exchange, to, value);
  });
}

/** Forwards the Host field as the client sent it, in place of the instance's address. */
export function preserveHostHeader(): NamedLayer<never> {
  return requestFilter('PreserveHostHeader', 'PreserveHostHeader', (exchange) => {
    exchange.sentHost = exchange.host;
  });
}

/** Forwards another Host field. */
export function setRequestHostHeader(host: string): NamedLayer<never> {
  const filter = 'SetRequestHostHeader';
  if (!isAuthority(host)) throw refuseFilter(filter, `has "${escaped(host)}", which is not a host and a port`);
  return requestFilter(filter, filterText(filter, { host }), (exchange) => {
    exchange.sentHost = host;
  });
}
