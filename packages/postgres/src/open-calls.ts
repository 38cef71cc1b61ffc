import type { Call } from '@dure/core';

/** The calls whose units of work are open, all copies of a call counted as one. */
export class OpenCalls {
  /** By what all copies of a call share. */
  readonly #many = new WeakMap<Call['positions'], number>();

  begin({ positions }: Call): void {
    this.#many.set(positions, (this.#many.get(positions) ?? 0) + 1);
  }

  end({ positions }: Call): void {
    this.#many.set(positions, (this.#many.get(positions) ?? 1) - 1);
  }

  has({ positions }: Call): boolean {
    return (this.#many.get(positions) ?? 0) > 0;
  }
}
