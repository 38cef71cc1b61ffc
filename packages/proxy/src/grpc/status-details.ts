import type { FieldError } from '@dure/core';
import type { Type } from 'protobufjs';
import protobuf from 'protobufjs';

/** google/rpc/status.proto and error_details.proto of googleapis, as far as they are read; `Any` and `Duration` by their fields. */
const { root } = protobuf.parse(`
syntax = "proto3";
package google.rpc;
message Any { string type_url = 1; bytes value = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; string reason = 3; }
  repeated FieldViolation field_violations = 1;
}
message RetryInfo { Duration retry_delay = 1; }
`);
const status = root.lookupType('google.rpc.Status');
const badRequest = root.lookupType('google.rpc.BadRequest');
const retryInfo = root.lookupType('google.rpc.RetryInfo');

/** What a service says of an error beside its message, as the details of ours. */
export interface StatusDetails {
  readonly errors?: readonly FieldError[];
  readonly retryAfterMs?: number;
}

/** More fields than this are not told. */
const mostViolations = 100;

/** Reads `grpc-status-details-bin`; what is not there, or cannot be read, says nothing. */
export function statusDetails(field: string | undefined): StatusDetails {
  if (field === undefined) return {};
  try {
    const { details } = read<{ details: readonly Any[] }>(status, Buffer.from(field, 'base64'));
    return Object.assign({}, ...details.map(detailOf)) as StatusDetails;
  } catch {
    return {};
  }
}

interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function detailOf({ typeUrl: url, value }: Any): StatusDetails {
  switch (url.slice(url.lastIndexOf('/') + 1)) {
    case 'google.rpc.BadRequest': {
      const { fieldViolations: found } = read<{ fieldViolations: readonly Violation[] }>(badRequest, value);
      const errors = found.slice(0, mostViolations).map(({ field, description, reason }) => ({
        path: field,
        code: reason === '' ? 'invalid' : reason,
        message: description,
      }));
      return { errors };
    }
    case 'google.rpc.RetryInfo': {
      const { retryDelay: delay } = read<{ retryDelay: { seconds: number; nanos: number } | null }>(retryInfo, value);
      return delay === null ? {} : { retryAfterMs: delay.seconds * 1_000 + delay.nanos / 1e6 };
    }
    default:
      return {};
  }
}

interface Violation {
  readonly field: string;
  readonly description: string;
  readonly reason: string;
}

function read<T>(type: Type, bytes: Uint8Array): T {
  return type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as T;
}
