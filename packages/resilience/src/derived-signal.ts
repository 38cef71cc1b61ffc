import type { Call } from '@dure/core';

/** A signal that follows a call's, if any, and can be aborted apart from it. It is made only when somebody asks for it. */
export class DerivedSignal {
  readonly #call: Call | undefined;
  #controller: AbortController | undefined = undefined;
  #ended: { readonly reason: unknown } | undefined = undefined;

  constructor(call?: Call) {
    this.#call = call;
  }

  /** For `call.with({ signal: derived.get })`. */
  readonly get = (): AbortSignal => {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const signal = this.#call?.signal;
      if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason);
      else if (signal?.aborted === true) this.#controller.abort(signal.reason);
      else signal?.addEventListener('abort', this.#follow, { once: true });
    }
    return this.#controller.signal;
  };

  abort(reason: unknown): void {
    this.#ended ??= { reason };
    this.release();
    this.#controller?.abort(reason);
  }

  /** Follows no longer: the work is over. */
  release(): void {
    if (this.#controller !== undefined) this.#call?.signal.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.abort(this.#call?.signal.reason);
}
