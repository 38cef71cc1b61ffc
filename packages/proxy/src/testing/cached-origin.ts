import type { FakeClock } from '@dure/core/testing';
import { fakeClock } from '@dure/core/testing';
import type { CacheRequest } from '../cache/cache-request.ts';
import type { CacheRules } from '../cache/cache-rules.ts';
import { completeRules } from '../cache/cache-rules.ts';
import type { ResponseCacheOptions } from '../cache/response-cache.ts';
import { ResponseCache } from '../cache/response-cache.ts';
import type { Answer } from '../engine/answer.ts';
import { fieldValue } from '../http/field-lines.ts';

/** What a client asks for; fields as lines: `cache-control: no-cache`. */
export interface Question {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly route?: string;
  readonly fields?: readonly string[];
  readonly isAuthenticated?: boolean;
  readonly hasCookie?: boolean;
  readonly hasBody?: boolean;
  /** The client takes nothing until it is told to. */
  readonly isSlow?: boolean;
}

/** What an origin answers. */
export interface Reply {
  readonly status?: number;
  /** Lines. `date` is added, as the clock says, unless one is there or `isDateless`. */
  readonly fields?: readonly string[];
  readonly body?: string;
  readonly isDateless?: boolean;
}

/** An answer as a client gets it. */
export class ClientView implements Answer {
  status = 0;
  readonly fields = new Map<string, string>();
  body = '';
  begins = 0;
  isEnded = false;
  isAborted = false;
  isSlow = false;
  isFlushed = false;
  #go: (() => void) | undefined;

  begin(status: number, fields: string[]): void {
    this.begins += 1;
    this.status = status;
    for (let index = 0; index < fields.length; index += 2) {
      const name = (fields[index] ?? '').toLowerCase();
      const before = this.fields.get(name);
      this.fields.set(name, before === undefined ? (fields[index + 1] ?? '') : `${before}, ${fields[index + 1]}`);
    }
  }

  flush(): void {
    this.isFlushed = true;
  }

  write(piece: Buffer): boolean {
    this.body += piece.toString('latin1');
    // A piece is good until `write` returns: whoever keeps one without a copy shows it here.
    return !this.isSlow;
  }

  whenDrained(go: () => void): void {
    if (this.isSlow) this.#go = go;
    else go();
  }

  end(piece?: Buffer): void {
    if (piece !== undefined) this.write(piece);
    this.isEnded = true;
  }

  abort(): void {
    this.isAborted = true;
  }

  /** The client takes one more piece. */
  take(): void {
    const go = this.#go;
    this.#go = undefined;
    go?.();
  }

  /** `hit`, or why it was forwarded. */
  get fate(): string {
    const text = this.fields.get('cache-status') ?? '';
    return /; (?:fwd=)?([a-z-]+)/.exec(text)?.[1] ?? 'none';
  }
}

/** A request as it came to the origin. */
export interface Arrived {
  readonly method: string;
  readonly fields: string;
  readonly answer: Answer;
  isCancelled: boolean;
}

/** A client's side of one exchange. */
export interface Asking {
  readonly view: ClientView;
  leave(): void;
}

/** A cache between clients and an origin that a test plays. */
export interface CachedOrigin {
  readonly clock: FakeClock;
  readonly cache: ResponseCache;
  readonly arrived: Arrived[];
  readonly notes: string[];
  /** Answers what arrives; while it is undefined requests wait. */
  reply: ((arrived: Arrived, number: number) => Reply) | undefined;
  ask(question?: Question): ClientView;
  open(question?: Question): Asking;
}

/** Writes a reply as an origin does, in one piece. */
export function replyTo(answer: Answer, reply: Reply, now: number): void {
  const { status = 200, fields = [], body = 'hello', isDateless = false } = reply;
  const bytes = Buffer.from(body, 'latin1');
  const list = fields.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  if (!isDateless && fieldValue(`${fields.join('\r\n')}\r\n`, 'date') === undefined)
    list.push('Date', new Date(now).toUTCString());
  const hasBody = status !== 204 && status !== 304;
  answer.begin(status, list, hasBody ? bytes.length : 0);
  answer.end(hasBody ? bytes : undefined);
  bytes.fill(0x3f);
}

/** Opens a cache with an origin behind it. */
export function cachedOrigin(rules: CacheRules = {}, options: ResponseCacheOptions = {}): CachedOrigin {
  const clock = fakeClock();
  const cache = new ResponseCache(options);
  const complete = completeRules(rules);
  const made: CachedOrigin = {
    clock,
    cache,
    arrived: [],
    notes: [],
    reply: undefined,
    ask: (question) => made.open(question).view,
    open(question = {}) {
      const view = new ClientView();
      view.isSlow = question.isSlow ?? false;
      let left = () => {};
      const forward = (fields: string, answer: Answer) => {
        const one: Arrived = { method: question.method ?? 'GET', fields, answer, isCancelled: false };
        made.arrived.push(one);
        if (made.reply !== undefined) replyTo(answer, made.reply(one, made.arrived.length), clock.now());
        return one;
      };
      const request: CacheRequest = {
        clock,
        method: question.method ?? 'GET',
        route: question.route ?? 'things.readThing',
        host: question.host ?? 'shop.test',
        path: question.path ?? '/things/1',
        query: question.query ?? '',
        fields: (question.fields ?? []).map((line) => `${line}\r\n`).join(''),
        isAuthenticated: question.isAuthenticated ?? false,
        hasCookie: question.hasCookie ?? false,
        hasBody: question.hasBody ?? false,
        answer: view,
        forward: (answer) => void forward(request.fields, answer),
        ask: (fields, answer) => {
          const one = forward(fields, answer);
          return () => {
            one.isCancelled = true;
          };
        },
        onLeave: (leave) => {
          left = leave;
        },
        note: (text) => void made.notes.push(text),
      };
      void cache.handle(request, complete);
      return { view, leave: () => left() };
    },
  };
  return made;
}
