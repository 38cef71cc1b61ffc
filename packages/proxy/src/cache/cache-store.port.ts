import type { StoredAnswer } from './stored-answer.ts';

/** Where answers are kept. It may forget any of them at any time, and does so rather than keep more than it is allowed. */
export interface CacheStore {
  /** What is kept under a key, the newest first. */
  find(key: string): readonly StoredAnswer[];
  /** Keeps an answer in place of the one of the same key, route and variant. False: it is larger than what is kept. */
  put(answer: StoredAnswer): boolean;
  /** An answer was used: it is worth more than one that was not. */
  touch(answer: StoredAnswer): void;
  /** Forgets one answer; idempotent. */
  remove(answer: StoredAnswer): void;
  /** Forgets everything under a key. */
  removeAll(key: string): void;
  /** What is kept at the moment. */
  readonly size: { readonly answers: number; readonly bytes: number };
}
