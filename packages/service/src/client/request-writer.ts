import type { HttpOperation } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';

/** Writes the input of one operation as a request; the path is taken apart once. */
export interface RequestWriter {
  readonly hasBody: boolean;
  path(input: unknown): string;
  body(input: unknown): string | null;
}

interface Parts {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Compiles an operation's path. A missing path parameter fails with SERVICE_INPUT_INVALID. */
export function requestWriter({ path, spec, service, name }: HttpOperation): RequestWriter {
  const segments = path
    .split('/')
    .map((segment) => (segment.startsWith(':') ? { param: segment.slice(1) } : { text: segment }));
  const fixed = spec.params === undefined ? path : undefined;
  const write = ({ params }: Parts): string =>
    segments
      .map((segment) => {
        if ('text' in segment) return segment.text;
        const value = params?.[segment.param];
        if (value === undefined || value === '')
          throw serviceErrors.INPUT_INVALID(`${service}.${name}: the path parameter "${segment.param}" is missing`);
        return encodeURIComponent(String(value));
      })
      .join('/');
  const hasBody = spec.body !== undefined;
  return {
    hasBody,
    path(input) {
      const parts = input as Parts;
      return (fixed ?? write(parts)) + (spec.query === undefined ? '' : queryString(parts.query));
    },
    body: (input) => (hasBody ? JSON.stringify((input as Parts).body ?? null) : null),
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
