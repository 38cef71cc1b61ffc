import type { Schema } from '@dure/core';
import type { Decider } from './decider.ts';
import { sagaErrors } from './errors.ts';
import { leavesOf, namesOf, shapeOf } from './nodes.ts';
import type { Saga, SagaEnd, SagaNode, SagaStep, StepContext, StepKind, WaitStep } from './saga.ts';
import type { SagaOptions } from './saga-draft.ts';
import type { Send } from './send.ts';

/** What a definition is, apart from its nodes. */
export interface SagaHead extends Omit<SagaOptions<Schema<unknown, unknown>>, 'key'> {
  readonly name: string;
  readonly version: number;
  readonly key: (input: never) => string;
}

/** How long an answer is waited for, in milliseconds, where nothing is said. */
export const defaultTimeoutMs = 10_000;
const defaultAttempts = 3;

/** Checks what a definition begins with. */
export function headOf<S extends Schema<unknown, unknown>>(name: string, options: SagaOptions<S>): SagaHead {
  checkName('saga', name, name);
  const head: SagaHead = { name, version: 1, ...options, key: options.key as SagaHead['key'] };
  checkNumber(name, 'version', head.version, 1);
  if (head.deadlineMs !== undefined) checkNumber(name, 'deadlineMs', head.deadlineMs, 1);
  if (head.keepFinishedMs !== undefined) checkNumber(name, 'keepFinishedMs', head.keepFinishedMs, 0);
  return head;
}

/** What may be said of a command, beside what it is. */
export type CommandStepOptions = Partial<Omit<SagaStep, 'node' | 'name' | 'kind' | 'do'>>;

/** Makes a command's node. */
export function commandStep(
  head: SagaHead,
  name: string,
  kind: StepKind,
  what: Send<StepContext>,
  options: CommandStepOptions,
): SagaStep {
  const { undo, nothingToUndo, status, timeoutMs = defaultTimeoutMs, attempts = defaultAttempts } = options;
  checkName('step', name, `${head.name}.${name}`);
  checkNumber(`${head.name}.${name}`, 'timeoutMs', timeoutMs, 1);
  checkNumber(`${head.name}.${name}`, 'attempts', attempts, 1);
  return { node: 'command', name, kind, do: what, undo, nothingToUndo, status, timeoutMs, attempts };
}

/** Makes the node of a wait, for nothing yet. */
export function waitStep(name: string, kind: StepKind): WaitStep {
  const rest = { event: undefined, timeoutMs: undefined, undo: undefined, key: () => '', otherwise: 'go-on' } as const;
  return { node: 'wait', name, kind, nothingToUndo: 'it only waited', ...rest };
}

/** Puts a node to the others. */
export function withNode({ name }: SagaHead, before: readonly SagaNode[], node: SagaNode): readonly SagaNode[] {
  checkName('step', node.name, `${name}.${node.name}`);
  const nodes = [...before, node];
  const twice = repeated(namesOf(nodes));
  if (twice === undefined) return nodes;
  throw sagaErrors.DEFINITION_INVALID(`the saga "${name}" has two steps called "${twice}"; rename one`);
}

/** The definition of these nodes. */
export function definitionOf(
  head: SagaHead,
  nodes: readonly SagaNode[],
  end: Partial<SagaEnd>,
  decider?: Decider,
): Saga {
  if (nodes.length === 0) {
    throw sagaErrors.DEFINITION_INVALID(`the saga "${head.name}" has no steps; add at least one before end()`);
  }
  const leaves = leavesOf(nodes).map(({ leaf }) => leaf);
  const commands = leaves.flatMap((leaf) => {
    if (leaf.node === 'command') return [leaf.do, leaf.undo ?? [], leaf.status ?? []].flat();
    return leaf.node === 'sub' ? [leaf.undo ?? []].flat() : [];
  });
  const sends = new Map(commands.map(({ command }) => [`${command.service}.${command.name}`, command]));
  const claiming = commands.filter(({ command }) => 'claims' in command && command.claims !== undefined);
  const events = leaves.flatMap((leaf) => (leaf.node === 'wait' && leaf.event !== undefined ? [leaf.event] : []));
  const { name, version, input, key, deadlineMs, keepFinishedMs, sensitive = [], migrates = {} } = head;
  return {
    kind: 'saga',
    name,
    version,
    shape: shapeOf(nodes),
    sends: [...sends.values()],
    waits: [...new Map(events.map((event) => [event.name, event])).values()],
    claimsAt: [...new Set(claiming.map(({ command }) => command.service))],
    input,
    key,
    deadlineMs,
    keepFinishedMs,
    sensitive,
    migrates,
    nodes,
    decider,
    end: { completed: end.completed, compensated: end.compensated },
  };
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}

/** Whether it may be a name. */
export function checkName(what: string, name: string, shown: string): void {
  if (/^[a-z][a-zA-Z0-9-]{0,62}$/.test(name)) return;
  throw sagaErrors.DEFINITION_INVALID(
    `the ${what} name "${shown}" is not a name: a lower-case letter, then letters, digits or hyphens, at most 63`,
  );
}

/** Whether it is a whole number that is large enough. */
export function checkNumber(where: string, option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw sagaErrors.DEFINITION_INVALID(`${where}: \`${option}\` is ${value}, but must be a whole number from ${least}`);
}
