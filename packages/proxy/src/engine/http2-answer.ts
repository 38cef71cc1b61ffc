import type { ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { AnswerOwner, ClientSide } from './exchange-source.ts';

/** The answer to a request of an HTTP/2 client: one stream of a connection that others share. */
export class Http2Answer implements ClientSide {
  readonly #stream: ServerHttp2Stream;
  readonly #takesTrailers: boolean;
  #owner: AnswerOwner | undefined;
  #status = 0;
  #isStream = false;
  #isWhole = false;
  #leavesRest = false;
  #trailers: OutgoingHttpHeaders = {};

  constructor(stream: ServerHttp2Stream, takesTrailers: boolean) {
    this.#stream = stream;
    this.#takesTrailers = takesTrailers;
  }

  attach(owner: AnswerOwner): void {
    const stream = this.#stream;
    this.#owner = owner;
    stream.on('close', () => owner.close(this.#isWhole && stream.writableFinished ? this.#status : 499));
  }

  get isBegun(): boolean {
    return this.#stream.headersSent;
  }

  /** The connection is others' too: only what is left of this request is refused, once the answer is complete. */
  leaveRest(): void {
    this.#leavesRest = true;
  }

  sendContinue(): void {
    this.#inform(100, {});
  }

  sendHints(links: readonly string[]): void {
    if (links.length > 0) this.#inform(103, { link: [...links] });
  }

  isFor(_response: ServerResponse): boolean {
    return false;
  }

  begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const stream = this.#stream;
    if (stream.headersSent || stream.destroyed || stream.closed) return;
    const headers: OutgoingHttpHeaders = { ':status': status, ...grouped(fields) };
    headers['dure-request-id'] = this.#owner?.span.context.traceId;
    this.#status = status;
    if (this.#takesTrailers) {
      // Node.js's own response, which is not used, would send none.
      stream.removeAllListeners('wantTrailers');
      stream.once('wantTrailers', () => stream.sendTrailers(this.#trailers));
    }
    try {
      stream.respond(headers, bodyBytes === 0 ? { endStream: true } : { waitForTrailers: this.#takesTrailers });
    } catch {
      // A field that HTTP/2 does not have, or has only once.
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  flush(): void {
    this.#isStream = true;
  }

  write(piece: Buffer): boolean {
    if (!this.#isOpen) return true;
    const taken = this.#stream.write(Buffer.from(piece));
    if (!taken) this.#owner?.expectProgress();
    return taken;
  }

  whenDrained(go: () => void): void {
    this.#stream.once('drain', () => {
      if (this.#isStream && this.#owner !== undefined) this.#owner.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }

  end(piece?: Buffer, trailers: readonly string[] = []): void {
    const stream = this.#stream;
    this.#isWhole = true;
    this.#trailers = grouped(trailers);
    this.#owner?.expectProgress();
    if (this.#leavesRest) {
      if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
      else stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    }
    if (!this.#isOpen) return;
    if (piece === undefined || piece.length === 0) stream.end();
    else stream.end(Buffer.from(piece));
  }

  abort(): void {
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  get #isOpen(): boolean {
    return !this.#stream.destroyed && !this.#stream.writableEnded;
  }

  #inform(status: number, headers: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    if (!stream.headersSent && !stream.destroyed && !stream.closed)
      stream.additionalHeaders({ ':status': status, ...headers });
  }
}

/** Names and values in turn as an object with names in lower case; what comes several times is a list. */
function grouped(fields: readonly string[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let index = 0; index < fields.length; index += 2) {
    const name = (fields[index] ?? '').toLowerCase();
    const text = fields[index + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? text : [before, text].flat().map(String);
  }
  return headers;
}
