import type { Document, Place } from './document.ts';
import { refuse, resolved } from './document.ts';
import { freeName, pascalCase } from './source-text.ts';
import type { NamedSchemas } from './zod-text.ts';
import { zodText } from './zod-text.ts';

/** The schemas that operations refer to, as constants in an order in which each stands after those that it needs. */
export interface SchemaNames extends NamedSchemas {
  /** `export const Pet = z.object({ … });` */
  declarations(): readonly string[];
}

/** None at first; each is written when it is first referred to. One that contains itself is refused. */
export function schemaNames(document: Document, taken: ReadonlySet<string>): SchemaNames {
  const names = new Map<string, string>();
  const written: string[] = [];
  const underway = new Set<string>();
  const named: SchemaNames = {
    declarations: () => written,
    nameOf(reference, from) {
      const target = resolved(document, { value: { $ref: reference }, pointer: from.pointer });
      if (target.value === undefined) return undefined;
      if (underway.has(target.pointer)) {
        refuse(document, from, `the schema ${target.pointer} contains itself`);
        return undefined;
      }
      const known = names.get(target.pointer);
      if (known !== undefined) return known;
      underway.add(target.pointer);
      const body = zodText(document, named, target);
      underway.delete(target.pointer);
      const name = freeName(nameFrom(target), new Set([...taken, ...names.values()]));
      names.set(target.pointer, name);
      written.push(`export const ${name} = ${body};`);
      return name;
    },
  };
  return named;
}

/** What the language calls so already keeps its name. */
function nameFrom({ pointer }: Place): string {
  const name = pascalCase(pointer.split('/').at(-1) ?? '', 'Schema');
  return name in globalThis ? `${name}Schema` : name;
}
