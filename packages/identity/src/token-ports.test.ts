import { ids, seededRandom, systemClock } from '@dure/core';
import { tokenSignerContract, tokenVerifierContract, userTokenIssuerContract } from '@dure/service/testing';
import { serviceTokens } from './service-tokens.ts';
import { generateSigningKey, publicKeyOf, userJwks } from './signing-key.ts';
import { tokenVerifier } from './token-verifier.ts';
import { issueUserToken } from './user-tokens.ts';

const made = ids(systemClock, seededRandom(1));

async function open() {
  const [order, user] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  const jwks = userJwks([user]);
  const verifier = (audience: string) =>
    tokenVerifier({
      audience,
      peers: { order: publicKeyOf(order) },
      userIssuer: 'user',
      fetchJwks: async () => jwks,
      clock: systemClock,
    });
  return {
    signer: serviceTokens({
      service: 'order',
      key: order,
      scopes: { stock: ['stock:write'] },
      clock: systemClock,
      ids: made,
    }),
    stock: verifier('stock'),
    payment: verifier('payment'),
    issuer: {
      issue: (who: { subject: string; roles: readonly string[] }) =>
        issueUserToken({ ...who, key: user, clock: systemClock, ids: made }),
      jwks,
    },
  };
}

tokenSignerContract('ES256', open);
tokenVerifierContract('ES256', open);
userTokenIssuerContract('ES256', open);
