import { statusOfKind } from '@dure/service/server';
import { grpcErrors } from '../grpc-errors.ts';
import type { WrittenProblem } from './problem.ts';
import { writeProblem } from './problem.ts';

/** gRPC's codes for the statuses of problems, by the meaning of both. */
const codes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  408: 4,
  409: 10,
  413: 8,
  429: 8,
  502: 14,
  503: 14,
  504: 4,
};
const internal = 13;

/** A problem as gRPC tells it: an answer of header fields only, with a status and a message (gRPC over HTTP/2, Trailers-Only). */
export function writeGrpcStatus(error: unknown, traceId: string): WrittenProblem {
  const { status, body } = writeProblem(error, traceId);
  const { title, detail }: { readonly title?: string; readonly detail?: string } = JSON.parse(body.toString('utf8'));
  const message = (detail ?? title ?? '').replace(/[^\x20-\x7e]|%/gu, encodeURIComponent);
  const code = String(codes[status] ?? internal);
  const fields = ['content-type', 'application/grpc', 'grpc-status', code, 'grpc-message', message];
  return { status: 200, fields, body: Buffer.alloc(0) };
}

/** Units of `grpc-timeout`, in milliseconds. */
const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** How long a caller of gRPC waits at most, in milliseconds; undefined when it does not say. */
export function grpcTimeoutMs(text: string | undefined): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * (units[match[2] ?? ''] ?? 1);
}

/**
 * UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS say that the instance failed, and so does an end without
 * a status; the others answer.
 */
export function isGrpcFailure(status: string | undefined): boolean {
  return status === undefined || ['2', '4', '13', '14', '15'].includes(status);
}

/** By google.rpc.Code. UNKNOWN, INTERNAL and DATA_LOSS have no name here: of them all is `FAILED`. */
const names = [
  undefined,
  'CANCELLED',
  undefined,
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  undefined,
  'UNAVAILABLE',
  undefined,
  'UNAUTHENTICATED',
] as const;

/** The name of our error for a code that is not OK. */
export function grpcErrorName(code: number) {
  return names[code] ?? 'FAILED';
}

/** The HTTP status of a call that has ended with a code, or without one. */
export function httpStatusOf(code: string | undefined): number {
  if (code === '0') return 200;
  return statusOfKind[grpcErrors[grpcErrorName(Number(code))].entry.kind];
}
