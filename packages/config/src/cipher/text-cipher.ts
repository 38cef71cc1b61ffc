/** Encrypts texts by one key. */
export interface TextCipher {
  encrypt(plain: string): string;
  /** Throws whatever it likes when the text was not encrypted by this key: who asks learns that it failed, not why. */
  decrypt(encrypted: string): string;
}

/** How each byte of a key, or of random data, is had; a test may put its own in place. */
export type RandomBytes = (size: number) => Uint8Array;
