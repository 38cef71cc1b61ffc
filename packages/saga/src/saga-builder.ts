import type { Schema, SchemaInput, SchemaOutput } from '@dure/core';
import type { AnyEvent } from '@dure/messaging';
import type { CommandStepOptions, SagaHead } from './definition.ts';
import { checkNumber, commandStep, defaultTimeoutMs, definitionOf, headOf, waitStep, withNode } from './definition.ts';
import { sagaErrors } from './errors.ts';
import type {
  AnySaga,
  EachNode,
  LocalStep,
  Saga,
  SagaEnd,
  SagaNode,
  SagaStep,
  StepContext,
  StepKind,
  SubStep,
  WaitStep,
} from './saga.ts';
import type { SagaDraft, SagaOptions } from './saga-draft.ts';
import type { ItemSender, Send } from './send.ts';
import { send } from './send.ts';

/**
 * Defines a saga: steps in order, each a command to another service, and what stands between them: groups, ways, waits.
 * SAGA_DEFINITION_INVALID when a name or a number makes no sense.
 *
 * @example
 * export const placeOrder = saga('place-order', { input: Checkout, key: (d) => d.orderId })
 *   .step('reserve', send(inventory.commands.reserve, (c) => ({ orderId: c.input.orderId, lines: c.input.lines })), {
 *     undo: send(inventory.commands.release, (c) => ({ orderId: c.input.orderId })),
 *   })
 *   .pivot('capture', send(payment.commands.capture, (c) => ({ orderId: c.input.orderId })))
 *   .step('ship', send(delivery.commands.ship, (c) => ({ orderId: c.input.orderId })))
 *   .end({
 *     completed: (tx: Tx<Tables>, c) => orders(tx).confirm(c.input.orderId, c.done.ship.shipmentId),
 *     compensated: (tx: Tx<Tables>, c, why) => orders(tx).reject(c.input.orderId, why),
 *   });
 */
export function saga<S extends Schema<unknown, unknown>>(
  name: string,
  options: SagaOptions<S>,
): SagaDraft<SchemaOutput<S>, Record<never, never>, never, SchemaInput<S>> {
  const made: unknown = new Draft(headOf(name, options), [], 'compensatable');
  return made as SagaDraft<SchemaOutput<S>, Record<never, never>, never, SchemaInput<S>>;
}

type Options = CommandStepOptions;
type Way = (way: Draft) => Draft;

/** The drafts of all kinds at once; what may stand where is said by their types alone. */
class Draft {
  readonly nodes: readonly SagaNode[];
  readonly #head: SagaHead;
  readonly #kind: Exclude<StepKind, 'pivot'>;

  constructor(head: SagaHead, nodes: readonly SagaNode[], kind: Exclude<StepKind, 'pivot'>) {
    this.#head = head;
    this.nodes = nodes;
    this.#kind = kind;
  }

  step(name: string, what: Send<StepContext>, options: Options = {}): Draft {
    return this.#add(this.#command(name, this.#kind, what, options));
  }

  pivot(name: string, what: Send<StepContext>, options: Options = {}): Draft {
    const { nodes } = this.#add(this.#command(name, 'pivot', what, options));
    return new Draft(this.#head, nodes, 'retriable');
  }

  parallel(name: string, branches: (group: Branches) => Branches): Draft {
    const group = branches(
      new Branches([], (branch, what, options) => this.#command(branch, this.#kind, what, options)),
    );
    return this.#add({ node: 'parallel', name, branches: group.steps });
  }

  each(name: string, items: EachNode['items'], what: OneOfEach, options: Options & EachShape): Draft {
    const { most, join = 'all', ...rest } = options;
    const where = `${this.#head.name}.${name}`;
    checkNumber(where, 'most', most, 1);
    const needed = join === 'any' ? 1 : join;
    if (needed !== 'all') checkNumber(where, 'join', needed, 1);
    return this.#add({
      node: 'each',
      name,
      items,
      step: this.#command(name, this.#kind, what({ send }), rest),
      most,
      join: needed,
    });
  }

  when(name: string, condition: (context: StepContext) => boolean, then: Way, otherwise?: Way): Draft {
    const way = () => new Draft(this.#head, [], this.#kind);
    const ways = { yes: then(way()).nodes, no: otherwise?.(way()).nodes ?? [] };
    return this.#add({ node: 'when', name, condition, ...ways });
  }

  local(name: string, run: LocalStep['run'], options: Partial<Pick<LocalStep, 'undo' | 'nothingToUndo'>> = {}): Draft {
    const { undo, nothingToUndo } = options;
    return this.#add({ node: 'local', name, kind: this.#kind, run, undo, nothingToUndo });
  }

  wait(name: string, event: AnyEvent, options: Pick<WaitStep, 'key' | 'otherwise'> & { timeoutMs: number }): Draft {
    checkNumber(`${this.#head.name}.${name}`, 'timeoutMs', options.timeoutMs, 1);
    return this.#add({ ...waitStep(name, this.#kind), event, ...options });
  }

  sleep(name: string, timeoutMs: number): Draft {
    checkNumber(`${this.#head.name}.${name}`, 'ms', timeoutMs, 1);
    return this.#add({ ...waitStep(name, this.#kind), timeoutMs });
  }

  sub(name: string, saga: AnySaga, data: SubStep['data'], options: Options): Draft {
    const { undo, nothingToUndo, timeoutMs = defaultTimeoutMs } = options;
    return this.#add({ node: 'sub', name, kind: this.#kind, saga, data, undo, nothingToUndo, timeoutMs });
  }

  end(end: Partial<SagaEnd> = {}): Saga {
    return definitionOf(this.#head, this.nodes, end);
  }

  #command(name: string, kind: StepKind, what: Send<StepContext>, options: Options): SagaStep {
    return commandStep(this.#head, name, kind, what, options);
  }

  #add(node: SagaNode): Draft {
    return new Draft(this.#head, withNode(this.#head, this.nodes, node), this.#kind);
  }
}

type OneOfEach = (one: ItemSender<StepContext>) => Send<StepContext>;

interface EachShape {
  readonly most: number;
  readonly join?: 'all' | 'any' | number;
}

type MakeBranch = (name: string, what: Send<StepContext>, options: Options) => SagaStep;

class Branches {
  readonly steps: readonly SagaStep[];
  readonly #make: MakeBranch;

  constructor(steps: readonly SagaStep[], make: MakeBranch) {
    this.steps = steps;
    this.#make = make;
  }

  branch(name: string, what: Send<StepContext>, options: Options = {}): Branches {
    if (this.steps.some((step) => step.name === name)) {
      throw sagaErrors.DEFINITION_INVALID(`there are two branches called "${name}"; rename one`);
    }
    return new Branches([...this.steps, this.#make(name, what, options)], this.#make);
  }
}
