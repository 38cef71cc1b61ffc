import type { Clock } from '@dure/core';
import type { Answer } from '../engine/answer.ts';

/** What the cache must know of a request, and what it may do about it. */
export interface CacheRequest {
  readonly clock: Clock;
  readonly method: string;
  /** What the route is called. */
  readonly route: string;
  /** As the client names it. */
  readonly host: string;
  /** The path, and the query with its question mark, as they came. */
  readonly path: string;
  readonly query: string;
  /** Lines, see `field-lines.ts`. */
  readonly fields: string;
  /** Somebody is known to ask, or has sent credentials. */
  readonly isAuthenticated: boolean;
  readonly hasCookie: boolean;
  readonly hasBody: boolean;
  readonly answer: Answer;
  /** Forwards it as the client's own; what comes back goes to `answer`. */
  forward(answer: Answer): void | Promise<void>;
  /** Forwards it with other fields, whether the client stays or goes. Returns what ends that. */
  ask(fields: string, answer: Answer): () => void;
  /** Calls back when the client has gone or has its answer. */
  onLeave(leave: () => void): void;
  /** Notes what was decided, for `dure explain`. */
  note(text: string): void;
}
