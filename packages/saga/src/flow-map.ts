/** A flow as all services of a system together have it: plain data. */
export interface FlowMap {
  readonly name: string;
  /** The service that watches over it. */
  readonly owner: string;
  readonly starts: string;
  readonly ends: readonly string[];
  /** The ends that are failures, where that is said. */
  readonly fails?: readonly string[];
  readonly withinMs: number;
  readonly reactions: readonly FlowReaction[];
}

/** One reaction of a flow. */
export interface FlowReaction {
  readonly service: string;
  readonly name: string;
  readonly when: string;
  readonly emits: readonly string[];
  readonly undoneBy?: string;
  readonly undoes?: string;
}

/** Every event of a flow, each once: what whoever watches it must hear of. */
export function eventsOfFlow({ starts, ends, reactions }: FlowMap): readonly string[] {
  const ofReactions = reactions.flatMap(({ when, emits, undoneBy = [] }) => [when, ...emits, ...[undoneBy].flat()]);
  return [...new Set([starts, ...ends, ...ofReactions])];
}
