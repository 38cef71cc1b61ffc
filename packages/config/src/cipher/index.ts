export { configErrors } from '../errors.ts';
export { isEncrypted } from './encrypted-value.ts';
export type { Keyring, KeyringSource } from './keyring.ts';
export { keyring } from './keyring.ts';
export type { AesKeySpec, KeyringData, KeySpec, RsaKeySpec } from './keyring-data.ts';
export { fileKeyring, newKey, readKeyring, writeKeyring } from './keyring-file.ts';
