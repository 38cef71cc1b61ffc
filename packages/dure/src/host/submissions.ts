import type { Call } from '@dure/core';
import { Refusal, userOf } from '@dure/core';
import type { AnyCommand, ReplyData } from '@dure/messaging';
import type { Submissions } from '@dure/postgres';
import type { CommandOutcome, HttpOperation } from '@dure/service/contract';
import type { AnyHandler, ServiceDefinition } from '@dure/service/server';

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The same definition with handlers for the operations by which its exposed commands come in from outside. */
export function withSubmissions(definition: ServiceDefinition, submissions: Submissions): ServiceDefinition {
  const { contract } = definition;
  const carriers = Object.values(contract.operations).filter(({ spec }) => spec.carries !== undefined);
  if (carriers.length === 0) return definition;
  const handlers = Object.fromEntries(
    carriers.map((operation): [string, AnyHandler] => [
      operation.name,
      operation.spec.carries?.as === 'submission'
        ? submitting(definition, operation, submissions)
        : telling(operation, submissions),
    ]),
  );
  return { ...definition, start: async (context) => ({ ...(await definition.start(context)), ...handlers }) };
}

function submitting({ contract }: ServiceDefinition, { spec }: HttpOperation, submissions: Submissions): AnyHandler {
  const command = contract.commands[spec.carries?.command ?? ''] as AnyCommand;
  return (input, call) => submissions.submit(call, command, (input as { readonly body: unknown }).body, senderOf(call));
}

/** Whoever sent it is told, nobody else. */
function telling({ service, name, spec }: HttpOperation, submissions: Submissions): AnyHandler {
  const type = `${service}.${spec.carries?.command}`;
  return async (input, call) => {
    const { id } = (input as { readonly params: { readonly id: string } }).params;
    const found = uuid.test(id) ? await submissions.find(id) : undefined;
    if (found?.type !== type || found.sender !== senderOf(call))
      throw new Refusal({ service, operation: name, code: 'UnknownCommand', data: { id }, status: 404 });
    return outcomeOf(id, found.reply);
  };
}

function outcomeOf(id: string, reply: ReplyData | undefined): CommandOutcome {
  if (reply === undefined) return { id, state: 'pending' };
  return reply.ok ? { id, state: 'done', value: reply.value } : { id, state: 'refused', refusal: reply.refusal };
}

function senderOf({ identity }: Call): string {
  const { kind, subject } = userOf(identity) ?? identity;
  return `${kind}:${subject}`;
}
