import type { PickFor, Rule } from '@dure/balancer';
import type { Call, Layer } from '@dure/core';
import type { BulkheadLimits } from '@dure/resilience';
import { serviceErrors } from '../errors.ts';

/** How one user of an operation calls it, where that differs from what the contract says. */
export interface CallPolicy {
  /** The longest time one attempt may take, in milliseconds. Default: the contract's. */
  readonly timeoutMs?: number;
  /** The most attempts in all; 1: never again. Default, and the most: what the outbound layers allow, which is 3. */
  readonly attempts?: number;
  /** `false`: the failure instead of the contract's fallback. */
  readonly fallback?: false;
  /**
   * A second attempt, to another instance, when the first takes longer than nearly all do (the observed p95): for what may
   * be repeated, within the retry budget. Default false.
   */
  readonly hedge?: boolean;
  /** At most so many calls under way at once. Given for all operations it bounds them together. Default: none. */
  readonly bulkhead?: BulkheadPolicy;
  /** What a call wants of its instance: the same one for the same `key` (with the rule `consistentHash`), or a `version`. */
  readonly prefer?: (input: unknown, call: Call) => PickFor;
  /** Layers round the whole call, outermost first: outside of tracing, retry and all else; they run once. */
  readonly aroundCall?: readonly Layer<unknown, unknown>[];
  /** Layers round each attempt, outermost first: inside of retry, balancer, breaker and timeout; `call.attempt.target` is known. */
  readonly aroundAttempt?: readonly Layer<unknown, unknown>[];
  /** Header fields for each request over the network, such as a foreign service's API key; never for a call in the same process. */
  readonly headers?: (call: Call) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

/** A bulkhead's limits, and whether all operations of the target share it; that follows from where it is given. */
export interface BulkheadPolicy extends BulkheadLimits {
  readonly of?: 'target' | 'operation';
}

/** How all operations of a target are called. */
export interface TargetPolicy extends CallPolicy {
  /** How its instances are chosen. Default `peakEwma()`. */
  readonly rule?: Rule;
}

/** Policies by operation, and one for all of them. */
export interface CallPolicies {
  readonly byOperation: Readonly<Record<string, CallPolicy>>;
  readonly every: TargetPolicy;
}

export const noPolicies: CallPolicies = { byOperation: {}, every: {} };

/** The policy of one operation. What stands there for itself wins; layers of both are run, those for all outermost. */
export function policyOf({ byOperation, every }: CallPolicies, operation: string): CallPolicy {
  const { rule: _, bulkhead, ...forAll } = every;
  const shared = bulkhead === undefined ? {} : { bulkhead: { ...bulkhead, of: 'target' as const } };
  return merged({ ...forAll, ...shared }, byOperation[operation] ?? {});
}

/** Policies on top of others. SERVICE_CONTRACT_INVALID for an operation that there is not, or a value that makes no sense. */
export function addPolicies(
  contract: { readonly name: string; readonly operations: Readonly<Record<string, unknown>> },
  before: CallPolicies,
  byOperation: Readonly<Record<string, CallPolicy | undefined>>,
  every: TargetPolicy,
): CallPolicies {
  const added: Record<string, CallPolicy> = { ...before.byOperation };
  for (const [operation, policy = {}] of Object.entries(byOperation)) {
    if (!(operation in contract.operations))
      throw serviceErrors.CONTRACT_INVALID(
        `a policy names the operation "${operation}", but ${contract.name} has ${Object.keys(contract.operations).join(', ')}`,
      );
    checkPolicy(`${contract.name}.${operation}`, policy);
    added[operation] = merged(added[operation] ?? {}, policy);
  }
  checkPolicy(contract.name, every);
  const rule = every.rule ?? before.every.rule;
  return { byOperation: added, every: { ...merged(before.every, every), ...(rule === undefined ? {} : { rule }) } };
}

function merged(outer: CallPolicy, inner: CallPolicy): CallPolicy {
  const around = (name: 'aroundCall' | 'aroundAttempt') => {
    const layers = [...(outer[name] ?? []), ...(inner[name] ?? [])];
    return layers.length === 0 ? {} : { [name]: layers };
  };
  return { ...outer, ...inner, ...around('aroundCall'), ...around('aroundAttempt'), ...bothHeaders(outer, inner) };
}

function bothHeaders({ headers: outer }: CallPolicy, { headers: inner }: CallPolicy): Pick<CallPolicy, 'headers'> {
  if (outer === undefined || inner === undefined) return {};
  return { headers: async (call) => ({ ...(await outer(call)), ...(await inner(call)) }) };
}

function checkPolicy(name: string, { timeoutMs = 1, attempts = 1 }: CallPolicy): void {
  if (!(timeoutMs >= 1 && Number.isSafeInteger(attempts) && attempts >= 1))
    throw serviceErrors.CONTRACT_INVALID(
      `${name}: a policy has \`timeoutMs\` ${timeoutMs} and \`attempts\` ${attempts}; both must be at least 1, attempts a whole number`,
    );
}
