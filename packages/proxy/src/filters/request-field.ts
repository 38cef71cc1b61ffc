import type { Exchange } from '../engine/exchange.ts';
import { fieldValues, withField, withoutField } from '../http/field-lines.ts';

/** Every value of a header field that is forwarded. Credentials are kept apart from the rest. */
export function requestValues({ fields, authorization, cookie }: Exchange, name: string): readonly string[] {
  const kept = name.toLowerCase() === 'authorization' ? authorization : cookie;
  return isCredential(name) ? (kept === undefined ? [] : [kept]) : fieldValues(fields, name);
}

/** Forwards one more value; of credentials there is one. */
export function addRequestValue(exchange: Exchange, name: string, value: string): void {
  if (!isCredential(name)) exchange.fields = withField(exchange.fields, name, value);
  else if (name.toLowerCase() === 'authorization') exchange.authorization = value;
  else exchange.cookie = exchange.cookie === undefined ? value : `${exchange.cookie}; ${value}`;
}

/** Forwards a request without a header field. */
export function dropRequestField(exchange: Exchange, name: string): void {
  if (!isCredential(name)) exchange.fields = withoutField(exchange.fields, name);
  else if (name.toLowerCase() === 'authorization') exchange.authorization = undefined;
  else exchange.cookie = undefined;
}

function isCredential(name: string): boolean {
  return /^(?:authorization|cookie)$/i.test(name);
}
