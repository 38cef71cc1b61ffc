import type { Schema } from '@dure/core';
import type { AnySchema, CommandBinding, HttpBinding } from './operation-spec.ts';

/** How far a command has come that was sent from outside. */
export interface CommandOutcome {
  readonly id: string;
  readonly state: 'pending' | 'done' | 'refused';
  /** With `done`: what the command answers. */
  readonly value?: unknown;
  /** With `refused`: why. */
  readonly refusal?: { readonly code: string; readonly data: unknown };
}

/**
 * The operations by which an exposed command is reached from outside: `submit<Name>` takes it, `<name>Outcome` tells what has
 * become of it.
 */
export function exposedOperations(
  name: string,
  { spec: { input, output, expose } }: CommandBinding,
): Readonly<Record<string, HttpBinding>> {
  if (expose === undefined) return {};
  const { path, access, summary = `Takes the command ${name}; the answer says where its outcome can be seen` } = expose;
  const location = ({ id }: { readonly id: string }) => `${path}/${id}`;
  const carries = (as: 'submission' | 'outcome') => ({ access, carries: { command: name, as } }) as const;
  return {
    [`submit${name.charAt(0).toUpperCase()}${name.slice(1)}`]: {
      kind: 'http',
      method: 'POST',
      path,
      spec: {
        ...carries('submission'),
        summary,
        body: input,
        output: record({ id: text, state: { enum: ['pending'] } }, ['id', 'state']),
        status: 202,
        idempotent: 'key',
        location: location as (output: never) => string,
      },
    },
    [`${name}Outcome`]: {
      kind: 'http',
      method: 'GET',
      path: `${path}/:id`,
      spec: {
        ...carries('outcome'),
        summary: `What has become of the command ${name}`,
        params: record({ id: text }, ['id']),
        output: record(
          {
            id: text,
            state: { enum: ['pending', 'done', 'refused'] },
            value: answerOf(output),
            refusal: { type: 'object', properties: { code: { type: 'string' }, data: {} }, required: ['code', 'data'] },
          },
          ['id', 'state'],
        ),
        refuses: { UnknownCommand: { status: 404, data: record({ id: text }, ['id']) } },
      },
    },
  };
}

const text = { type: 'string', format: 'uuid' };

function answerOf(output: AnySchema | undefined): unknown {
  return output?.['~standard'].jsonSchema?.output({ target: 'draft-2020-12' }) ?? {};
}

/** An object with these fields; what only we write is not checked again. */
function record(properties: Readonly<Record<string, unknown>>, required: readonly string[]): Schema {
  const json = () => ({ type: 'object', properties, required });
  return {
    '~standard': {
      version: 1,
      vendor: 'dure',
      validate: (value) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}
