import type { Call, ErrorFactory, ErrorKind } from '@dure/core';
import { isDureError, isRefusal, Refusal } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import { statusOfKind } from '../server/http-status.ts';
import type { PartPlan } from './part.ts';
import type { PartProblem } from './part-mark.ts';

/**
 * What a page throws for a part that it cannot do without: its refusal as the page's own, else 502, 503 or 504. The message
 * names page and part, which the caller knows, and nothing behind them.
 */
export function pageError({ name, operation }: PartPlan, error: unknown, call: Call): Error {
  const page = `${call.operation.service}.${call.operation.name}`;
  if (isDeclared(operation, error)) {
    const { code, data, status } = error;
    return new Refusal({ service: call.operation.service, operation: call.operation.name, code, data, status });
  }
  const make = factoryFor(error);
  const message = `${page}: its part "${name}" ${wordsOf[make.code] ?? 'failed'}`;
  return make(message, { cause: error, details: { part: name, ...waitOf(error) } });
}

/** Why a part is absent, as the page's answer says it. */
export function partProblem({ operation }: PartPlan, error: unknown, call: Call): PartProblem {
  const { service, name } = call.operation;
  if (isDeclared(operation, error)) {
    const { code, status } = error;
    return { type: `urn:dure:refusal:${service}:${name}:${code}`, title: code, status, refusal: code };
  }
  const { code, entry } = factoryFor(error);
  return { type: `urn:dure:error:${code}`, title: entry.en.title, status: statusOfKind[entry.kind] };
}

function isDeclared({ spec }: PartPlan['operation'], error: unknown): error is Refusal {
  return isRefusal(error) && error.code in (spec.refuses ?? {});
}

const factories: Partial<Record<ErrorKind, ErrorFactory>> = {
  timeout: serviceErrors.PART_TIMEOUT,
  unavailable: serviceErrors.PART_UNAVAILABLE,
  limited: serviceErrors.PART_UNAVAILABLE,
  forbidden: serviceErrors.FORBIDDEN,
};

const wordsOf: Readonly<Record<string, string>> = {
  [serviceErrors.PART_TIMEOUT.code]: 'did not answer in time',
  [serviceErrors.PART_UNAVAILABLE.code]: 'cannot be had at the moment',
  [serviceErrors.FORBIDDEN.code]: 'is not for this caller',
};

function factoryFor(error: unknown): ErrorFactory {
  return (isDureError(error) ? factories[error.kind] : undefined) ?? serviceErrors.PART_FAILED;
}

/** How long to wait, where whoever failed said it. */
function waitOf(error: unknown): Readonly<Record<string, unknown>> {
  const { retryAfterMs, openForMs } = isDureError(error) ? error.details : {};
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(openForMs === undefined ? {} : { openForMs }),
  };
}
