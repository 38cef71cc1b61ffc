import type { Identity } from '@dure/core';

/** Decides who sent a token. */
export interface TokenVerifier {
  /**
   * The identity behind an `Authorization` header. Rejects with SERVICE_TOKEN_INVALID when the scheme, the
   * signature, the audience or the time does not fit; the message never says which.
   */
  verify(authorization: string): Promise<Identity>;
}
