import type { Clock } from '@dure/core';
import { check } from '@dure/core';
import type { HttpOperation } from '@dure/service/contract';
import type { Telemetry } from '@dure/telemetry';
import { answerField } from '../engine/answer-fields.ts';
import type { CollectedAnswer } from '../engine/collected-answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { TeeAnswer } from '../engine/tee-answer.ts';

export interface ContractDriftOptions {
  /** How much of the answers is looked at, 0 to 1. */
  readonly share: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** A longer answer is not looked at, in bytes. */
const longestAnswer = 65_536;
/** An operation that drifts does so with every answer: one line a minute is enough. */
const tellEveryMs = 60_000;

/**
 * Measures how far a service has drifted from its contract: a share of its successful answers is held against the
 * declared output, after the client has them. Nothing is changed and nobody waits. What does not fit is counted
 * (`dure_gateway_contract_answers`) and told with its places, never with its values.
 */
export function contractDrift(
  { service, name, spec }: HttpOperation,
  { share, clock, telemetry }: ContractDriftOptions,
): EdgeLayer {
  const { output, stream, status = 200 } = spec;
  if (output === undefined || stream === true) return (next) => next;
  const id = `${service}.${name}`;
  const counted = telemetry.metrics.counter('dure_gateway_contract_answers', 'Answers held against their contract');
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  const judge = (answer: CollectedAnswer | 'stream' | undefined) => {
    if (answer === undefined || answer === 'stream' || answer.status !== status) return;
    const value = jsonOf(answer);
    const checked = value === undefined ? undefined : check(output, value, 'answer');
    counted.add(1, { operation: id, result: checked === undefined ? 'unread' : checked.ok ? 'kept' : 'broken' });
    if (checked === undefined || checked.ok || clock.monotonicMs() < quietUntilMs) return;
    quietUntilMs = clock.monotonicMs() + tellEveryMs;
    const places = checked.errors.slice(0, 10).map(({ path, code }) => `${path} (${code})`);
    telemetry.log.warn(`${id} answers what its contract does not say: ${places.join(', ')}`);
  };
  return (next) => (exchange) => {
    if (share >= 1 || exchange.engine.random.next() < share)
      exchange.answer = new TeeAnswer(exchange.answer, longestAnswer, judge);
    return next(exchange);
  };
}

function jsonOf({ fields, body }: CollectedAnswer): unknown {
  if (body === undefined || answerField(fields, 'content-encoding') !== undefined) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
