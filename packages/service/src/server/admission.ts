import type { Call, Clock, Live, Operation } from '@dure/core';
import { isDureError, isRefusal } from '@dure/core';
import type { AdaptiveLimitEvent, Place, PolicyRegistry } from '@dure/resilience';
import { adaptiveLimit, watchLoop } from '@dure/resilience';
import type { Telemetry } from '@dure/telemetry';
import type { AdmissionLimits, AdmissionSettings } from './admission-section.ts';
import { admissionLimits } from './admission-section.ts';

export interface AdmissionOptions {
  readonly service: string;
  readonly limits: AdmissionLimits;
  /** What holds in their place, now and later; places that are taken stay taken. */
  readonly settings: Live<AdmissionSettings>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Where it shows itself, at `/actuator/bulkheads` and `/actuator/bulkheadevents`. */
  readonly policies: PolicyRegistry;
}

/** Decides at a service's door which calls it takes. */
export interface Admission {
  /** Takes the places of one call. RESILIENCE_OVERLOADED when there is no room. */
  enter(operation: Operation): Place;
  close(): void;
}

/**
 * Bounds the calls that a service works on at once by a limit that finds itself, for all its operations together. What it
 * begins with is what three callers send by all their connections, so that only a service that is too slow for what comes
 * ever refuses.
 */
export function admission(options: AdmissionOptions): Admission {
  const { service, settings, clock, telemetry, policies } = options;
  const tell = teller(service, clock, telemetry);
  const loopDelay = watchLoop({ clock });
  const limit = adaptiveLimit({
    clock,
    name: 'api',
    ...admissionLimits(options.limits),
    loopDelay,
    observe(event) {
      policies.observe(event);
      tell(event);
    },
  });
  limit.update(settings.current);
  const end = settings.onChange((now) => limit.update(now));
  policies.add(limit);
  const { metrics } = telemetry;
  metrics.gauge('dure_admission_limit', 'Calls that the service takes at once', () => limit.snapshot().limit);
  metrics.gauge('dure_admission_running', 'Calls that it works on, by their cost', () => limit.snapshot().running);
  return {
    enter: (operation) => limit.enter(operation, operation.cost),
    close() {
      end();
      limit.close();
      loopDelay.close();
    },
  };
}

/**
 * What the end of a call says about the load here: a refusal or a caller who has left, how long it took; a deadline that
 * passed meanwhile, that it was too much. That something behind failed says nothing.
 */
export function pressureOf(error: unknown, call: Call | undefined, clock: Clock): Parameters<Place['leave']>[0] {
  if (isRefusal(error)) return 'answered';
  if (call === undefined || !isDureError(error)) return 'unmeasured';
  if (error.kind === 'cancelled') return 'answered';
  return error.kind === 'timeout' && call.deadline <= clock.now() ? 'dropped' : 'unmeasured';
}

/** An overload is one line in the log, however many calls it costs. */
const quietMs = 10_000;

function teller(service: string, clock: Clock, { log, metrics }: Telemetry): (event: AdaptiveLimitEvent) => void {
  const refused = metrics.counter('dure_admission_refused', 'Calls refused because the service had too many');
  let toldMs = Number.NEGATIVE_INFINITY;
  return (event) => {
    if (event.kind !== 'overloaded') return;
    refused.add(1, {});
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs >= quietMs)
      log.warn(`${service} is overloaded: it bears ${event.limit} calls at once at the moment and refuses the others`);
    toldMs = nowMs;
  };
}
