export type { Brand } from './brand.ts';
export type { Attempt, Call, CallChange, CallEnd, CallStart, Target } from './call.ts';
export { ownCall, startCall, timeLeftMs } from './call.ts';
export type { Clock, Timer } from './clock.ts';
export { systemClock, wait } from './clock.ts';
export type {
  ErrorCatalogue,
  ErrorDetails,
  ErrorEntry,
  ErrorFactory,
  ErrorKind,
  ErrorOptions,
  ErrorText,
} from './dure-error.ts';
export { codeOf, DureError, errorCatalogue, errorEntry, isDureError, messageOf } from './dure-error.ts';
export { coreErrors } from './errors.ts';
export type { FallbackNote } from './fallback-notes.ts';
export { FallbackNotes, formatFallbackKinds, formatFallbacks, parseFallbacks } from './fallback-notes.ts';
export type { Handler, Layer } from './handler.ts';
export { stack } from './handler.ts';
export { headers, internalHeaderPrefix } from './headers.ts';
export type { Identity } from './identity.ts';
export { anonymous, userOf } from './identity.ts';
export type { Ids } from './ids.ts';
export { ids } from './ids.ts';
export type { Live, LiveCell } from './live.ts';
export { live } from './live.ts';
export type {
  Health,
  HealthCheck,
  ManagementEndpoint,
  ManagementRequest,
  ManagementResponse,
} from './management.port.ts';
export type { Money } from './money.ts';
export type { Operation } from './operation.ts';
export { defaultTimeoutMs, mayRepeat, plainOperation } from './operation.ts';
export type { Problem } from './problem.ts';
export { problemMediaType } from './problem.ts';
export type { Random } from './random.ts';
export { randomInteger, randomItem, seededRandom, systemRandom } from './random.ts';
export { isRefusal, Refusal } from './refusal.ts';
export type {
  Checked,
  FieldError,
  JsonSchema,
  Schema,
  SchemaInput,
  SchemaIssue,
  SchemaOutput,
  SchemaResult,
} from './schema.ts';
export { check, jsonSchemaOf } from './schema.ts';
export type { ReadSection, SchemaSection, Section, SectionSource, Settings } from './section.ts';
export { sectionDefault } from './section.ts';
export type { Positions } from './seen-positions.ts';
export { formatPositions, highestPositions, parsePositions, SeenPositions } from './seen-positions.ts';
export type { TraceContext } from './trace-context.ts';
export { formatTraceparent, newTrace, parseTraceparent } from './trace-context.ts';
