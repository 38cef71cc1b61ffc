import type { Call, Clock } from '@dure/core';
import { check, isRefusal } from '@dure/core';
import type { AnyCommand, Message, ReplayStore, ReplyData } from '@dure/messaging';
import { expiredReply, upcasted } from '@dure/messaging';
import type { Claimed, FlowWatcher, SagaRunner } from '@dure/saga';
import type { AnyHandler, Reaction, ServiceDefinition } from '@dure/service/server';
import type { Logger } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';

/** Handles one message inside the transaction that also moves the position. */
export type Dispatch<Tx> = (message: Message, call: Call, tx: Tx) => Promise<ReplyData | undefined>;

/** What a service's messages go to. */
export interface DispatchTargets<Tx> {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  /** Gets one line for each command, so that a trace has its story in the logs. */
  readonly log: Logger;
  /** Guards a command of a saga against an undo that came first, against coming late, and against what others have claimed. */
  readonly guarded: Claimed<Tx>;
  /** A saga has ended: gives up what it claimed here. */
  readonly ended: (saga: string, tx: Tx) => Promise<void>;
  /** Takes the replies to the commands of sagas, and the events that they wait for. */
  readonly sagas: Pick<SagaRunner<Tx>, 'handleReply' | 'handleEvent'> | undefined;
  /** Takes the events of flows that the service watches over. */
  readonly flows?: Pick<FlowWatcher<Tx>, 'handleEvent'> | undefined;
  /** By which a command is told that came after its sender had given up. Default: none is. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
  /** Holds back what comes for a reaction while that is being replayed. */
  readonly replays?: Pick<ReplayStore<Tx>, 'holdBack'> | undefined;
}

/**
 * Brings commands to their handlers, events to their reactions and replies to the sagas that wait for them. A refusal is
 * thrown through: the delivery store takes back what the handler did and answers with it.
 */
export function dispatcher<Tx>({
  definition,
  handlers,
  log,
  guarded,
  ended,
  sagas,
  flows,
  replays,
  clock,
}: DispatchTargets<Tx>): Dispatch<Tx> {
  const { contract } = definition;
  return async (message, call, tx) => {
    switch (message.kind) {
      case 'command': {
        const { saga } = message.meta;
        if (saga?.direction === 'end') {
          await ended(saga.id, tx);
          return undefined;
        }
        const expired = clock && expiredReply(message, clock.now());
        if (expired !== undefined) return expired;
        const command = commandOf(definition, message);
        const data = check(command.input, upcasted(command, message), message.type);
        if (!data.ok) throw unreadable(command.service, message, data.errors);
        const read = { ...message, data: data.value };
        return guarded(command, read, tx, () => carryOut(command, handlers, read, call, tx, log));
      }
      case 'event':
        for (const reaction of definition.reactions) {
          if (reaction.event.name !== message.type) continue;
          const isHeld =
            reaction.replayable !== undefined && (await replays?.holdBack(reaction.replayable, message, tx));
          if (isHeld !== true) await react(contract.name, reaction, message, call, tx);
        }
        await sagas?.handleEvent(message, call, tx);
        await flows?.handleEvent(message, call, tx);
        return undefined;
      case 'reply':
        await sagas?.handleReply(message, call, tx);
        return undefined;
    }
  };
}

/**
 * Brings an event to one reaction. What it calls outside is known by the message and, where it has a name of its own, by that: two reactions of
 * a service to one event are two effects. DURE_MESSAGE_UNREADABLE.
 */
export async function react<Tx>(
  service: string,
  { name, event, run }: Reaction,
  message: Message,
  call: Call,
  tx: Tx,
): Promise<void> {
  const data = check(event.schema, upcasted(event, message), message.type);
  if (!data.ok) throw unreadable(service, message, data.errors);
  const own = name === event.name ? call : call.with({ idempotencyKey: `${message.id}/${name}` });
  await run(data.value as never, own, tx as never);
}

function commandOf({ contract }: ServiceDefinition, message: Message): AnyCommand {
  const name = message.type.slice(message.type.indexOf('.') + 1);
  const command = Object.hasOwn(contract.commands, name) ? contract.commands[name] : undefined;
  if (command === undefined) {
    throw dureErrors.MESSAGE_UNKNOWN(
      `${contract.name} was sent the command "${message.type}" by ${message.source}, but its contract has no such command`,
      { details: { type: message.type, id: message.id } },
    );
  }
  return command;
}

async function carryOut(
  command: AnyCommand,
  handlers: Readonly<Record<string, AnyHandler>>,
  message: Message,
  call: Call,
  tx: unknown,
  log: Logger,
): Promise<ReplyData> {
  try {
    const value = await handlers[command.name]?.(message.data, call, tx);
    log.info(`carries out ${message.type}`, { key: message.key, from: message.source, trace: call.trace });
    return { ok: true, value: value ?? null };
  } catch (error) {
    if (isRefusal(error))
      log.info(`refuses ${message.type}: ${error.code}`, {
        key: message.key,
        from: message.source,
        data: error.data,
        trace: call.trace,
      });
    throw error;
  }
}

function unreadable(
  service: string,
  message: Message,
  errors: readonly { readonly path: string; readonly message: string }[],
) {
  const places = errors.map((error) => `${error.path}: ${error.message}`).join('; ');
  return dureErrors.MESSAGE_UNREADABLE(
    `${service} cannot read the ${message.kind} "${message.type}" version ${message.version} of ${message.source} (position ${message.position}): ${places}`,
    { details: { type: message.type, id: message.id, errors } },
  );
}
