import type { Instance } from '@dure/balancer';
import { staticInstances } from '@dure/balancer';
import type { Clock } from '@dure/core';
import { seededRandom, systemClock } from '@dure/core';
import { testIds } from '@dure/core/testing';
import type { MemoryTelemetry } from '@dure/telemetry/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import { clientSource } from '../engine/client-source.ts';
import type { Destination } from '../engine/destination.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import { edgeStack } from '../engine/edge-layer.ts';
import { Exchange } from '../engine/exchange.ts';
import type { ObserveExchange } from '../engine/exchange-view.ts';
import { openProxyListener } from '../engine/open-proxy-listener.ts';
import { proxyEngine } from '../engine/proxy-engine.ts';
import { requestHandler } from '../engine/request-handler.ts';
import { fieldValue } from '../http/field-lines.ts';
import { testVerifier } from './open-proxy.ts';

/** Layers of the edge behind a port of their own, and nothing else. */
export interface OpenEdge extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly telemetry: MemoryTelemetry;
  /** The requests that came through all layers, each as its header fields. */
  readonly arrived: readonly string[];
  /** What was noted about requests that have ended: `limit: peruser has less than 1 left`. */
  readonly notes: readonly string[];
}

export interface EdgeParts {
  readonly clock?: Clock;
  readonly telemetry?: MemoryTelemetry;
  readonly secure?: boolean;
  /** Instances of the service `things`. */
  readonly instances?: readonly Instance[];
  /** What answers behind the layers. Default: 200 with `ok`. */
  readonly handler?: EdgeHandler;
}

const destination: Destination = {
  service: 'things',
  called: 'things',
  operation: 'readThing',
  timeoutMs: 400,
  stream: false,
  prefix: '',
};

const ok: EdgeHandler = ({ answer }) => {
  answer.begin(200, ['content-type', 'text/plain', 'vary', 'accept-encoding'], 2);
  answer.end(Buffer.from('ok'));
};

/** Takes the word of `Authorization: Bearer ann` for who asks, and of `x-test-address` for from where. */
const believing: EdgeLayer = (next) => async (exchange) => {
  const { authorization } = exchange.head;
  if (authorization !== undefined) exchange.identity = await testVerifier.verify(authorization);
  const address = fieldValue(exchange.fields, 'x-test-address');
  if (address !== undefined) Object.assign(exchange, { address });
  return next(exchange);
};

/** Opens layers, outermost first, on 127.0.0.1. */
export async function openEdge(layers: readonly EdgeLayer[], parts: EdgeParts = {}): Promise<OpenEdge> {
  const { clock = systemClock, telemetry = memoryTelemetry({ clock }), secure = false, handler = ok } = parts;
  const instances = staticInstances({ things: parts.instances ?? [] });
  const tools = { clock, random: seededRandom(1), ids: testIds(), telemetry, instances };
  const notes: string[] = [];
  const observe: ObserveExchange = (one) => {
    for (const { what, text } of one.notes ?? []) notes.push(`${what}: ${text}`);
  };
  const engine = proxyEngine('gateway', { policies: {}, limits: {}, secure, observe }, tools);
  const arrived: string[] = [];
  const handle = edgeStack([believing, ...layers], (exchange) => {
    arrived.push(exchange.fields);
    return handler(exchange);
  });
  const take = requestHandler(engine, (one) => {
    const span = telemetry.startSpan('edge', { kind: 'server' });
    new Exchange(engine, clientSource(one), { route: 'things', destination, span, isRepeatable: true }).run(handle);
    return undefined;
  });
  const listener = await openProxyListener(engine, take, { host: '127.0.0.1', port: 0 });
  return {
    port: listener.port,
    origin: `http://127.0.0.1:${listener.port}`,
    telemetry,
    arrived,
    notes,
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}
