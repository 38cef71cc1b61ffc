import { STATUS_CODES } from 'node:http';
import { PassingAnswer } from '../engine/answer.ts';
import type { Exchange } from '../engine/exchange.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { mapValues } from './answer-filter.ts';
import { escaped, filterText, refuseFilter } from './filter-setting.ts';

/**
 * Answers with a redirection; nothing behind it is reached.
 *
 * @example
 * redirectTo(302, 'https://shop.example')
 */
export function redirectTo(status: number, url: string, includeRequestParams = false): NamedLayer<never> {
  const filter = 'RedirectTo';
  if (!(status >= 300 && status < 400))
    throw refuseFilter(filter, `has the status ${status}; it must be one of 300 to 399`);
  if (!/^[\x21-\x7e]+$/.test(url) || !(/^\/(?!\/)/.test(url) || /^https?:$/.test(URL.parse(url)?.protocol ?? '')))
    throw refuseFilter(filter, `has "${escaped(url)}", which is neither an address nor a path`);
  const [before = '', ...fragment] = url.split(/(?=#)/);
  const withQuery = (query: string) =>
    query.length > 1 ? `${before}${before.includes('?') ? '&' : '?'}${query.slice(1)}${fragment.join('')}` : url;
  return {
    name: filter,
    text: filterText(filter, { [status]: url, includeRequestParams }),
    layer: () => (exchange) => {
      const location = includeRequestParams ? withQuery(exchange.query) : url;
      exchange.answer.begin(status, ['location', location, 'content-length', '0'], 0);
      exchange.answer.end();
    },
  };
}

/** Another status for what a service answers, by its number; one without a body takes the body away. Problems keep theirs. */
export function setStatus(status: number): NamedLayer<never> {
  const filter = 'SetStatus';
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw refuseFilter(filter, `has the status ${status}; it must be one of 200 to 599`);
  return {
    name: filter,
    text: filterText(filter, { status }),
    layer: (next) => (exchange) => {
      exchange.answer = new OtherStatus(exchange, status);
      return next(exchange);
    },
  };
}

/** The status of a number or a name such as `NOT_FOUND`; undefined when there is none. */
export function statusOf(text: string): number | undefined {
  if (/^\d{3}$/.test(text)) return Number(text);
  const found = Object.entries(STATUS_CODES).find(([, words = '']) => constantOf(words) === constantOf(text));
  return found === undefined ? undefined : Number(found[0]);
}

function constantOf(words: string): string {
  return words
    .replace(/'/g, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

class OtherStatus extends PassingAnswer {
  readonly #status: number;
  readonly #exchange: Exchange;
  #isBodiless = false;

  constructor(exchange: Exchange, status: number) {
    super(exchange.answer);
    this.#exchange = exchange;
    this.#status = status;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (this.#exchange.isRefused) {
      this.next.begin(status, fields, bodyBytes);
      return;
    }
    this.#isBodiless = this.#status === 204 || this.#status === 205 || this.#status === 304;
    if (!this.#isBodiless) this.next.begin(this.#status, fields, bodyBytes);
    else
      this.next.begin(
        this.#status,
        mapValues(fields, 'content-length', () => undefined),
        0,
      );
  }

  override write(piece: Buffer): boolean {
    return this.#isBodiless || this.next.write(piece);
  }

  override end(piece?: Buffer): void {
    this.next.end(this.#isBodiless ? undefined : piece);
  }
}
