import type { Call, Clock, Layer } from '@dure/core';
import { check, userOf } from '@dure/core';
import type { FallbackEvent, FallbackMark, FallbackSource } from '@dure/resilience';
import { fallback, fallbackOf, fallbackValue, lastGood } from '@dure/resilience';
import type { Attributes } from '@dure/telemetry';
import { spanAttributes } from '@dure/telemetry';
import type { HttpOperation } from '../contract/index.ts';

/** What a declared fallback needs. */
export interface DeclaredFallbackOptions {
  readonly clock: Clock;
  readonly observe: (event: FallbackEvent) => void;
}

/**
 * The fallback of an operation's contract as a layer, none when it declares none. What it answers is noted in
 * `call.fallbacks`, so that whoever answers with it says so: in `Dure-Fallback`, and on the span.
 */
export function declaredFallback(
  operation: HttpOperation,
  { clock, observe }: DeclaredFallbackOptions,
): readonly Layer<unknown, unknown>[] {
  const sources = sourcesOf(operation, clock);
  if (sources.length === 0) return [];
  const noted = (event: FallbackEvent) => {
    event.call.fallbacks.add({ operation: `${operation.service}.${operation.name}`, ...noteOf(event.mark) });
    observe(event);
  };
  return [fallback(sources, { observe: noted })];
}

/** What the caller's span says of an answer that is not the operation's own. */
export function standIn(output: unknown): Attributes | undefined {
  const mark = fallbackOf(output);
  return mark === undefined ? undefined : { [spanAttributes.fallback]: mark.kind };
}

function sourcesOf({ spec }: HttpOperation, clock: Clock): readonly FallbackSource<unknown, unknown>[] {
  const { fallback: declared, output, access } = spec;
  if (declared === undefined || output === undefined) return [];
  const sources: FallbackSource<unknown, unknown>[] = [];
  const whose = (call: Call) => (access === 'public' ? '' : (userOf(call.identity)?.subject ?? ''));
  if (declared.lastGood !== undefined) {
    const key = (input: unknown, call: Call) => `${whose(call)} ${JSON.stringify(input ?? null)}`;
    sources.push(lastGood({ clock, key, oldestMs: declared.lastGood.oldestMs }));
  }
  if (declared.value !== undefined) {
    const checked = check(output, declared.value);
    sources.push(fallbackValue(checked.ok ? checked.value : declared.value));
  }
  return sources;
}

function noteOf({ kind, ageMs }: FallbackMark) {
  return ageMs === undefined ? { kind } : { kind, ageS: Math.floor(ageMs / 1_000) };
}
