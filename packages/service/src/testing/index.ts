export type { MemoryRegistrar } from './memory-registrar.ts';
export { memoryRegistrar } from './memory-registrar.ts';
export type { MemoryTokens } from './memory-tokens.ts';
export { memoryTokens } from './memory-tokens.ts';
export type { RegistrarUnderTest } from './registrar-contract.ts';
export { registrarContract } from './registrar-contract.ts';
export type { TokensUnderTest } from './token-contracts.ts';
export { tokenSignerContract, tokenVerifierContract, userTokenIssuerContract } from './token-contracts.ts';
