import type { Schema, SchemaInput, SchemaOutput } from '@dure/core';
import type { AnyCommand, AnyEvent } from '@dure/messaging';
import { stateName } from './decided.ts';
import type { Decider } from './decider.ts';
import type { SagaHead } from './definition.ts';
import { commandStep, definitionOf, headOf, waitStep, withNode } from './definition.ts';
import type { AllowedNothing, ProcessDraft, ProcessEnd, ProcessOptions } from './process-draft.ts';
import type { LocalStep, RepeatedNode, Saga, SagaEnd, SagaNode, SagaStep, StepContext, WaitStep } from './saga.ts';

/**
 * Defines a process manager: what it may send, hear and wait for, and pure functions that decide. For what is no sequence of steps: many
 * events in any order, loops, commands as many as it turns out. It is a saga in all else: started with `tx.start`, listed under `sagas`,
 * with the same replies, repetitions, fences, claims, operators and history.
 * SAGA_DEFINITION_INVALID when a name or a number makes no sense.
 *
 * Source: the process manager of Hohpe and Woolf's *Enterprise Integration Patterns*, written as a decider.
 *
 * @example
 * export const dunning = processManager('dunning', { input: Invoice, key: (d) => d.invoiceId })
 *   .command('remind', mail.commands.remind)
 *   .event('paid', PaymentReceived, (c) => c.input.invoiceId)
 *   .timer('patience')
 *   .decide({
 *     initial: () => ({ open: 0, reminders: 0 }),
 *     evolve: (state, happened) => …,
 *     decide: (state, happened, c) => (happened.what === 'woke' ? [c.send('remind', { invoiceId: c.input.invoiceId })] : []),
 *   })
 *   .end();
 */
export function processManager<S extends Schema<unknown, unknown>>(
  name: string,
  options: ProcessOptions<S>,
): ProcessDraft<SchemaOutput<S>, SchemaInput<S>, { readonly what: 'started' }, AllowedNothing> {
  const made: unknown = new Draft(headOf(name, options), []);
  return made as ReturnType<typeof processManager<S>>;
}

type Options = Partial<Pick<SagaStep, 'undo' | 'status' | 'timeoutMs' | 'attempts'>>;

/** The drafts of all kinds at once; what fits is said by their types alone. */
class Draft {
  readonly #head: SagaHead;
  readonly #nodes: readonly SagaNode[];

  constructor(head: SagaHead, nodes: readonly SagaNode[]) {
    this.#head = head;
    this.#nodes = nodes;
  }

  command(name: string, command: AnyCommand, options: Options = {}): Draft {
    const what = { command, data: (c: object) => ('item' in c ? c.item : null) };
    const nothingToUndo = options.undo === undefined ? 'its process manager says how' : undefined;
    return this.#repeated(commandStep(this.#head, name, 'compensatable', what, { ...options, nothingToUndo }));
  }

  local(name: string, run: LocalStep['run']): Draft {
    const kind = 'compensatable';
    return this.#repeated({ node: 'local', name, kind, run, undo: undefined, nothingToUndo: 'it is local' });
  }

  event(name: string, event: AnyEvent, key: WaitStep['key']): Draft {
    return this.#repeated({ ...waitStep(name, 'compensatable'), event, key });
  }

  timer(name: string): Draft {
    return this.#add(waitStep(name, 'compensatable'));
  }

  decide(decider: Decider): { end(end?: ProcessEnd<never, unknown, unknown>): Saga } {
    return { end: (end = {}) => definitionOf(this.#head, this.#nodes, hooks(end), decider) };
  }

  #repeated(step: RepeatedNode['step']): Draft {
    return this.#add({ node: 'repeated', name: step.name, step });
  }

  #add(node: SagaNode): Draft {
    return new Draft(this.#head, withNode(this.#head, this.#nodes, node));
  }
}

function hooks({ completed, turnedBack }: ProcessEnd<never, unknown, unknown>): SagaEnd {
  return {
    completed: completed && ((tx, c) => completed(tx, known(c))),
    compensated: turnedBack && ((tx, c, why) => turnedBack(tx, known(c), why)),
  };
}

function known({ id, input, done }: StepContext) {
  return { id, input, state: (done as { readonly [stateName]: unknown })[stateName] };
}
