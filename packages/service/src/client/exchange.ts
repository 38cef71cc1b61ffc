import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '@dure/core';
import type { Dispatcher } from 'undici';
import { serviceErrors } from '../errors.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A larger answer is not read to its end: whoever needs more streams it. */
const mostBytes = 16 * 2 ** 20;

/**
 * Sends a request and reads the whole answer, on undici's lowest interface: no stream object for each answer.
 * Rejects with the abort reason when the call is ended, and SERVICE_RESPONSE_INVALID for more than 16 MiB.
 */
export function exchange(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Exchange(resolve, reject, call));
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #call: Call;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #first: Buffer | undefined = undefined;
  #rest: Buffer[] | undefined = undefined;
  #bytes = 0;

  constructor(resolve: (answer: Answer) => void, reject: (error: unknown) => void, call: Call) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#call = call;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#call.follow(this.#abort);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > mostBytes) {
      controller.abort(serviceErrors.RESPONSE_INVALID(`the answer is longer than ${mostBytes} bytes`));
      return;
    }
    if (this.#first === undefined) this.#first = chunk;
    else if (this.#rest === undefined) this.#rest = [this.#first, chunk];
    else this.#rest.push(chunk);
  }

  onResponseEnd(): void {
    this.#call.unfollow(this.#abort);
    const body = this.#rest === undefined ? this.#first : Buffer.concat(this.#rest, this.#bytes);
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      text: body === undefined ? '' : body.toString('utf8'),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#call.unfollow(this.#abort);
    this.#reject(error);
  }

  readonly #abort = (): void => {
    const { reason } = this.#call.signal;
    this.#controller?.abort(
      reason instanceof Error ? reason : serviceErrors.STOPPING('the caller has gone', { cause: reason }),
    );
  };
}
