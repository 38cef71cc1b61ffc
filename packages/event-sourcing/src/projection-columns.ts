import type { Schema } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import { eventSourcingErrors } from './errors.ts';

/** A column of a projection's table. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'bigint' | 'double precision' | 'boolean' | 'jsonb';
  readonly nullable: boolean;
}

interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

const columnTypes: Readonly<Record<string, Column['type']>> = {
  string: 'text',
  integer: 'bigint',
  number: 'double precision',
  boolean: 'boolean',
};

/** The columns of a row: one for each field of its schema. EVENT_SOURCING_DEFINITION_INVALID when it is no object. */
export function columnsOf(name: string, row: Schema<unknown, unknown>): readonly Column[] {
  const schema = jsonSchemaOf(row, 'output', name) as {
    readonly properties?: Readonly<Record<string, FieldSchema>>;
    readonly required?: readonly string[];
  };
  const fields = Object.entries(schema.properties ?? {});
  const odd = fields.find(([field]) => !/^[a-zA-Z_]\w{0,58}$/.test(field));
  if (fields.length === 0 || odd !== undefined) {
    throw eventSourcingErrors.DEFINITION_INVALID(
      `the projection "${name}": its row must be an object whose fields have plain names${odd === undefined ? '' : `, not "${odd[0]}"`}`,
    );
  }
  const required = new Set(schema.required ?? []);
  return fields.map(([field, of]) => {
    const types = typesOf(of);
    const nullable = !required.has(field) || types.has('null');
    types.delete('null');
    const [only] = types;
    return { name: field, type: (types.size === 1 ? columnTypes[only ?? ''] : undefined) ?? 'jsonb', nullable };
  });
}

function typesOf(field: FieldSchema): Set<string> {
  if (field.anyOf !== undefined) return new Set(field.anyOf.flatMap((one) => [...typesOf(one)]));
  if (typeof field.type === 'string') return new Set([field.type]);
  if (field.type !== undefined) return new Set(field.type);
  const values = field.enum ?? ('const' in field ? [field.const] : []);
  return new Set(values.map((value) => (value === null ? 'null' : typeof value)));
}
