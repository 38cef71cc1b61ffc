import type { KeyringSource } from '../cipher/keyring.ts';

/** How the config server encrypts and decrypts. */
export interface ConfigEncryption {
  /** The keys; read when they are needed, so that a rotation needs no restart. */
  readonly keyring: KeyringSource;
  /**
   * Whether values of the files are decrypted for the application they belong to, and whether `/decrypt` answers. Default
   * true; false passes them on as they are, for clients that have the key.
   */
  readonly decrypts?: boolean;
}

/** The scope that `/encrypt` and `/key` ask for. */
export const encryptScope = 'config:encrypt';

/** The scope that `/decrypt` asks for; who has it is given the values of every application that it may read in plain. */
export const decryptScope = 'config:decrypt';
