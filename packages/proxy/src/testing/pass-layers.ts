import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { staticInstances } from '@dure/balancer';
import { seededRandom, systemClock } from '@dure/core';
import { testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { EdgeHandler } from '../engine/edge-layer.ts';
import { edgeStack } from '../engine/edge-layer.ts';
import { Exchange } from '../engine/exchange.ts';
import type { AnswerOwner, ClientSide } from '../engine/exchange-source.ts';
import { proxyEngine } from '../engine/proxy-engine.ts';
import { readRequestHead } from '../http/request-head.ts';
import { readTarget } from '../http/target.ts';
import type { NamedLayer } from '../routing/route-rule.ts';

export interface PassedParts {
  readonly target?: string;
  /** Names and values in turn, without `Host`. */
  readonly fields?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly answer?: { readonly status?: number; readonly fields?: readonly string[]; readonly body?: string };
}

export interface Passed {
  /** What came through the layers; undefined when nothing did. */
  readonly forwarded: Exchange | undefined;
  readonly status: number;
  /** `name: value`, in order. */
  readonly fields: readonly string[];
  readonly body: string;
}

const engine = proxyEngine(
  'gateway',
  { policies: {}, limits: {}, secure: false },
  {
    clock: systemClock,
    random: seededRandom(1),
    ids: testIds(),
    telemetry: silentTelemetry(),
    instances: staticInstances(),
  },
);

/** What a client would have received. */
class KeptAnswer implements ClientSide {
  owner: AnswerOwner | undefined;
  isBegun = false;
  status = 0;
  fields: readonly string[] = [];
  body = '';

  attach(owner: AnswerOwner): void {
    this.owner = owner;
  }
  leaveRest(): void {}
  sendContinue(): void {}
  isFor(): boolean {
    return false;
  }
  begin(status: number, fields: string[]): void {
    assert.equal(this.isBegun, false, 'an answer begins once');
    this.isBegun = true;
    this.status = status;
    this.fields = fields.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${fields[at + 1]}`] : []));
  }
  flush(): void {}
  write(piece: Buffer): boolean {
    this.body += piece.toString();
    return true;
  }
  whenDrained(go: () => void): void {
    go();
  }
  end(piece?: Buffer): void {
    if (piece !== undefined) this.write(piece);
    this.owner?.close(this.status);
  }
  abort(): void {
    this.owner?.close(499);
  }
}

/** Sends one request through layers, outermost first, to a service that answers with `ok` or as it is told. */
export function passLayers(layers: readonly NamedLayer[], parts: PassedParts = {}): Passed {
  const target = readTarget(parts.target ?? '/');
  const head = readRequestHead(['Host', 'shop.test:8080', ...(parts.fields ?? [])], 100);
  if (!target.ok || 'refusal' in head) assert.fail('the request of the test is not well-formed');
  const client = new KeptAnswer();
  const exchange = new Exchange(
    engine,
    { method: 'GET', head, target, address: '192.0.2.7', expectsContinue: false, body: Readable.from([]), client },
    {
      route: 'things',
      destination: { service: 'things', called: 'things', operation: '*', timeoutMs: 1_000, stream: false, prefix: '' },
      span: engine.telemetry.startSpan('test'),
      isRepeatable: true,
      ...(parts.variables !== undefined && { bound: { variables: parts.variables } }),
    },
  );
  const {
    status = 200,
    fields = ['content-type', 'text/plain', 'content-length', '2'],
    body = 'ok',
  } = parts.answer ?? {};
  const reached: Exchange[] = [];
  const service: EdgeHandler = (one) => {
    reached.push(one);
    one.answer.begin(status, [...fields], Buffer.byteLength(body));
    for (const letter of body.slice(0, -1)) one.answer.write(Buffer.from(letter));
    one.answer.end(Buffer.from(body.slice(-1)));
  };
  exchange.run(
    edgeStack(
      layers.map(({ layer }) => layer),
      service,
    ),
  );
  return { forwarded: reached[0], status: client.status, fields: client.fields, body: client.body };
}
