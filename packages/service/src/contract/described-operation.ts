import { isAccess } from './access.ts';
import type { HttpOperation, Method, RateLimitSpec } from './operation-spec.ts';

/** Where a service's own document tells what a gateway needs to know of an operation. */
export const operationField = 'x-dure-operation';

/** What a gateway needs to know of an operation, as plain data. */
export function describedOperation({ service, name, method, path, idempotent, timeoutMs, cost, spec }: HttpOperation) {
  const { access, stream, rateLimit } = spec;
  return {
    ...{ service, name, method, path, access, idempotent, timeoutMs, cost },
    ...(stream === true ? { stream } : {}),
    ...(rateLimit === undefined ? {} : { rateLimit }),
  };
}

const methods: ReadonlySet<unknown> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] satisfies Method[]);
const routePath = /^\/(?:[A-Za-z0-9._~:-]+(?:\/[A-Za-z0-9._~:-]+)*)?$/;

/** Reads the operations of a service from its own document (`/actuator/openapi`); what is not well-formed is left out. */
export function describedOperations(document: unknown, service: string): readonly HttpOperation[] {
  const paths = membersOf(membersOf(document).paths);
  return Object.values(paths)
    .flatMap((path) => Object.values(membersOf(path)))
    .map((one) => membersOf(one)[operationField])
    .flatMap((one) => operationOf(membersOf(one), service) ?? []);
}

function operationOf(told: Readonly<Record<string, unknown>>, service: string): HttpOperation | undefined {
  const { name, method, path, access, idempotent, timeoutMs, cost, stream, rateLimit } = told;
  if (told.service !== service || typeof name !== 'string' || !/^[a-zA-Z][a-zA-Z0-9]*$/.test(name)) return undefined;
  if (!methods.has(method) || typeof path !== 'string' || !routePath.test(path) || !isAccess(access)) return undefined;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0) || typeof cost !== 'number' || !(cost > 0)) return undefined;
  if (idempotent !== 'key' && typeof idempotent !== 'boolean') return undefined;
  return {
    kind: 'http',
    ...{ service, name, path, idempotent, timeoutMs, cost },
    method: method as Method,
    sensitive: [],
    spec: {
      access,
      ...(stream === true ? { stream } : {}),
      ...(isRateLimit(rateLimit) ? { rateLimit } : {}),
    },
  };
}

function isRateLimit(value: unknown): value is RateLimitSpec {
  const { quota, windowSeconds, burst, per } = membersOf(value);
  const isCount = (count: unknown) => Number.isInteger(count) && (count as number) > 0;
  const isPer = per === undefined || per === 'user' || per === 'address' || per === 'everybody';
  return isCount(quota) && isCount(windowSeconds) && (burst === undefined || Number(burst) >= 1) && isPer;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
