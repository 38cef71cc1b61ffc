import type { RateAnswer, RateAsk, RateLimitStore } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import { WithFields } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { partitionText, standingText } from './rate-limit-fields.ts';
import type { CompiledPolicy, RateLimitPolicy } from './rate-limit-policy.ts';
import { compilePolicies } from './rate-limit-policy.ts';
import type { WhenUnknown } from './store-decision.ts';
import { storeDecision } from './store-decision.ts';

export interface RateLimitOptions {
  /** All of them must allow a request; one that refuses it leaves the others untouched. */
  readonly policies: readonly RateLimitPolicy[];
  /** Who keeps account: `memoryRateLimits` for one gateway, a shared store for several. */
  readonly store: RateLimitStore;
  readonly telemetry: Telemetry;
  /** While the store cannot tell: let everything through, nothing, or ask another store. Default `allow`. */
  readonly whenUnknown?: WhenUnknown;
  /** Tells by `pk` which account a request belongs to, as a digest. Default true. */
  readonly partitions?: boolean;
}

/**
 * Limits how often something may be asked for. Every answer tells by `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-10) how its client stands. What is too much is GATEWAY_RATE_LIMITED, 429 with
 * `Retry-After`; a request without the key it is counted by may be GATEWAY_RATE_KEY_MISSING, and GATEWAY_LIMITS_UNKNOWN
 * while the store cannot tell. Stands behind whatever says who asks, as far as it counts by that.
 *
 * @example
 * rateLimited({ store, telemetry, policies: [{ name: 'peruser', quota: 100, windowSeconds: 60, by: 'user' }] })
 */
export function rateLimited(options: RateLimitOptions): EdgeLayer {
  const policies = compilePolicies(options.policies, options.store);
  const { telemetry, partitions = true } = options;
  const decide = storeDecision('rateLimited', options);
  const refused = telemetry.metrics.counter('dure_gateway_rate_limited', 'Requests refused by a rate limit');
  return (next) => (exchange) => {
    const wishes = wishesOf(policies, exchange);
    if (wishes.length === 0) return next(exchange);
    return decide(exchange, wishes.map(toAsk), (answers) => {
      if (answers === undefined) return next(exchange);
      tell(exchange, wishes, answers, partitions);
      const broken = wishes.filter((_, index) => (answers[index]?.waitMs ?? 0) > 0);
      if (broken.length === 0) return next(exchange);
      for (const { policy, ask } of broken) {
        refused.add(1, { policy: policy.name });
        exchange.note('limit', `${policy.name} has less than ${ask.cost} left`);
      }
      throw tooMany(broken, answers);
    });
  };
}

interface Wish {
  readonly policy: CompiledPolicy;
  readonly ask: RateAsk;
}

const toAsk = ({ ask }: Wish): RateAsk => ask;

function wishesOf(policies: readonly CompiledPolicy[], exchange: Exchange): readonly Wish[] {
  const wishes: Wish[] = [];
  for (const policy of policies) {
    const ask = policy.ask(exchange);
    if (ask === 'refuse') {
      const message = `the request lacks what the rate limit "${policy.name}" is counted by`;
      throw gatewayErrors.RATE_KEY_MISSING(message, { details: { policy: policy.name } });
    }
    if (ask !== undefined) wishes.push({ policy, ask });
  }
  return wishes;
}

function tell(exchange: Exchange, wishes: readonly Wish[], answers: readonly RateAnswer[], partitions: boolean): void {
  let policy = '';
  let standing = '';
  for (const [index, wish] of wishes.entries()) {
    const { name } = wish.policy;
    const text = wish.policy.text(wish.ask.limit);
    const separator = index === 0 ? '' : ', ';
    policy += `${separator}${text}${partitions ? partitionText(wish.ask.key) : ''}`;
    standing += separator + standingText(name, answers[index] as RateAnswer);
  }
  exchange.answer = new WithFields(exchange.answer, ['ratelimit-policy', policy, 'ratelimit', standing]);
}

function tooMany(broken: readonly Wish[], answers: readonly RateAnswer[]) {
  const retryAfterMs = Math.ceil(Math.max(...answers.map(({ waitMs }) => waitMs)));
  const names = broken.map(({ policy }) => policy.name);
  return gatewayErrors.RATE_LIMITED(
    `the rate limit "${names.join('", "')}" is used up; try again in ${Math.ceil(retryAfterMs / 1_000)} s`,
    { details: { retryAfterMs, violatedPolicies: names } },
  );
}
