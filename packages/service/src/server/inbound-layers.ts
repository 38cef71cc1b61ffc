import type { Call, Clock, Handler, Layer } from '@dure/core';
import { check, formatFallbacks, isDureError, isRefusal, stack, userOf } from '@dure/core';
import type { Attributes, Telemetry } from '@dure/telemetry';
import { spanAttributes, traced } from '@dure/telemetry';
import type { Bytes, BytesSchema } from '../contract/bytes.ts';
import { defaultMaxBytes, isBytes, limitedBytes } from '../contract/bytes.ts';
import type { InputParts } from '../contract/checked-input.ts';
import { checkedInput } from '../contract/checked-input.ts';
import type { Access, HttpOperation, HttpSpec } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { tooLarge } from './arrived-bytes.ts';
import { demandKey } from './demand-key.ts';
import type { IdempotencyStore } from './idempotency-store.port.ts';
import { inputHash } from './input-hash.ts';

/** What the inbound layers of one service share. */
export interface InboundOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly idempotency: IdempotencyStore | undefined;
  /** In production an output that does not fit is logged and sent; elsewhere it is an error. */
  readonly strictOutput: boolean;
}

/** The layers between a caller, wherever it is, and an operation's handler; outermost first. */
export function inboundLayers(operation: HttpOperation, options: InboundOptions): Layer<unknown, unknown> {
  return stack(
    traced(options.telemetry, 'server', madeOf), // outermost: the span covers refusals of every kind
    measured(operation, options), // inside the span, so that the log line of a failure names it
    notTooLate(options.clock), // whoever gave up is not worked for
    authorised(operation.spec.access), // before validation: strangers learn nothing about shapes
    validated(operation.spec), // the handler sees only what the contract promises
    repeatable(operation, options.idempotency), // after validation, so that equal inputs have equal hashes
    checkedOutput(operation, options), // innermost: what is stored for a repetition has been checked
  );
}

/** Whose answers this one lacks. */
function madeOf(_: unknown, { fallbacks }: Call): Attributes | undefined {
  const field = formatFallbacks(fallbacks.all());
  return field === undefined ? undefined : { [spanAttributes.fallback]: field };
}

/** Enforces an operation's or a route's access. SERVICE_TOKEN_MISSING, SERVICE_FORBIDDEN. */
export function demandAccess(access: Access, call: Call): void {
  if (access === 'public') return;
  if (call.identity.kind === 'anonymous') throw serviceErrors.TOKEN_MISSING(`${nameOf(call)} needs a token`);
  if (access === 'service') {
    if (call.identity.kind !== 'service') throw serviceErrors.FORBIDDEN(`${nameOf(call)} is for services only`);
    return;
  }
  if (access === 'user') {
    if (userOf(call.identity) === undefined)
      throw serviceErrors.FORBIDDEN(
        `${nameOf(call)} is for users; the caller is the service "${call.identity.subject}" on its own account`,
      );
    return;
  }
  if ('role' in access) {
    if (userOf(call.identity)?.roles.includes(access.role) !== true)
      throw serviceErrors.FORBIDDEN(`${nameOf(call)} needs the role "${access.role}"`);
    return;
  }
  if ('userScope' in access) {
    if (userOf(call.identity)?.scopes.includes(access.userScope) !== true)
      throw serviceErrors.FORBIDDEN(`${nameOf(call)} needs the user's scope "${access.userScope}"`);
    return;
  }
  if (!call.identity.scopes.includes(access.scope))
    throw serviceErrors.FORBIDDEN(`${nameOf(call)} needs the scope "${access.scope}"`);
}

function measured({ name, service }: HttpOperation, { telemetry, clock }: InboundOptions): Layer<unknown, unknown> {
  const duration = telemetry.metrics.histogram(
    'dure_server_duration_seconds',
    'Time from receiving a call to its outcome',
  );
  return (next) => async (input, call) => {
    const startedMs = clock.monotonicMs();
    let outcome = 'ok';
    try {
      return await next(input, call);
    } catch (error) {
      outcome = outcomeOf(error);
      if (isRefusal(error))
        telemetry.log.info(`${service}.${name} refuses: ${error.code}`, { data: error.data, trace: call.trace });
      if (outcome === 'internal') telemetry.log.error(`${service}.${name} failed`, { error, trace: call.trace });
      throw error;
    } finally {
      duration.record((clock.monotonicMs() - startedMs) / 1_000, { operation: name, outcome });
    }
  };
}

function outcomeOf(error: unknown): string {
  if (isRefusal(error)) return 'refused';
  return isDureError(error) ? error.kind : 'internal';
}

function notTooLate(clock: Clock): Layer<unknown, unknown> {
  return (next) => (input, call) => {
    if (call.deadline <= clock.now()) {
      return Promise.reject(
        serviceErrors.TOO_LATE(`${nameOf(call)}: the caller's deadline had passed when the call arrived`),
      );
    }
    return next(input, call);
  };
}

function authorised(access: Access): Layer<unknown, unknown> {
  return (next) => async (input, call) => {
    demandAccess(access, call);
    return next(input, call);
  };
}

/** Hands on what the contract declares of the input, decoded. SERVICE_INPUT_INVALID names every field that does not fit. */
export function validated(spec: HttpSpec): Layer<unknown, unknown> {
  const { body: schema } = spec;
  return (next) => async (input, call) => {
    const { service, name } = call.operation;
    const decoded = checkedInput({ service, name, spec }, input as InputParts);
    if (!isBytes(schema)) return next(decoded, call);
    return next({ ...decoded, body: limitedBody(decoded.body as Bytes, schema, call) }, call);
  };
}

function limitedBody(body: Bytes, { bytes: { maxBytes = defaultMaxBytes } }: BytesSchema, call: Call): Bytes {
  return limitedBytes(body, maxBytes, () => tooLarge(nameOf(call), maxBytes));
}

function repeatable(operation: HttpOperation, store: IdempotencyStore | undefined): Layer<unknown, unknown> {
  if (operation.idempotent !== 'key') return (next) => next;
  return (next) => async (input, call) => {
    demandKey(operation, call.idempotencyKey);
    const hashed = call.with({ inputHash: inputHash(call, input) });
    const stored = await store?.recall(hashed);
    return stored === undefined ? next(input, hashed) : stored.answer;
  };
}

/** Lets through what the contract declares of the output. SERVICE_OUTPUT_INVALID, or a line in the log unless `strictOutput`. */
export function checkedOutput(
  { service, name, spec }: HttpOperation,
  { strictOutput, telemetry }: Pick<InboundOptions, 'strictOutput' | 'telemetry'>,
): Layer<unknown, unknown> {
  const schema = spec.output;
  if (schema === undefined) return (next) => async (input, call) => void (await next(input, call));
  const verify = (output: unknown, call: Call): unknown => {
    const checked = check(schema, output, 'output');
    if (checked.ok) return isBytes(schema) ? limitedOutput(checked.value as Bytes, schema, call) : checked.value;
    const places = checked.errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
    const error = serviceErrors.OUTPUT_INVALID(
      `${service}.${name} answered what its contract does not allow: ${places}`,
      { details: { errors: checked.errors } },
    );
    if (strictOutput) throw error;
    telemetry.log.error(error.message, { error, trace: call.trace });
    return output;
  };
  return (next: Handler<unknown, unknown>) => async (input, call) => {
    const output = await next(input, call);
    return spec.stream === true
      ? eachChecked(output as AsyncIterable<unknown>, (item) => verify(item, call))
      : verify(output, call);
  };
}

function limitedOutput(output: Bytes, { bytes: { maxBytes } }: BytesSchema, call: Call): Bytes {
  if (maxBytes === undefined) return output;
  return limitedBytes(output, maxBytes, () =>
    serviceErrors.OUTPUT_INVALID(`${nameOf(call)} answered more than the ${maxBytes} bytes of its contract`),
  );
}

async function* eachChecked(
  items: AsyncIterable<unknown>,
  verify: (item: unknown) => unknown,
): AsyncGenerator<unknown> {
  for await (const item of items) yield verify(item);
}

function nameOf(call: Call): string {
  return `${call.operation.service}.${call.operation.name}`;
}
