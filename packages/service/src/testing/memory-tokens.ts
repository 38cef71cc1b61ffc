import type { Identity } from '@dure/core';
import type { TokenSigner } from '../client/token-signer.port.ts';
import { serviceErrors } from '../errors.ts';
import type { TokenVerifier } from '../server/token-verifier.port.ts';
import type { UserTokenIssuer } from '../server/user-token-issuer.port.ts';

/** Tokens without cryptography, for tests and simulations in one process. */
export interface MemoryTokens {
  signer(service: string, scopes?: readonly string[]): TokenSigner;
  verifier(audience: string): TokenVerifier;
  readonly issuer: UserTokenIssuer;
}

interface Known {
  /** Undefined for users, who may go anywhere. */
  readonly audience: string | undefined;
  readonly identity: Identity;
}

/** A place that remembers what each token means. */
export function memoryTokens(): MemoryTokens {
  const known = new Map<string, Known>();
  const issue = (audience: string | undefined, identity: Identity): string => {
    const token = `token-${known.size + 1}`;
    known.set(`Bearer ${token}`, { audience, identity });
    return token;
  };
  return {
    signer: (service, scopes = []) => ({
      async authorize(audience, onBehalfOf) {
        const identity: Identity = {
          kind: 'service',
          subject: service,
          roles: [],
          scopes,
          ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
        };
        return `Bearer ${issue(audience, identity)}`;
      },
    }),
    verifier: (audience) => ({
      async verify(authorization) {
        const found = known.get(authorization);
        if (found === undefined || (found.audience !== undefined && found.audience !== audience))
          throw serviceErrors.TOKEN_INVALID('the token is not valid');
        return found.identity;
      },
    }),
    issuer: {
      issue: async ({ subject, roles, scopes = [] }) => ({
        token: issue(undefined, { kind: 'user', subject, roles, scopes }),
        expiresAt: Number.MAX_SAFE_INTEGER,
      }),
      jwks: { keys: [] },
    },
  };
}
