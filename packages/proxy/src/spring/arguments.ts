import { nearest } from '@dure/config/properties';
import type { Argument, Definition } from './definition.ts';
import { badAt } from './problems.ts';
import { relaxed } from './property-node.ts';
import { dataSizeBytes, durationMs, momentMs } from './spring-values.ts';

/** How the arguments of a predicate or filter are written. */
export interface ArgumentShape {
  /** In the order of the short form. */
  readonly fields: readonly string[];
  /** All arguments make one list; with `tail-flag` a last `true` or `false` stands apart. */
  readonly gathers?: 'list' | 'tail-flag';
  /** Arguments of the expanded form only. */
  readonly others?: readonly string[];
}

/** Reads the arguments of one predicate or filter; what does not fit is GATEWAY_ROUTE_INVALID at its place. */
export class Arguments {
  readonly definition: Definition;
  readonly #shape: ArgumentShape;
  readonly #named = new Map<string, Argument[]>();

  constructor(definition: Definition, shape: ArgumentShape) {
    this.definition = definition;
    this.#shape = shape;
    const { name, given, isShort } = definition;
    const { fields, gathers, others = [] } = shape;
    const expression = given.find(({ text }) => /^#\{.*\}$/s.test(text));
    if (expression !== undefined && relaxed(expression.name ?? '') !== 'keyresolver')
      throw badAt(expression, `"${expression.text}" is an expression of Spring, which nothing here can evaluate`);
    if (gathers !== undefined) return;
    if (isShort && given.length > fields.length)
      throw badAt(
        definition,
        fields.length === 0
          ? `${name} takes no arguments in the short form`
          : `${name} takes ${fields.join(', ')}, and has ${given.length} arguments; where a comma belongs to one, write the expanded form`,
      );
    const known = [...fields, ...others];
    for (const [at, argument] of given.entries()) {
      const written = isShort ? fields[at] : byPosition(argument.name, fields);
      if (known.every((one) => relaxed(one) !== relaxed(written ?? '')))
        throw badAt(argument, `${name} has no argument "${written}"`, nearest(written ?? '', known));
      const key = relaxed(written ?? '');
      this.#named.set(key, [...(this.#named.get(key) ?? []), argument]);
    }
  }

  /** Every argument of a list; its names do not count. */
  get gathered(): readonly string[] {
    const { given } = this.definition;
    const isFlagged = this.#shape.gathers === 'tail-flag' && isFlag(given.at(-1)?.text);
    return (isFlagged ? given.slice(0, -1) : given).map(({ text }) => text);
  }

  /** The flag behind a list. */
  tailFlag(usual: boolean): boolean {
    const last = this.definition.given.at(-1)?.text;
    return isFlag(last) ? last?.toLowerCase() === 'true' : usual;
  }

  optional(name: string): string | undefined {
    return this.#named.get(relaxed(name))?.[0]?.text;
  }

  text(name: string): string {
    const text = this.optional(name);
    if (text === undefined) throw badAt(this.definition, `${this.definition.name} needs the argument "${name}"`);
    return text;
  }

  /** Written as a list or with commas. */
  list(name: string): readonly string[] {
    const given = this.#named.get(relaxed(name)) ?? [];
    return given
      .flatMap(({ text }) => text.split(','))
      .map((one) => one.trim())
      .filter((one) => one !== '');
  }

  whole(name: string): number | undefined {
    return this.#read(name, 'a whole number', (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined));
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, '"true" or "false"', (text) => (isFlag(text) ? text.toLowerCase() === 'true' : undefined));
  }

  durationMs(name: string): number | undefined {
    return this.#read(name, 'a duration such as 500ms or 5s', durationMs);
  }

  bytes(name: string): number | undefined {
    return this.#read(name, 'a size such as 5000000 or 5MB', dataSizeBytes);
  }

  momentMs(name: string): number | undefined {
    return this.#read(name, 'a moment such as 2030-01-20T17:42:47.789+01:00[Europe/Berlin]', momentMs);
  }

  oneOf<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    return this.#read(name, `one of ${words.join(', ')}`, (text) => words.find((word) => word === text));
  }

  /** GATEWAY_ROUTE_INVALID at an argument. */
  bad(name: string, why: string) {
    return badAt(this.#named.get(relaxed(name))?.[0] ?? this.definition, `${this.definition.name} ${why}`);
  }

  #read<T>(name: string, expected: string, read: (text: string) => T | undefined): T | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    const value = read(text);
    if (value === undefined) throw this.bad(name, `has ${name} "${text}"; expected ${expected}`);
    return value;
  }
}

function isFlag(text: string | undefined): boolean {
  return /^(?:true|false)$/i.test(text ?? '');
}

/** `_genkey_0`, as the actuator writes the short form. */
function byPosition(name: string | undefined, fields: readonly string[]): string | undefined {
  const [, position] = /^_genkey_(\d+)$/.exec(name ?? '') ?? [];
  return position === undefined ? name : fields[Number(position)];
}
