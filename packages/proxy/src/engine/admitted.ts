import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Span } from '@dure/telemetry';
import type { RequestHead } from '../http/request-head.ts';
import type { Destination } from './destination.ts';

/** One request that was let in. */
export interface Admitted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly destination: Destination;
  /** Whether it may be sent again although an instance may have carried it out. */
  readonly isRepeatable: boolean;
  /** Path and query for the service. */
  readonly target: string;
  readonly head: RequestHead;
  /** The client's address. */
  readonly address: string;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly span: Span;
  readonly startedMs: number;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
  /** Fields to add to the answer, names and values in turn. */
  readonly answerFields: readonly string[];
  /** Retries that the caller still allows, when it is one whose word counts. */
  readonly callersBudget?: number | undefined;
  /** Rewrites the whole answer instead of streaming it; may throw. */
  readonly rewrite?: (
    status: number,
    body: Buffer,
  ) => { readonly fields: readonly string[]; readonly body: string } | undefined;
}
