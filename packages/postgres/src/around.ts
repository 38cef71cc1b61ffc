import type { Attempt, Call, Handler, Layer } from '@dure/core';
import { isDureError, plainOperation, stack } from '@dure/core';
import { postgresErrors } from './errors.ts';

/** Does a piece of work with the database, behind whatever stands in its way. */
export type Around = <T>(call: Call, work: (call: Call) => Promise<T>) => Promise<T>;

/**
 * Puts layers round work with a service's database, as the operation `postgres <service>`. They are told how the database is,
 * not how the work ended: a refusal, a violated constraint or a defect passes them as an answer.
 */
export function aroundDatabase(service: string, layers: readonly Layer<unknown, unknown>[]): Around {
  if (layers.length === 0) return (call, work) => work(call);
  const operation = plainOperation('', `postgres ${service}`);
  const handler = stack(...layers)((work, call) => (work as Handler<Call, unknown>)(call, call));
  return async <T>(call: Call, work: (call: Call) => Promise<T>): Promise<T> => {
    const told = async (inner: Call): Promise<Told<T>> => {
      const { deadline, trace } = inner;
      try {
        return { value: await work(call.with({ signal: () => inner.signal, deadline, trace })) };
      } catch (error) {
        if (isOfDatabase(error)) throw error;
        return { error };
      }
    };
    const outcome = (await handler(told, call.with({ operation, attempt: first }))) as Told<T>;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
}

type Told<T> = { readonly value: T } | { readonly error: unknown };

const first: Attempt = { number: 1, tried: [] };

const ofDatabase: ReadonlySet<string> = new Set(
  [
    postgresErrors.CONNECT_FAILED,
    postgresErrors.CONNECTION_LOST,
    postgresErrors.POOL_BUSY,
    postgresErrors.OUTCOME_UNKNOWN,
    postgresErrors.CONTENTION,
    postgresErrors.DEADLINE,
    postgresErrors.CANCELLED,
  ].map(({ code }) => code),
);

function isOfDatabase(error: unknown): boolean {
  return isDureError(error) && ofDatabase.has(error.code);
}
