import type { StrictRequest } from './strict-request.ts';
import type { StrictResponse } from './strict-response.ts';

/**
 * What the gateway may change of a request, and nothing else: the target is in origin form and in its one spelling; `Host` is
 * the instance's; fields for one connection, fields that an outsider could forge and fields whose names hold an underscore
 * are gone; cookies are one field; the caller's token is the gateway's own (`testSigner`); who asked, the trace and the time left are added; chunks lose extensions and trailers,
 * lengths leading zeros.
 */
export function changesOfRequest(sent: StrictRequest, arrived: StrictRequest): readonly string[] {
  const named = namedByConnection(sent.fields);
  const kept = (name: string) => !dropped.test(name) && !name.includes('_') && !named.has(name) && !moved.has(name);
  const expected = sent.fields.filter(([name]) => kept(name));
  const added = new Set(['host', ...moved, 'forwarded', 'via', 'traceparent', 'transfer-encoding', 'content-length']);
  const ours = (name: string) => /^(?:dure-|x-forwarded-)/.test(name);
  return [
    ...different('method', sent.method, arrived.method),
    ...different('target', oneSpelling(sent.target), oneSpelling(arrived.target)),
    ...different('fields', text(expected), text(arrived.fields.filter(([name]) => !added.has(name) && !ours(name)))),
    ...different('cookie', valuesOf(sent, 'cookie').join('; ').trim(), valuesOf(arrived, 'cookie').join('; ')),
    ...different(
      'authorization',
      forThings(valuesOf(sent, 'authorization').join()),
      valuesOf(arrived, 'authorization').join(),
    ),
    ...different('host', valuesOf(sent, 'host').join(), valuesOf(arrived, 'x-forwarded-host').join()),
    ...different('length', lengthOf(sent), lengthOf(arrived)),
    ...different('chunks', `${sent.isChunked}`, `${arrived.isChunked}`),
    ...different('body', sent.body, arrived.body),
  ];
}

/**
 * What the gateway may change of an answer, and nothing else: the reason phrase is the usual one; fields for one connection
 * and the platform's own are gone; `Via`, `Date`, the trace id, `X-Content-Type-Options` and those for its own connection
 * are added; the body is framed anew.
 */
export function changesOfAnswer(sent: StrictResponse, arrived: StrictResponse): readonly string[] {
  const named = namedByConnection(sent.fields);
  const kept = (name: string) => !droppedOfAnswers.test(name) && !named.has(name);
  const expected = sent.fields.filter(([name]) => kept(name));
  const added = arrived.fields.slice(expected.length).map(([name]) => name);
  const strange = added.filter((name) => !addedToAnswers.has(name));
  return [
    ...different('status', `${sent.status}`, `${arrived.status}`),
    ...different('fields', text(expected), text(arrived.fields.slice(0, expected.length))),
    ...different('added fields', '', strange.join()),
    ...different('body', sent.body, arrived.body),
  ];
}

/** One spelling of a target, whatever was percent-encoded in it. */
export function oneSpelling(target: string): string {
  return unescape(target.replace(/^https?:\/\/[^/?]*/i, '').replace(/^(?=\?|$)/, '/'));
}

const connectionFields =
  'connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|proxy-authentication-info|te|trailer|transfer-encoding|upgrade|http2-settings';
const dropped = new RegExp(
  `^(?:${connectionFields}|forwarded|via|client-ip|true-client-ip|x-client-ip|x-cluster-client-ip|x-real-ip|x-original-url|x-original-host|x-rewrite-url|x-http-method|x-http-method-override|x-method-override|x-host|traceparent|tracestate|baggage|b3|expect|host|content-length|dure-.*|x-forwarded-.*|x-original-forwarded-for|x-b3-.*)$`,
);
const forThings = (authorization: string) => authorization.replace(/^Bearer (?=[a-z])/, 'Bearer things for ');
/** They go on, behind the others. */
const moved: ReadonlySet<string> = new Set(['authorization', 'cookie']);
const droppedOfAnswers = new RegExp(`^(?:${connectionFields}|dure-.*)$`);
const addedToAnswers: ReadonlySet<string> = new Set([
  ...['via', 'x-content-type-options', 'dure-request-id', 'date', 'connection', 'keep-alive', 'transfer-encoding'],
]);

function namedByConnection(fields: StrictRequest['fields']): ReadonlySet<string> {
  const values = fields.filter(([name]) => name === 'connection').map(([, value]) => value);
  return new Set(values.flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())));
}

function valuesOf({ fields }: StrictRequest, name: string): readonly string[] {
  return fields.filter(([known]) => known === name).map(([, value]) => value);
}

function lengthOf(request: StrictRequest): string {
  return valuesOf(request, 'content-length').map(Number).join();
}

function text(fields: StrictRequest['fields']): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('\n');
}

function different(what: string, sent: string, arrived: string): readonly string[] {
  return sent === arrived ? [] : [`${what}: ${JSON.stringify(sent)} became ${JSON.stringify(arrived)}`];
}
