import { Agent, request } from 'node:http';
import type { Random } from '@dure/core';
import { randomInteger, randomItem } from '@dure/core';
import type { Customer } from './customer.ts';
import { orderOf } from './customer.ts';

/** One request of a load, and what is a success. */
interface Kind {
  readonly name: string;
  readonly share: number;
  readonly status: number;
}

export interface LoadOptions {
  readonly edge: string;
  readonly customer: Customer;
  readonly random: Random;
  /** Requests at least. */
  readonly requests: number;
  /** Connections, each with one request at a time. */
  readonly connections: number;
  readonly perSecond: number;
  /** Which of them place an order, 0 to 1. */
  readonly orderShare: number;
  /**
   * Which of them sign in, 0 to 1, without a password, since a real one costs a quarter of a second of a processor: nobody on
   * the way may repeat these, and only the service can refuse them. The rest read.
   */
  readonly registerShare: number;
}

/** A load that runs. */
export interface Load {
  /** How many requests were answered until now. */
  readonly answered: number;
  /** Ends it once there were as many requests, by default those of the options; resolves when the last has been answered. */
  end(atLeast?: number): Promise<LoadReport>;
}

export interface LoadReport {
  readonly requests: number;
  readonly perSecond: number;
  readonly failures: readonly string[];
  /** The ids of the orders that were placed, one for each key. */
  readonly placed: readonly string[];
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly slowest: readonly string[] };
}

const skus = ['tea-green', 'tea-citron', 'cup-moon', 'spoon-brass', 'paper-hanji', 'hat-gat', 'drum-janggu'] as const;
const methods = ['card', 'card', 'card', 'declined-card', 'expired-card', 'lying-card'] as const;
const longestAnswerMs = 30_000;
const mostSlow = 5;

/**
 * Asks for products, stock and orders, places orders and signs in, over connections that are kept alive. Nothing is tried twice: whatever is
 * not the answer that was asked for is a failure.
 */
export function startLoad(options: LoadOptions): Load {
  const { random, requests, connections, perSecond } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const startedMs = performance.now();
  const failures: string[] = [];
  const placed: string[] = [];
  const latencies: number[] = [];
  let begun = 0;
  let enough = Number.POSITIVE_INFINITY;
  const slowest: { readonly ms: number; readonly sent: string }[] = [];
  const kinds = kindsOf(options);
  const work = async (): Promise<void> => {
    while (begun < enough) {
      const aheadMs = startedMs + (begun * 1_000) / perSecond - performance.now();
      begun += 1;
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
      const kind = pickKind(kinds, random);
      const fromMs = performance.now();
      const outcome = await send(kind, options, agent);
      const ms = Math.round(performance.now() - fromMs);
      const sent = `${kind.name} at ${Math.round(fromMs - startedMs)} ms`;
      latencies.push(ms);
      slowest.push({ ms, sent });
      if (slowest.length > 1_000) slowest.sort((a, b) => b.ms - a.ms).splice(mostSlow);
      if ('failure' in outcome) failures.push(`${sent}: ${outcome.failure}`);
      else if (outcome.orderId !== undefined) placed.push(outcome.orderId);
    }
  };
  const working = Promise.all(Array.from({ length: connections }, work));
  return {
    get answered() {
      return latencies.length;
    },
    async end(atLeast = requests) {
      enough = atLeast;
      await working;
      agent.destroy();
      const seconds = (performance.now() - startedMs) / 1_000;
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
      const slow = slowest.sort((a, b) => b.ms - a.ms).slice(0, mostSlow);
      const latency = { p50: at(0.5), p99: at(0.99), slowest: slow.map(({ ms, sent }) => `${ms} ms: ${sent}`) };
      return { requests: begun, perSecond: Math.round(begun / seconds), failures, placed, latency };
    },
  };
}

function kindsOf({ orderShare, registerShare }: LoadOptions): readonly Kind[] {
  const read = (1 - orderShare - registerShare) / 3;
  return [
    { name: 'POST /users', share: registerShare, status: 400 },
    { name: 'POST /orders', share: orderShare, status: 202 },
    { name: 'GET /orders', share: read, status: 200 },
    { name: 'GET /stock', share: read, status: 200 },
    { name: 'GET /products', share: read, status: 200 },
  ];
}

function pickKind(kinds: readonly Kind[], random: Random): Kind {
  let left = random.next();
  for (const kind of kinds) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  return kinds.at(-1) as Kind;
}

type Outcome = { readonly orderId?: string } | { readonly failure: string };

async function send({ name, status }: Kind, { edge, customer, random }: LoadOptions, agent: Agent): Promise<Outcome> {
  const sku = randomItem(random, skus) ?? 'tea-green';
  const authorization = { authorization: `Bearer ${customer.token}` };
  const exchanged = (method: string, path: string, headers: Readonly<Record<string, string>>, body?: string) =>
    exchange(`${edge}${path}`, { method, agent, headers, ...(body === undefined ? {} : { body }) });
  try {
    const answer = await (() => {
      switch (name) {
        case 'POST /orders': {
          const method = randomItem(random, methods) ?? 'card';
          const body = JSON.stringify(orderOf(sku, randomInteger(random, 1, 2), method));
          const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
          return exchanged('POST', '/orders', { ...authorization, ...headers }, body);
        }
        case 'POST /users':
          return exchanged('POST', '/users', { 'content-type': 'application/json' }, '{}');
        case 'GET /orders':
          return exchanged('GET', '/orders?limit=5', authorization);
        case 'GET /stock':
          return exchanged('GET', `/stock/${sku}`, {});
        default:
          return exchanged('GET', '/products?limit=5', {});
      }
    })();
    if (answer.status !== status) return { failure: `${answer.status} ${answer.text.slice(0, 300)}` };
    return status === 202 ? { orderId: String((JSON.parse(answer.text) as { orderId: unknown }).orderId) } : {};
  } catch (error) {
    return { failure: String(error) };
  }
}

interface Exchange {
  readonly method: string;
  readonly agent: Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request, sent once. */
function exchange(
  url: string,
  { body, ...init }: Exchange,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const headers = { ...init.headers, ...length };
    const outgoing = request(url, { ...init, headers, timeout: longestAnswerMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new RangeError(`no answer within ${longestAnswerMs} ms`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
