import type { RateAsk, RateLimit, RateLimitStore } from '@dure/resilience';
import type { HttpOperation } from '@dure/service/contract';
import type { Exchange } from '../engine/exchange.ts';
import type { LimitKey, ReadKey } from './limit-key.ts';
import { keyReader, shortKey } from './limit-key.ts';
import { demandCount, demandNumber, demandToken, refuseSetting } from './protection-setting.ts';
import { policyText } from './rate-limit-fields.ts';

/** One limit on requests. */
export interface RateLimitPolicy {
  /** As clients see it: `peruser`. Limits of one name share their accounts, wherever they stand. */
  readonly name: string;
  /** Units in a window, a whole number; a request is one unit unless `cost` says otherwise. */
  readonly quota: number;
  /** The length of the window in seconds, a whole number. */
  readonly windowSeconds: number;
  /** Units that a pause can save up. Default: the quota. */
  readonly burst?: number;
  /** What it is counted by; of several, each combination by itself. None: all requests together. */
  readonly by: LimitKey | readonly LimitKey[];
  /** A request that lacks what it is counted by is counted by its address, not limited, or refused. Default `address`. */
  readonly without?: 'address' | 'pass' | 'refuse';
  /** Units of a request; more than the burst counts as the burst. Default 1. */
  readonly cost?: number | ((exchange: Exchange) => number);
}

/** A policy, made ready. */
export interface CompiledPolicy {
  readonly name: string;
  /** A limit as the field tells it, without the partition. */
  text(limit: RateLimit): string;
  /** What a request asks for; undefined when it is not limited, `refuse` when it lacks its key. */
  ask(exchange: Exchange): RateAsk | 'refuse' | undefined;
}

/** What holds in place of a limit at the moment. */
type Holding = (limit: RateLimit) => RateLimit;

/** Checks policies and makes them ready; each asks by what its store says that holds. GATEWAY_PROTECTION_INVALID. */
export function compilePolicies(
  policies: readonly RateLimitPolicy[],
  store: Pick<RateLimitStore, 'limitOf'>,
): readonly CompiledPolicy[] {
  const holding: Holding = (limit) => store.limitOf?.(limit) ?? limit;
  const compiled = policies.map((policy) => compilePolicy(policy, holding));
  const twice = compiled.find(({ name }, index) => compiled.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw refuseSetting('rateLimited', 'policies', `"${twice.name}" twice`, 'of different names');
  return compiled;
}

function compilePolicy(policy: RateLimitPolicy, holding: Holding): CompiledPolicy {
  const { name, quota, windowSeconds, burst = quota, by, without = 'address', cost = 1 } = policy;
  demandToken('rateLimited', 'name', name);
  demandCount('rateLimited', `${name}.quota`, quota);
  demandCount('rateLimited', `${name}.windowSeconds`, windowSeconds);
  demandNumber('rateLimited', `${name}.burst`, burst, 1, Number.MAX_SAFE_INTEGER);
  if (typeof cost === 'number') demandNumber('rateLimited', `${name}.cost`, cost, Number.MIN_VALUE, burst);
  const written: RateLimit = { name, quota, windowMs: windowSeconds * 1_000, burst };
  let told = holding(written);
  let text = textOf(told);
  const readKey = combined((Array.isArray(by) ? by : [by]).map(keyReader), without);
  return {
    name,
    text(limit) {
      if (limit !== told) text = textOf(limit);
      told = limit;
      return text;
    },
    ask(exchange) {
      const key = readKey(exchange);
      if (key === undefined) return without === 'refuse' ? 'refuse' : undefined;
      const limit = holding(written);
      const units = typeof cost === 'number' ? cost : cost(exchange);
      return { limit, key: shortKey(key), cost: Math.min(units, limit.burst) };
    },
  };
}

function textOf({ name, quota, windowMs }: RateLimit): string {
  return policyText(name, quota, windowMs / 1_000);
}

/** No part of a key holds a line end, so that different parts never make the same key. */
function combined(parts: readonly ReadKey[], without: RateLimitPolicy['without']): ReadKey {
  const byAddress = keyReader('address');
  return (exchange) => {
    let key: string | undefined;
    for (const read of parts) {
      let part = read(exchange);
      if (part === undefined && without === 'address') part = `at\n${byAddress(exchange)}`;
      if (part === undefined) return undefined;
      key = key === undefined ? part : `${key}\n${part}`;
    }
    return key ?? '';
  };
}

/** The limit that an operation's contract declares, if it does, for `rateLimited`. */
export function operationPolicy({ service, name, cost, spec }: HttpOperation): RateLimitPolicy | undefined {
  if (spec.rateLimit === undefined) return undefined;
  const { per = 'user', ...limits } = spec.rateLimit;
  return { name: `${service}.${name}`, ...limits, by: per === 'everybody' ? [] : per, cost };
}
