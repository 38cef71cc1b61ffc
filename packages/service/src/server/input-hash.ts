import { createHash } from 'node:crypto';
import type { Call } from '@dure/core';

/** A SHA-256 digest of operation, caller and input, independent of the order of keys; 64 hexadecimal digits. */
export function inputHash(call: Call, input: unknown): string {
  const text = `${call.operation.service}.${call.operation.name}\n${call.identity.subject}\n${canonical(input)}`;
  return createHash('sha256').update(text).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`;
}
