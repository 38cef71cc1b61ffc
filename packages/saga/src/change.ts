import type { ReplyData } from '@dure/messaging';
import type { SagaInstance, StepRecord } from './instance.ts';
import type { AnySaga } from './saga.ts';

/** Which message of a step: the command, its compensation, or the question whether it was done. */
export type StepDirection = 'do' | 'undo' | 'ask';

/** What an operator may do to an instance. */
export type SagaAction =
  /** Sends what is under way again, at once; a stuck instance moves again. */
  | { readonly do: 'retry' }
  /** Takes a step that is under way for done, with this result. */
  | { readonly do: 'skip'; readonly step: string; readonly result?: unknown }
  /** Turns back; before the pivot only. */
  | { readonly do: 'undo' }
  /** Takes a step for undone, because somebody has seen that it is. */
  | { readonly do: 'undone'; readonly step: string; readonly evidence: string }
  /** Holds it: answers are noted, nothing is sent, and its time stands still. */
  | { readonly do: 'pause' }
  | { readonly do: 'resume' }
  /** Moves the deadline. */
  | { readonly do: 'extend'; readonly byMs: number }
  /** Sends a step that is under way again, with other data. */
  | { readonly do: 'replace'; readonly step: string; readonly data: unknown };

/** What an operator may do to an instance that changes what it runs by. */
export type SagaMove = { readonly do: 'migrate' };

/** What can happen to an instance. */
export type SagaEvent =
  | { readonly kind: 'started' }
  | {
      readonly kind: 'replied';
      readonly step: string;
      readonly direction: StepDirection;
      readonly reply: ReplyData;
    }
  /** A local step has run, or has failed and left nothing. */
  | { readonly kind: 'ran'; readonly step: string; readonly direction: 'do' | 'undo'; readonly outcome: Outcome }
  /** An event that a step waits for is there. */
  | { readonly kind: 'arrived'; readonly step: string; readonly data: unknown }
  /** Time has passed; whatever is due is done, and nothing else. */
  | { readonly kind: 'woken' }
  | { readonly kind: 'end-succeeded' }
  | { readonly kind: 'end-failed'; readonly message: string }
  | { readonly kind: 'operated'; readonly action: SagaAction; readonly by: string; readonly why: string };

/** How a local step came out. */
export type Outcome = ReplyData | { readonly ok: false; readonly message: string };

/** A command that is to be sent with the change. */
export interface SagaCommand {
  readonly step: string;
  readonly direction: StepDirection | 'end';
  readonly attempt: number;
  readonly service: string;
  readonly name: string;
  readonly key: string;
  readonly data: unknown;
}

/** One line of an instance's history. */
export interface SagaHistoryEntry {
  readonly at: number;
  readonly what:
    | 'started'
    | 'sent'
    | 'done'
    | 'chosen'
    | 'waiting'
    | 'refused'
    | 'busy'
    | 'failed'
    | 'timed-out'
    | 'turned-back'
    | 'undone'
    | 'kept'
    | 'ignored'
    | 'stuck'
    | 'end-failed'
    | 'completed'
    | 'compensated'
    // What an operator did; `detail` says who and why.
    | 'retried'
    | 'skipped'
    | 'called-off'
    | 'marked-undone'
    | 'paused'
    | 'resumed'
    | 'extended'
    | 'replaced'
    | 'migrated';
  readonly step?: string;
  readonly direction?: StepDirection;
  readonly attempt?: number;
  /** In words, or a refusal's code. */
  readonly detail?: string;
}

/** What is to be done in the same transaction; what comes of it is the next event. */
export type SagaWork =
  /** Run a local step: `ran` follows. */
  | { readonly kind: 'local'; readonly step: string; readonly direction: 'do' | 'undo' }
  /** Look whether an event has come already: `arrived` follows if so. */
  | { readonly kind: 'look'; readonly step: string; readonly event: string; readonly key: string }
  /** Begin a saga as a step of this one; its end is this step's reply. */
  | { readonly kind: 'sub'; readonly step: string; readonly saga: AnySaga; readonly input: unknown }
  /** Run the end hook: `end-succeeded` or `end-failed` follows. */
  | { readonly kind: 'end' };

/** What an event leads to: all of it is written in one transaction. */
export interface SagaChange {
  readonly instance: SagaInstance;
  readonly commands: readonly SagaCommand[];
  readonly history: readonly SagaHistoryEntry[];
  readonly work: readonly SagaWork[];
  /** It runs by another version now: version, shape and input are to be written, too. */
  readonly migrated?: boolean;
  /** Why an operator's action makes no sense now; then nothing has changed. */
  readonly refused?: string;
}

/** A record by its state. */
export type RecordIn<State extends StepRecord['state']> = Extract<StepRecord, { readonly state: State }>;
