import type { AnyEvent, Flow } from '@dure/messaging';
import type { FlowMap, FlowReaction } from '@dure/saga';
import { eventsOfFlow } from '@dure/saga';
import type { Definitions } from '../load-system.ts';
import { flowProblems } from './flow-problems.ts';

/** A flow as all services together have it, and what is wrong with it, one line each. */
export interface CheckedFlow extends FlowMap {
  readonly problems: readonly string[];
}

/** Computes every flow of a system from the reactions of its services. */
export function flowMaps(definitions: Definitions): readonly CheckedFlow[] {
  return Object.entries(definitions).flatMap(([owner, { flows }]) =>
    flows.map((flow) => {
      const map = mapOf(owner, flow, definitions);
      return { ...map, problems: flowProblems(map) };
    }),
  );
}

/** What is wrong with flows as a whole: reactions of flows that nobody declares, and flows that two declare. */
export function strayReactions(definitions: Definitions): readonly string[] {
  const names = Object.values(definitions).flatMap(({ flows }) => flows.map(({ name }) => name));
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  const stray = Object.entries(definitions).flatMap(([service, { reactions }]) =>
    reactions.flatMap(({ part }) =>
      part === undefined || names.includes(part.flow)
        ? []
        : [`"${part.name}" of ${service} belongs to the flow "${part.flow}", which no service lists under \`flows\``],
    ),
  );
  return [...twice.map((name) => `the flow "${name}" is listed by two services; one must answer for it`), ...stray];
}

function mapOf(owner: string, { name, starts, ends, fails, withinMs }: Flow, definitions: Definitions): FlowMap {
  const reactions = Object.entries(definitions).flatMap(([service, definition]) =>
    definition.reactions.flatMap(({ event, part }): readonly FlowReaction[] =>
      part?.flow !== name
        ? []
        : [
            {
              service,
              name: part.name,
              when: event.name,
              emits: part.emits.map((emitted) => emitted.name),
              ...(part.undoneBy === undefined ? {} : { undoneBy: part.undoneBy.name }),
              ...(part.undoes === undefined ? {} : { undoes: part.undoes }),
            },
          ],
    ),
  );
  const namesOf = (events: readonly AnyEvent[]) => events.map((event) => event.name);
  const failing = fails === undefined ? {} : { fails: namesOf(fails) };
  return { name, owner, starts: starts.name, ends: namesOf(ends), ...failing, withinMs, reactions };
}

/** The flow as a Mermaid flowchart. */
export function flowMermaid({ starts, ends, reactions, problems }: CheckedFlow): string {
  const ids = new Map<string, string>();
  const idOf = (kind: string, name: string) => {
    const known = ids.get(`${kind} ${name}`) ?? `${kind}${ids.size + 1}`;
    ids.set(`${kind} ${name}`, known);
    return known;
  };
  const all = eventsOfFlow({ name: '', owner: '', starts, ends, withinMs: 0, reactions });
  const shape = (event: string) =>
    event === starts ? `(["${event}"])` : ends.includes(event) ? `[["${event}"]]` : `("${event}")`;
  return [
    'flowchart LR',
    ...all.map((event) => `  ${idOf('e', event)}${shape(event)}`),
    ...reactions.map(({ service, name }) => `  ${idOf('r', name)}["${name}<br/>${service}"]`),
    ...reactions.flatMap(({ name, when, emits, undoes }) => [
      `  ${idOf('e', when)} --> ${idOf('r', name)}`,
      ...emits.map((event) => `  ${idOf('r', name)} --> ${idOf('e', event)}`),
      ...(undoes === undefined ? [] : [`  ${idOf('r', name)} -. undoes .-> ${idOf('r', undoes)}`]),
    ]),
    ...problems.map((problem) => `  %% ${problem}`),
    '',
  ].join('\n');
}
