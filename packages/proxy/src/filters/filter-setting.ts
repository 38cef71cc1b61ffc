import { gatewayErrors } from '../errors.ts';
import { hopByHop } from '../http/field-kinds.ts';

/** GATEWAY_ROUTE_INVALID for a setting of a filter. */
export function refuseFilter(filter: string, why: string) {
  return gatewayErrors.ROUTE_INVALID(`${filter} ${why}`, { details: { filter } });
}

/** A filter with its settings, as Spring's `ToStringCreator` shows them: `StripPrefix parts = 1`. */
export function filterText(filter: string, settings: Readonly<Record<string, unknown>> = {}): string {
  const shown = Object.entries(settings).map(([name, value]) => `${name} = ${shownValue(value)}`);
  return [filter, shown.join(', ')].join(' ').trimEnd();
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return Array.isArray(value) ? `[${value.map(shownValue).join(', ')}]` : String(value);
}

const tokenText = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5: visible characters, spaces, tabs and what remains of Latin-1. */
const valueText = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What frames messages, leads them or says who asks is not for filters. */
const framing: ReadonlySet<string> = new Set([...hopByHop, 'content-length', 'host', 'expect', 'traceparent']);
const setByGateway = /^(?:dure-|x-forwarded-(?:for|host|port|proto|prefix)$|forwarded$)/;

/** A header field's name, checked. GATEWAY_ROUTE_INVALID. */
export function fieldName(filter: string, name: string): string {
  if (!tokenText.test(name))
    throw refuseFilter(filter, `has "${escaped(name)}", which is not the name of a header field`);
  const plain = name.toLowerCase();
  if (plain === 'host')
    throw refuseFilter(filter, 'cannot change "Host"; use SetRequestHostHeader or PreserveHostHeader');
  if (framing.has(plain)) throw refuseFilter(filter, `cannot change "${name}", which belongs to the connection`);
  if (setByGateway.test(plain)) throw refuseFilter(filter, `cannot change "${name}", which the gateway itself sets`);
  return name;
}

/** A header field's value, checked: nothing in it may end the field. GATEWAY_ROUTE_INVALID. */
export function fieldText(filter: string, value: string): string {
  if (!valueText.test(value))
    throw refuseFilter(filter, `has the value "${escaped(value)}", with a character that no header field may hold`);
  return value.trim();
}

/** Characters that cannot be seen, as numbers, so that a message shows them and a log line stays one. */
export function escaped(text: string): string {
  return text
    .slice(0, 200)
    .replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A whole number, checked. GATEWAY_ROUTE_INVALID. */
export function wholeNumber(filter: string, setting: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw refuseFilter(filter, `has ${setting} ${value}; it must be a whole number of at least ${least}`);
  return value;
}
