import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@dure/core';

/**
 * An OpenID Connect issuer on 127.0.0.1 that signs whatever a test wants: discovery document, key set and access tokens.
 *
 * @example
 * await using issuer = await openIssuer();
 * const authorization = `Bearer ${issuer.token({ sub: 'kim', realm_access: { roles: ['admin'] } })}`;
 */
export interface OpenIssuer extends AsyncDisposable {
  readonly issuer: string;
  /** An access token; claims that are not given are good ones for the audience `api`. */
  token(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string;
}

/** Opens one with a key of its own, named `k`. */
export async function openIssuer(): Promise<OpenIssuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' }];
  const server = createServer((request, response) => {
    const document = request.url === '/jwks' ? { keys } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    issuer,
    token(claims, header = {}) {
      const iat = Math.floor(systemClock.now() / 1_000);
      const payload = { iss: issuer, aud: 'api', sub: 'kim', iat, exp: iat + 300, ...claims };
      const text = `${part({ alg: 'RS256', kid: 'k', typ: 'at+jwt', ...header })}.${part(payload)}`;
      return `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
