import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import { readTarget } from '../http/target.ts';
import type { CacheRequest } from './cache-request.ts';
import type { FieldList } from './field-list.ts';
import { valuesOf } from './field-list.ts';

/** RFC 9110 §9.2.1. Any other method, known or not, may change something. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a method changes nothing. */
export function isSafe(method: string): boolean {
  return safeMethods.has(method);
}

/** What answers to a GET are kept under. */
export function keyOf(host: string, path: string, query: string): string {
  return `${host.toLowerCase()} ${path}${query}`;
}

/** What is out of date when a request that changes something has succeeded (RFC 9111 §4.4): at the same host only. */
export function outdatedKeys({ host, path, query }: CacheRequest, fields: FieldList): readonly string[] {
  const keys = [keyOf(host, path, query)];
  const base = `http://${host}${path}`;
  for (const name of ['location', 'content-location']) {
    for (const value of valuesOf(fields, name)) {
      if (!URL.canParse(value, base)) continue;
      const url = new URL(value, base);
      const target = readTarget(url.pathname + url.search);
      if (target.ok && url.host === new URL(base).host) keys.push(keyOf(host, target.path, target.query));
    }
  }
  return keys;
}

/** Says what is out of date before the client hears that it is, so that it never reads what it has just changed. */
export class OutdatingAnswer extends PassingAnswer {
  readonly #request: CacheRequest;
  readonly #outdate: (key: string) => void;

  constructor(next: Answer, request: CacheRequest, outdate: (key: string) => void) {
    super(next);
    this.#request = request;
    this.#outdate = outdate;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (status >= 200 && status < 400) for (const key of outdatedKeys(this.#request, fields)) this.#outdate(key);
    this.next.begin(status, fields, bodyBytes);
  }
}
