import { ids, messageOf, randomItem, systemClock, systemRandom, wait } from '@dure/core';
import type { Traffic, TrafficReport } from '@dure/dure';
import type { Answer, Asked } from './transport.ts';
import { ask } from './transport.ts';

const customers = 4;
const betweenMs = 100;
const againMs = 300;
const skus = ['tea-green', 'tea-citron', 'cup-moon', 'spoon-brass', 'paper-hanji', 'fan-folding'] as const;
const methods = ['card', 'card', 'card', 'declined-card', 'expired-card', 'lying-card'] as const;
const password = 'correct horse battery';
const address = { recipient: '김두레', street: '세종대로 110', city: '서울', postcode: '04524' };

/**
 * A few customers who look at products, search and buy, as browsers do: what they read they ask for once, what they buy they ask for
 * again, by the same key, until they have an answer.
 */
export const traffic: Traffic = (edge, signal) => new Market(edge, signal).report();

class Market {
  readonly #edge: string;
  readonly #signal: AbortSignal;
  readonly #ids = ids(systemClock, systemRandom);
  readonly #failures: Record<string, number> = {};
  #requests = 0;

  constructor(edge: string, signal: AbortSignal) {
    this.#edge = edge;
    this.#signal = signal;
  }

  async report(): Promise<TrafficReport> {
    await Promise.all(Array.from({ length: customers }, () => this.#customer()));
    const failed = Object.values(this.#failures).reduce((sum, count) => sum + count, 0);
    return { requests: this.#requests, failed, failures: this.#failures };
  }

  async #customer(): Promise<void> {
    const email = `${this.#ids.uuid()}@example.com`;
    await this.#insist({ method: 'POST', path: '/users', body: { email, password, name: 'Kim' } }, [201, 409]);
    const session = await this.#insist({ method: 'POST', path: '/sessions', body: { email, password } }, [200]);
    const authorization = `Bearer ${String(session?.token)}`;
    while (!this.#signal.aborted) {
      const sku = randomItem(systemRandom, skus) ?? skus[0];
      await this.#once({ method: 'GET', path: `/products/${sku}` });
      await this.#once({ method: 'GET', path: '/orders?limit=5', headers: { authorization } });
      const method = randomItem(systemRandom, methods);
      const body = { lines: [{ sku, quantity: 1 }], payment: { method }, address };
      const headers = { authorization, 'idempotency-key': this.#ids.uuid() };
      await this.#insist({ method: 'POST', path: '/orders', headers, body }, [202]);
      await wait(systemClock, betweenMs, this.#signal);
    }
  }

  async #once(asked: Asked): Promise<void> {
    await this.#send(asked, [200]);
  }

  /** Asks until it is answered as it should be, not before it is said to make sense, or until everybody goes home. */
  async #insist(asked: Asked, expected: readonly number[]): Promise<Answer['body'] | undefined> {
    for (;;) {
      const answer = await this.#send(asked, expected);
      if (answer !== undefined && expected.includes(answer.status)) return answer.body;
      if (!(await wait(systemClock, answer?.retryAfterMs ?? againMs, this.#signal))) return undefined;
    }
  }

  async #send(asked: Asked, expected: readonly number[]): Promise<Answer | undefined> {
    this.#requests += 1;
    const what = `${asked.method} /${asked.path.split(/[/?]/)[1]}`;
    try {
      const answer = await ask(this.#edge, asked);
      if (!expected.includes(answer.status))
        this.#failed(`${what}: ${answer.status} ${String(answer.body.code ?? '')}`);
      return answer;
    } catch (error) {
      this.#failed(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  }

  #failed(how: string): void {
    this.#failures[how] = (this.#failures[how] ?? 0) + 1;
  }
}
