export type { Attempted, Client, ClientOperation } from './client.ts';
export type { TokenSigner } from './token-signer.port.ts';
