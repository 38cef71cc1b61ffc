import type { CircuitBreaker } from '@dure/resilience';
import { circuitBreaker } from '@dure/resilience';
import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import type { CircuitBreakerSetting } from './spring-rule.ts';

/** Breakers by their names: routes that name the same one share it. */
export type BreakersByName = Map<string, CircuitBreaker>;

/**
 * The breaker of a route as Spring Cloud Gateway has it: problems of the gateway's own (no instance, no answer in time)
 * and the stated statuses are failures. Instead of a failure, and while it is open, the fallback answers, if there is one;
 * `dispatch` leads the request there. The gateway's own breakers of instances stay what they are.
 */
export function circuitBreaking(
  { name, fallbackPath, statusCodes, resumeWithoutError }: CircuitBreakerSetting,
  breakers: BreakersByName,
  dispatch: (exchange: Exchange, path: string) => void | Promise<void>,
): EdgeLayer {
  const isFailure = (status: number, exchange: Exchange) =>
    statusCodes.includes(status) || (exchange.isRefused && status >= 500);
  const fallBack = (exchange: Exchange, answer: Answer, why: string) => {
    exchange.note('fallback', `${why}; ${fallbackPath} answers`);
    exchange.leaveWork();
    exchange.answer = answer;
    return dispatch(exchange, fallbackPath ?? '/');
  };
  return (next: EdgeHandler) => (exchange) => {
    const { clock } = exchange.engine;
    const breaker = breakers.get(name) ?? circuitBreaker({ clock, name });
    breakers.set(name, breaker);
    const permit = breaker.acquire();
    const { answer } = exchange;
    if (permit === undefined) {
      if (fallbackPath !== undefined) return fallBack(exchange, answer, `the circuit breaker "${name}" is open`);
      throw gatewayErrors.BREAKER_OPEN(`the circuit breaker "${name}" of the route is open`, {
        details: { openForMs: breaker.openForMs },
      });
    }
    exchange.answer = new JudgedAnswer(answer, (status) => {
      const hasFailed = isFailure(status, exchange);
      breaker.report(permit, hasFailed ? 'failure' : 'success');
      if (!hasFailed || fallbackPath === undefined || (resumeWithoutError && !exchange.isRefused)) return false;
      void fallBack(exchange, answer, `the answer was ${status}`);
      return true;
    });
    return next(exchange);
  };
}

/** Asks of an answer, when it begins, whether another one has taken its place; then nothing of it is heard. */
class JudgedAnswer extends PassingAnswer {
  readonly #isReplaced: (status: number) => boolean;
  #silent = false;

  constructor(next: Answer, isReplaced: (status: number) => boolean) {
    super(next);
    this.#isReplaced = isReplaced;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    this.#silent = this.#isReplaced(status);
    if (!this.#silent) super.begin(status, fields, bodyBytes);
  }

  override flush(): void {
    if (!this.#silent) super.flush();
  }

  override write(piece: Buffer): boolean {
    return this.#silent || super.write(piece);
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    if (!this.#silent) super.end(piece, trailers);
  }

  override abort(): void {
    if (!this.#silent) super.abort();
  }
}
