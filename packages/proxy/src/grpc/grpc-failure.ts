import type { DureError } from '@dure/core';
import { answerField } from '../engine/answer-fields.ts';
import { grpcErrorName } from '../engine/grpc-status.ts';
import { grpcErrors } from '../grpc-errors.ts';
import { statusDetails } from './status-details.ts';

/** How a call has ended, as the service says it. */
export interface GrpcStatus {
  /** google.rpc.Code */
  readonly code: number;
  readonly message: string;
  /** `grpc-status-details-bin` */
  readonly details?: string | undefined;
}

/** What is the service's own affair: its words are for the operator. */
const masked: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'UNAVAILABLE',
  'FAILED',
]);

/** What an answer's fields, names and values in turn, say of how the call has ended; undefined when they say nothing. */
export function grpcStatus(fields: readonly string[]): GrpcStatus | undefined {
  const text = answerField(fields, 'grpc-status');
  if (text === undefined) return undefined;
  return {
    code: /^\d{1,3}$/.test(text) ? Number(text) : unknown,
    message: decoded(answerField(fields, 'grpc-message') ?? ''),
    details: answerField(fields, 'grpc-status-details-bin'),
  };
}

const unknown = 2;

/** What a call that has failed is to the client; the service's message only when the client is the cause. */
export function grpcFailure(service: string, { code, message, details }: GrpcStatus): DureError {
  const name = grpcErrorName(code);
  const make = grpcErrors[name];
  const { retryAfterMs, errors } = statusDetails(details);
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  const title = make.entry.en.title.toLowerCase();
  if (masked.has(name)) return make(`"${service}": ${title}`, { details: pause });
  const told = message === '' ? title : message.slice(0, longestMessage);
  return make(told, { details: { ...pause, ...(errors === undefined ? {} : { errors }) } });
}

const longestMessage = 2_000;

/** gRPC's code for an answer that has none, by its HTTP status (gRPC, "HTTP to gRPC Status Code Mapping"). */
export function codeOfHttpStatus(status: number): number {
  switch (status) {
    case 400:
      return 13;
    case 401:
      return 16;
    case 403:
      return 7;
    case 404:
      return 12;
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;
    default:
      return unknown;
  }
}

/** Percent-encoded UTF-8; what is not well-formed stays as it is (gRPC over HTTP/2, Status-Message). */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
