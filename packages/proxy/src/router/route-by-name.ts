import { headers, parseTraceparent } from '@dure/core';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import { demandBody } from '../engine/arrived-request.ts';
import { clientSource } from '../engine/client-source.ts';
import { Exchange } from '../engine/exchange.ts';
import { forwarding } from '../engine/forwarding.ts';
import type { ProxyEngine } from '../engine/proxy-engine.ts';
import { gatewayErrors } from '../errors.ts';
import type { RequestHead } from '../http/request-head.ts';
import { isSameOrigin } from '../http/same-origin.ts';
import type { Destinations } from './destinations.ts';

/**
 * By method, whether a request may be sent again although an instance may have carried it out (RFC 9110 §9.2.2). The
 * router knows no contract, so an `Idempotency-Key` proves nothing to it.
 */
const methods: ReadonlyMap<string, boolean> = new Map([
  ['GET', true],
  ['HEAD', true],
  ['POST', false],
  ['PUT', true],
  ['PATCH', false],
  ['DELETE', true],
  ['OPTIONS', true],
]);

/** The names that mean this machine, and only this machine (RFC 6761 §6.3). */
const localHost = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Forwards a request to the service that the first segment of its path names, with the rest of the path. */
export function routeByName(engine: ProxyEngine, known: Destinations, arrived: ArrivedRequest): undefined {
  const { request, head, target } = arrived;
  const { method = '' } = request;
  demandLocal(head);
  const isRepeatable = methods.get(method);
  if (isRepeatable === undefined) {
    const allow = [...methods.keys()].join(', ');
    throw gatewayErrors.METHOD_NOT_ALLOWED(`the router takes ${allow}, not ${method.slice(0, 20)}`, {
      details: { allow },
    });
  }
  const slash = target.path.indexOf('/', 1);
  const name = slash < 0 ? target.path.slice(1) : target.path.slice(1, slash);
  const destination = known.find(name);
  if (destination === undefined) throw unknown(name, known);
  demandBody(head, method === 'GET' || method === 'HEAD', engine.limits.maxBodyBytes, method);
  const parent = parseTraceparent(head.traceparent);
  const span = engine.telemetry.startSpan(`${method} /${destination.service}`, {
    kind: 'server',
    attributes: { 'http.request.method': method, 'dure.service': destination.service },
    ...(parent === undefined ? {} : { parent }),
  });
  const exchange = new Exchange(engine, clientSource(arrived), {
    route: destination.service,
    destination,
    span,
    isRepeatable,
  });
  exchange.path = slash < 0 ? '/' : target.path.slice(slash);
  exchange.callersBudget = budgetOf(request.rawHeaders);
  exchange.run(forwarding);
  return undefined;
}

/** The retries that a program inside still allows; every hop that began anew would multiply them. Who says more gets no more. */
function budgetOf(raw: readonly string[]): number | undefined {
  for (let index = 0; index < raw.length; index += 2) {
    const value = raw[index + 1] ?? '';
    if (raw[index]?.toLowerCase() === headers.retryBudget && /^\d{1,12}$/.test(value)) return Number(value);
  }
  return undefined;
}

/** A page in a browser on this machine reaches the loopback address too, by itself or by a name that is turned here. */
function demandLocal(head: RequestHead): void {
  if (!localHost.test(head.host)) {
    throw gatewayErrors.NOT_LOCAL('the field "Host" names another machine; the router is for programs on this one');
  }
  if (!isSameOrigin(head)) throw gatewayErrors.NOT_LOCAL('a page of another origin cannot use the router');
}

function unknown(name: string, known: Destinations) {
  const names = known.names().join(', ') || 'none yet';
  return gatewayErrors.SERVICE_UNKNOWN(
    name === ''
      ? `the path names no service; write /{service}/…, where the service is one of: ${names}`
      : `there is no service "${name.slice(0, 64)}"; the router knows: ${names}`,
  );
}
