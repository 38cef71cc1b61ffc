import { Readable } from 'node:stream';
import type { Answer } from './answer.ts';
import { PassingAnswer } from './answer.ts';
import type { Destination } from './destination.ts';
import { Exchange } from './exchange.ts';
import type { AnswerOwner, ClientSide } from './exchange-source.ts';
import type { ProxyEngine } from './proxy-engine.ts';

/** What a request without a client differs in from the one that it is made of. */
export interface DetachedOptions {
  readonly route: string;
  readonly destination: Destination;
  readonly isRepeatable: boolean;
  /** Whether it counts as a request of its own, in metrics and the access log. Default true. */
  readonly isObserved?: boolean;
  /** The whole body; default none. */
  readonly body?: Buffer;
  /** Where the answer goes. It hears `abort` also when no answer comes about. */
  readonly answer: Answer;
}

/**
 * Makes a request that no client waits for out of one under way: the same method, target, fields, credentials and
 * wishes, on a trace below its own. Whoever calls runs it.
 */
export function detached(exchange: Exchange, options: DetachedOptions): Exchange {
  const { method, head, target, address, span } = exchange;
  const { route, destination, isRepeatable, isObserved = true, body, answer } = options;
  const engine = isObserved ? exchange.engine : unobserved(exchange.engine);
  const made = new Exchange(
    engine,
    {
      method,
      head: { ...head, chunked: false, contentLength: body?.length },
      target,
      address,
      protocol: exchange.protocol,
      through: exchange.through,
      expectsContinue: false,
      body: Readable.from(body === undefined ? [] : [body]),
      client: new DetachedClient(answer),
    },
    {
      route,
      destination,
      isRepeatable,
      bound: exchange,
      span: engine.telemetry.startSpan(route, { kind: 'internal', parent: span.context }),
    },
  );
  made.path = exchange.path;
  made.query = exchange.query;
  made.fields = exchange.fields;
  made.authorization = exchange.authorization;
  made.cookie = exchange.cookie;
  made.identity = exchange.identity;
  made.want = exchange.want;
  return made;
}

const unobservedEngines = new WeakMap<ProxyEngine, ProxyEngine>();

/** The same engine, which tells nobody what became of an exchange. */
function unobserved(engine: ProxyEngine): ProxyEngine {
  const known = unobservedEngines.get(engine) ?? { ...engine, observe: () => {} };
  unobservedEngines.set(engine, known);
  return known;
}

/** Nobody: the exchange ends with its answer. */
class DetachedClient extends PassingAnswer implements ClientSide {
  #owner: AnswerOwner | undefined;
  #status: number | undefined;

  constructor(answer: Answer) {
    super(answer);
  }

  get isBegun(): boolean {
    return this.#status !== undefined;
  }

  attach(owner: AnswerOwner): void {
    this.#owner = owner;
  }

  leaveRest(): void {
    // There is no connection.
  }

  sendContinue(): void {
    // Nobody waits for it.
  }

  isFor(): boolean {
    return false;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    this.#status = status;
    this.next.begin(status, fields, bodyBytes);
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    this.next.end(piece, trailers);
    this.#owner?.close(this.#status ?? 499);
  }

  override abort(): void {
    this.next.abort();
    this.#owner?.close(499);
  }
}
