import assert from 'node:assert/strict';
import { memoryRegistrar } from './memory-registrar.ts';
import { memoryTokens } from './memory-tokens.ts';
import { registrarContract } from './registrar-contract.ts';
import { tokenSignerContract, tokenVerifierContract, userTokenIssuerContract } from './token-contracts.ts';

const openTokens = async () => {
  const tokens = memoryTokens();
  return {
    signer: tokens.signer('order', ['stock:write']),
    stock: tokens.verifier('stock'),
    payment: tokens.verifier('payment'),
    issuer: tokens.issuer,
  };
};

tokenSignerContract('memory', openTokens);
tokenVerifierContract('memory', openTokens);
userTokenIssuerContract('memory', openTokens);
registrarContract('memory', async () => {
  const registrar = memoryRegistrar();
  return {
    registrar,
    up: registrar.up,
    untilUp: async (service, instanceIds) => assert.deepEqual([...registrar.up(service)].sort(), [...instanceIds]),
    [Symbol.asyncDispose]: async () => undefined,
  };
});
