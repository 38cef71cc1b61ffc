import { isBytes } from '../contract/bytes.ts';
import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import type { OutgoingBytes } from './outgoing-bytes.ts';
import { outgoingBytes } from './outgoing-bytes.ts';

/** Writes the input of one operation as a request; the path is taken apart once. */
export interface RequestWriter {
  readonly hasBody: boolean;
  path(input: unknown): string;
  /** The body as JSON, or nothing. */
  body(input: unknown): string | null;
  /** The body of an operation that takes bytes. */
  bytes(input: unknown): OutgoingBytes | undefined;
}

interface Parts {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Compiles an operation's path, below `base`. A missing path parameter fails with SERVICE_INPUT_INVALID. */
export function requestWriter(operation: HttpOperation, base = ''): RequestWriter {
  const { path, spec } = operation;
  const write = pathWriter(operation, base);
  const bytesSchema = isBytes(spec.body) ? spec.body : undefined;
  const hasBody = spec.body !== undefined && bytesSchema === undefined;
  const fixed = spec.params === undefined ? base + path : undefined;
  return {
    hasBody,
    path(input) {
      const parts = input as Parts;
      const written = fixed ?? write(parts.params);
      return spec.query === undefined ? written : written + queryString(parts.query);
    },
    body: (input) => (hasBody ? JSON.stringify((input as Parts).body ?? null) : null),
    bytes: (input) =>
      bytesSchema === undefined ? undefined : outgoingBytes(operation, bytesSchema, (input as Parts).body),
  };
}

/** Texts and parameters by turns: `/stock/` sku `/at/` place. */
function pathWriter({ path, service, name }: HttpOperation, base: string): (params: Parts['params']) => string {
  const [first = '', ...rest] = path.split('/:');
  const pieces = rest.map((piece) => {
    const at = piece.indexOf('/');
    return at < 0 ? { param: piece, text: '' } : { param: piece.slice(0, at), text: piece.slice(at) };
  });
  return (params) => {
    let written = base + first;
    for (const { param, text } of pieces) {
      const value = params?.[param];
      if (value === undefined || value === '')
        throw serviceErrors.INPUT_INVALID(`${service}.${name}: the path parameter "${param}" is missing`);
      written += `/${encodeURIComponent(String(value))}${text}`;
    }
    return written;
  };
}

function queryString(query: Readonly<Record<string, unknown>> | undefined): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) search.append(key, String(item));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
