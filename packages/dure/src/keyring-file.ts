import { join, resolve } from 'node:path';
import type { LoadedSystem } from './load-system.ts';

/** Where the keys of a system's configuration lie: where it says, or in its state folder, where `--fresh` leaves them. */
export function keyringFile(
  { system: { keyring }, folder }: Pick<LoadedSystem, 'system' | 'folder'>,
  stateFolder: string,
): string {
  return keyring === undefined ? join(stateFolder, stateKeyring) : resolve(folder, keyring);
}

/** What they are called in the state folder. */
export const stateKeyring = 'keyring.json';
