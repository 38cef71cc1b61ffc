import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import type { CacheRequest } from './cache-request.ts';
import type { CompleteRules } from './cache-rules.ts';
import type { CacheStore } from './cache-store.port.ts';
import { freshened, isAbout } from './freshening.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** The answer to a HEAD on its way to the client: it tells whether what is stored is still good (RFC 9111 §4.3.5). */
export class HeadAnswer extends PassingAnswer {
  readonly #store: CacheStore;
  readonly #stored: StoredAnswer | undefined;
  readonly #request: CacheRequest;
  readonly #rules: CompleteRules;
  readonly #sentMs: number;

  constructor(
    next: Answer,
    store: CacheStore,
    stored: StoredAnswer | undefined,
    request: CacheRequest,
    rules: CompleteRules,
  ) {
    super(next);
    this.#store = store;
    this.#stored = stored;
    this.#request = request;
    this.#rules = rules;
    this.#sentMs = request.clock.monotonicMs();
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (this.#stored !== undefined && status === 200 && this.#stored.status === 200) this.#judge(this.#stored, fields);
    this.next.begin(status, fields, bodyBytes);
  }

  #judge(stored: StoredAnswer, fields: readonly string[]): void {
    const { clock, route, fields: lines, isAuthenticated, hasCookie } = this.#request;
    if (!this.#store.find(stored.key).includes(stored)) return;
    this.#store.remove(stored);
    if (!isAbout(fields, stored, true)) return;
    const who = { isAuthenticated, hasCookie, isPrivate: false, isForPart: false };
    const asked = { key: stored.key, route, fields: lines, ...who };
    const arrival = { sentMs: this.#sentMs, cameMs: clock.monotonicMs(), cameAt: clock.now() };
    const { answer, isKept } = freshened(stored, fields, asked, arrival, this.#rules);
    if (isKept) this.#store.put(answer);
  }
}
