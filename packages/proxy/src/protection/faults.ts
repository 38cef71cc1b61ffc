import type { Clock, Random } from '@dure/core';
import { WithFields } from '../engine/answer.ts';
import type { EdgeHandler, EdgeLayer } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValues } from '../http/field-lines.ts';
import { demandNumber, demandToken, refuseSetting } from './protection-setting.ts';

export interface FaultOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Waits so long before the request goes on, in milliseconds, at most a minute. */
  readonly delay?: number;
  /** Answers with a status of 400 to 599 instead, or hangs up. */
  readonly abort?: number | 'connection';
  /** How many of the requests it strikes, in per cent. Default 100. */
  readonly percentage?: number;
  /** When it ends, in epoch milliseconds: at most a week ahead. */
  readonly until: number;
  /** Only requests with this header field, of this value if one is given. Default: all. */
  readonly when?: { readonly header: string; readonly value?: string };
}

const longestDelayMs = 60_000;
const longestMs = 7 * 86_400_000;

/**
 * Makes some requests slow, or fail, to see how their callers bear it. Always ends by itself: a fault that was forgotten is
 * none. Every request that is struck says so in `dure-fault` and in its span. GATEWAY_FAULT_INJECTED with the status that
 * was chosen; GATEWAY_PROTECTION_INVALID without an end. After Envoy's fault filter.
 *
 * @example
 * faults({ clock, random, delay: 300, percentage: 5, until: clock.now() + 600_000, when: { header: 'x-chaos' } })
 */
export function faults(options: FaultOptions): EdgeLayer {
  const { clock, random, delay = 0, abort, percentage = 100, until, when } = options;
  check(options);
  const text = [...(delay > 0 ? [`delay=${delay}`] : []), ...(abort === undefined ? [] : [`abort=${abort}`])].join(
    ', ',
  );
  return (next) => {
    const strike: EdgeHandler = abort === undefined ? next : (exchange) => fail(exchange, abort);
    return (exchange) => {
      if (clock.now() >= until || !isMeant(exchange, when) || random.next() * 100 >= percentage) return next(exchange);
      exchange.span.set('dure.fault', text);
      exchange.note('fault', `injected: ${text}`);
      exchange.answer = new WithFields(exchange.answer, ['dure-fault', text]);
      return delay > 0 ? pause(exchange, clock, delay, strike) : strike(exchange);
    };
  };
}

function check({ clock, delay = 0, abort, percentage = 100, until, when }: FaultOptions): void {
  demandNumber('faults', 'delay', delay, 0, longestDelayMs);
  demandNumber('faults', 'percentage', percentage, 0, 100);
  if (typeof abort === 'number') demandNumber('faults', 'abort', abort, 400, 599);
  if (when !== undefined) demandToken('faults', 'when.header', when.header);
  if (!(until <= clock.now() + longestMs))
    throw refuseSetting('faults', 'until', until, 'a time in epoch milliseconds, at most a week ahead');
}

function isMeant({ fields }: Exchange, when: FaultOptions['when']): boolean {
  if (when === undefined) return true;
  const values = fieldValues(fields, when.header);
  return when.value === undefined ? values.length > 0 : values.includes(when.value);
}

/** Whoever leaves meanwhile is not waited for. */
function pause(exchange: Exchange, clock: Clock, delayMs: number, go: EdgeHandler): void {
  const timer = clock.after(delayMs, () => {
    exchange.work = undefined;
    exchange.run(go);
  });
  exchange.work = { expire: () => {}, endStream: () => {}, cancel: () => timer.cancel() };
}

function fail(exchange: Exchange, abort: number | 'connection'): void {
  if (abort === 'connection') exchange.answer.abort();
  else throw gatewayErrors.FAULT_INJECTED('a fault was injected here', { details: { answerStatus: abort } });
}
