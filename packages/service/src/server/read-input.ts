import { parse } from 'node:querystring';
import type { DureError } from '@dure/core';
import fastify from 'fastify';
import { serviceErrors } from '../errors.ts';

/** Reads a query, without its question mark, the way the listener does: a name that is there twice has a list of values. */
export function readQuery(query: string): Record<string, unknown> {
  return parse(query, '&', '=', { maxKeys: 0 });
}

/** Longer values find no route (find-my-way's `maxParamLength`). */
const longestParameter = 100;

/**
 * Reads the parameters in a path, which is percent-encoded, for a route such as `/stock/:sku`. Undefined when the path is
 * not one of this route.
 */
export function pathReader(route: string): (path: string) => Record<string, string> | undefined {
  const names = route.split('/');
  return (path) => {
    const segments = path.split('/');
    if (segments.length !== names.length) return undefined;
    const parameters: Record<string, string> = Object.create(null);
    for (const [index, name] of names.entries()) {
      const segment = segments[index] ?? '';
      if (!name.startsWith(':')) {
        if (segment !== name) return undefined;
        continue;
      }
      const value = decoded(segment);
      if (value === undefined || value === '' || value.length > longestParameter) return undefined;
      parameters[name.slice(1)] = value;
    }
    return parameters;
  };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

const made: { parser?: ReturnType<ReturnType<typeof fastify>['getDefaultJsonParser']> } = {};

/** Reads a JSON body by the framework's own parser, which refuses what would become a prototype. SERVICE_BODY_MALFORMED. */
export function readJson(text: string): unknown {
  made.parser ??= fastify().getDefaultJsonParser('error', 'error');
  const read: { value?: unknown } = {};
  // It asks nothing of the request, and calls back before it returns.
  (made.parser as JsonParser)(undefined, text, (error, value) => {
    if (error != null) throw jsonRefusal(error);
    read.value = value;
  });
  return read.value;
}

type JsonParser = (request: undefined, text: string, done: (error: Error | null, value?: unknown) => void) => void;

/** What a body is refused with that the framework could not read. */
export function jsonRefusal(cause: Error): DureError {
  return serviceErrors.BODY_MALFORMED(`the body is not one JSON value: ${cause.message}`, { cause });
}
