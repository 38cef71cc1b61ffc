/**
 * What can be wrong with a history. The kinds are those of Jepsen's workload for Kafka and its like (`jepsen.tests.kafka`, used on Redpanda,
 * NATS and Bufstream), said for logs in one order that are read behind a mark, and for effects that are transactions; cycles are those of
 * Adya (1999), as Elle finds them. Its name for a kind stands behind it.
 *
 * Not looked for, because nobody promises it: that a message can be read as soon as it is acknowledged, and anti-dependencies (a consumer
 * applies later what others have applied already).
 */
export type AnomalyKind =
  /** It was acknowledged and does not stand in its log (lost-write). */
  | 'lostWrite'
  /** Its unit of work has failed, and yet somebody has seen it (aborted-read, G1a). */
  | 'abortedRead'
  /** Somebody has seen it, and it does not stand in the log: it was shown before it was sure to stay. */
  | 'vanishedRead'
  /** Somebody has seen what nobody wrote. */
  | 'phantom'
  /** It stands in two places (duplicate). */
  | 'duplicate'
  /** Two were seen in one place: a position was used again (inconsistent-offsets). */
  | 'inconsistentPosition'
  /** Of a unit of work, or of an effect, a part is there and a part is not. */
  | 'tornUnit'
  /** Within its unit of work it was written behind one that stands behind it (int-nonmonotonic-send). */
  | 'reorderedInUnit'
  /** It stands before one that was acknowledged before it was begun (nonmonotonic-send, for any two writers). */
  | 'reorderedInTime'
  /** A poll went back, or gave what it was not asked for (nonmonotonic-poll, int-nonmonotonic-poll). */
  | 'nonmonotonicPoll'
  /** A poll passed by a message that is in the log (poll-skip, int-poll-skip). */
  | 'skippedPoll'
  /** It was read before its unit of work was begun (precommitted-read). */
  | 'prematureRead'
  /** A consumer has applied it more than once. */
  | 'doubledEffect'
  /** A consumer has applied it behind a later one of its key (nonmonotonic-poll, of a group). */
  | 'reorderedEffect'
  /** A consumer has applied a later one of its key, and never this one (poll-skip, of a group). */
  | 'skippedEffect'
  /** A consumer has not come to it by the end (unseen). */
  | 'unseen'
  /** A consumer was told that it has applied it, and it has not. */
  | 'forgottenEffect'
  /** Transactions of which each stands before the next, and the last before the first (G0). */
  | 'writeCycle'
  /** The same, where some have applied what others wrote (G1c). */
  | 'informationCycle';

/** One finding. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  /** The log, consumer or reader that shows it. */
  readonly where: string;
  /** The messages that it is about. */
  readonly ids: readonly string[];
  readonly told: string;
}
