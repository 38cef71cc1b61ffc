import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Identity } from '@dure/core';
import { codeOf, userOf } from '@dure/core';
import type { TokenSigner } from '../client/token-signer.port.ts';
import { serviceErrors } from '../errors.ts';
import type { TokenVerifier } from '../server/token-verifier.port.ts';
import type { UserTokenIssuer } from '../server/user-token-issuer.port.ts';

/** Adapters under test: who signs, and who verifies for which audience. */
export interface TokensUnderTest {
  /** Signs for the service `order`, which holds the scope `stock:write` at `stock`. */
  readonly signer: TokenSigner;
  /** Verifies what is meant for `stock`. */
  readonly stock: TokenVerifier;
  /** Verifies what is meant for `payment`. */
  readonly payment: TokenVerifier;
  readonly issuer: UserTokenIssuer;
}

const isInvalid = (error: unknown) => codeOf(error) === serviceErrors.TOKEN_INVALID.code;
const kim: Identity = { kind: 'user', subject: 'kim', roles: ['admin'], scopes: [] };

/** What every `TokenSigner` promises, together with the verifier that takes its tokens. */
export function tokenSignerContract(name: string, open: () => Promise<TokensUnderTest>): void {
  describe(`a token signer (${name})`, () => {
    test('its token tells the audience who calls, with which scopes', async () => {
      const { signer, stock } = await open();
      const identity = await stock.verify(await signer.authorize('stock', undefined));
      assert.deepEqual(
        [identity.kind, identity.subject, identity.scopes, userOf(identity)],
        ['service', 'order', ['stock:write'], undefined],
      );
    });
    test('its token carries the user on whose behalf the call is made', async () => {
      const { signer, stock } = await open();
      const user = userOf(await stock.verify(await signer.authorize('stock', kim)));
      assert.deepEqual([user?.subject, user?.roles], ['kim', ['admin']]);
    });
    test('its token is worth nothing to another audience', async () => {
      const { signer, payment } = await open();
      await assert.rejects(payment.verify(await signer.authorize('stock', undefined)), isInvalid);
    });
  });
}

/** What every `TokenVerifier` promises. */
export function tokenVerifierContract(name: string, open: () => Promise<TokensUnderTest>): void {
  describe(`a token verifier (${name})`, () => {
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      'Bearer a.b.c',
      'Basic eDp5',
      'Digest x',
      `Bearer ${'x'.repeat(100_000)}`,
    ]) {
      test(`refuses ${JSON.stringify(authorization.slice(0, 20))} without saying why`, async () => {
        const { stock } = await open();
        const errors = await Promise.all(
          [authorization, 'Bearer y'].map((text) => stock.verify(text).catch((error: unknown) => error)),
        );
        assert.ok(errors.every(isInvalid));
        assert.equal(String(errors[0]), String(errors[1]));
      });
    }
  });
}

/** What every `UserTokenIssuer` promises, together with the verifiers that take its tokens. */
export function userTokenIssuerContract(name: string, open: () => Promise<TokensUnderTest>): void {
  describe(`an issuer of user tokens (${name})`, () => {
    test('its token is good at every service, and names the user and their roles', async () => {
      const { issuer, stock, payment } = await open();
      const { token, expiresAt } = await issuer.issue({ subject: 'kim', roles: ['admin'] });
      for (const verifier of [stock, payment]) {
        const identity = await verifier.verify(`Bearer ${token}`);
        assert.deepEqual([identity.kind, identity.subject, identity.roles], ['user', 'kim', ['admin']]);
      }
      assert.ok(expiresAt > 0);
    });
    test('its token carries the scopes that it was issued with', async () => {
      const { issuer, stock } = await open();
      const granted = ['orders:read', 'orders:write'];
      const { token } = await issuer.issue({ subject: 'kim', roles: [], scopes: granted });
      assert.deepEqual((await stock.verify(`Bearer ${token}`)).scopes, granted);
    });
    test('what it publishes holds no private part of a key', async () => {
      const { issuer } = await open();
      for (const key of issuer.jwks.keys) assert.equal('d' in key, false);
    });
  });
}
