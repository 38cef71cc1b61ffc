import type { JsonSchema, Schema } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';

/**
 * Collects the schemas of a document under their names. AsyncAPI 3.0 reads what is not marked otherwise as draft-07, and a reference
 * from the root of the document: so tuples are written the old way, and definitions are schemas of the document.
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0#multiFormatSchemaObject
 */
export class PayloadSchemas {
  readonly #schemas = new Map<string, JsonSchema>();

  /** Adds a schema unless there is one of the name, and answers the reference to it. */
  add(name: string, schema: Schema, direction: 'input' | 'output'): JsonSchema {
    return this.put(name, () => jsonSchemaOf(schema, direction, name));
  }

  /** Adds what is a JSON Schema already. */
  put(name: string, schema: () => JsonSchema): JsonSchema {
    if (!this.#schemas.has(name)) {
      // What refers to itself finds its name taken.
      this.#schemas.set(name, {});
      const { $schema: _dialect, $defs = {}, ...root } = schema();
      for (const [inner, one] of Object.entries($defs as Readonly<Record<string, JsonSchema>>))
        this.#schemas.set(innerName(name, inner), converted(one, name) as JsonSchema);
      this.#schemas.set(name, converted(root, name) as JsonSchema);
    }
    return referenceTo(name);
  }

  /** All of them, in alphabetical order. */
  all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function referenceTo(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function innerName(name: string, inner: string): string {
  return `${name}.${inner.replaceAll(/[^\w.-]/g, '_')}`;
}

function converted(node: unknown, name: string): unknown {
  if (Array.isArray(node)) return node.map((one) => converted(one, name));
  if (typeof node !== 'object' || node === null) return node;
  const { prefixItems, items, $ref, ...rest } = node as Readonly<Record<string, unknown>>;
  if (typeof $ref === 'string') {
    if ($ref.startsWith('#/components/')) return { $ref };
    const inner = /^#\/\$defs\/(.+)$/.exec($ref)?.[1];
    return referenceTo(inner === undefined ? name : innerName(name, inner));
  }
  const members = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, converted(one, name)]));
  if (Array.isArray(prefixItems))
    return { ...members, items: converted(prefixItems, name), additionalItems: converted(items ?? true, name) };
  return items === undefined ? members : { ...members, items: converted(items, name) };
}
