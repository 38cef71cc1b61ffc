import type { Identity } from '@dure/core';

/** Proves to a service who is calling. */
export interface TokenSigner {
  /** An `Authorization` header for the audience, good for at least 10 seconds, acting for `onBehalfOf` if given. */
  authorize(audience: string, onBehalfOf: Identity | undefined): Promise<string>;
}
