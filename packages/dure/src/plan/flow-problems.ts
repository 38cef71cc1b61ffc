import type { FlowMap, FlowReaction } from '@dure/saga';

/** What is missing in a flow, one line each: events that nobody takes, effects that nobody takes back. */
export function flowProblems(flow: FlowMap): readonly string[] {
  return [...untaken(flow), ...undosOf(flow), ...untriggered(flow), ...endless(flow), ...effectsLeft(flow)];
}

/** An event that is emitted, ends nothing and is heard by nobody. */
function untaken({ name, ends, starts, reactions }: FlowMap): readonly string[] {
  const heard = new Set(reactions.map(({ when }) => when));
  const lost = reactions.flatMap(({ name: reaction, emits }) =>
    emits
      .filter((event) => !heard.has(event) && !ends.includes(event))
      .map(
        (event) =>
          `${name}: nobody reacts to "${event}", which "${reaction}" emits; react to it or list it in \`ends\``,
      ),
  );
  return heard.has(starts) ? lost : [`${name}: nobody reacts to "${starts}", with which it starts`, ...lost];
}

/** What is declared to be undone must be undone by somebody, and what undoes must undo something. */
function undosOf({ name, reactions }: FlowMap): readonly string[] {
  return reactions.flatMap(({ name: reaction, undoneBy, undoes }) => [
    ...(undoneBy === undefined || reactions.some((other) => other.undoes === reaction && other.when === undoneBy)
      ? []
      : [`${name}: "${reaction}" is undone by "${undoneBy}", but no reaction to that undoes it`]),
    ...(undoes === undefined || reactions.some((other) => other.name === undoes)
      ? []
      : [`${name}: "${reaction}" undoes "${undoes}", which is no reaction of this flow`]),
  ]);
}

/** An undo whose event never comes. An end may be emitted by an operation or a saga, so it may come. */
function untriggered({ name, starts, ends, reactions }: FlowMap): readonly string[] {
  const comes = new Set([starts, ...ends, ...reactions.flatMap(({ emits }) => emits)]);
  return reactions
    .filter(({ undoes, when }) => undoes !== undefined && !comes.has(when))
    .map(({ name: reaction, when }) => `${name}: nothing emits "${when}", upon which "${reaction}" undoes something`);
}

/** A failure that does not end the flow. */
function endless({ name, ends, fails = [] }: FlowMap): readonly string[] {
  return fails
    .filter((event) => !ends.includes(event))
    .map((event) => `${name}: "${event}" is listed under \`fails\`, but not under \`ends\``);
}

/** What is said to be a failure, or else an end upon which something is taken back, must take back everything that can be. */
function effectsLeft(flow: FlowMap): readonly string[] {
  const { name, ends, fails, reactions } = flow;
  const undoable = reactions.filter(({ undoneBy }) => undoneBy !== undefined);
  return ends.flatMap((end) => {
    const reached = reachedFrom(end, reactions);
    const undone = new Set(
      reactions.filter(({ when, undoes }) => undoes !== undefined && reached.has(when)).map(({ undoes }) => undoes),
    );
    if (fails === undefined ? undone.size === 0 : !fails.includes(end)) return [];
    return undoable
      .filter((reaction) => !undone.has(reaction.name))
      .map(
        (reaction) => `${name}: when it ends with "${end}", nothing undoes "${reaction.name}" of ${reaction.service}`,
      );
  });
}

function reachedFrom(event: string, reactions: readonly FlowReaction[]): ReadonlySet<string> {
  const reached = new Set([event]);
  for (let before = 0; before < reached.size; ) {
    before = reached.size;
    for (const { when, emits } of reactions) if (reached.has(when)) for (const emitted of emits) reached.add(emitted);
  }
  return reached;
}
