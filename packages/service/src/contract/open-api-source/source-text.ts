/** A string as a literal of TypeScript. */
export function text(value: string): string {
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A JSON value as a literal of TypeScript. */
export function literal(value: unknown): string {
  return typeof value === 'string' ? text(value) : (JSON.stringify(value) ?? 'undefined');
}

/** `{ a: 1, b: 2 }`, a line for each member; members without a text are left out. */
export function objectText(members: readonly (readonly [string, string | undefined])[]): string {
  const lines = members.flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${keyText(key)}: ${indented(value)},`],
  );
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n}`;
}

/** `[a, b]`, on one line if it is short. */
export function listText(items: readonly string[]): string {
  const line = `[${items.join(', ')}]`;
  return line.length <= 100 && !line.includes('\n')
    ? line
    : `[\n${items.map((item) => `  ${indented(item)},`).join('\n')}\n]`;
}

/** A line of comment, whatever the text holds. */
export function comment(note: string): string {
  return `// ${note.replaceAll(/[\s\p{Zl}\p{Zp}]+/gu, ' ').trim()}`;
}

/** A name such as `petId` from whatever words there are; `fallback` when there are none. */
export function camelCase(words: string, fallback: string): string {
  const pascal = pascalCase(words, fallback);
  const capitals = /^[A-Z]+(?=[A-Z][a-z]|$|\d)/.exec(pascal)?.[0] ?? pascal.slice(0, 1);
  return capitals.toLowerCase() + pascal.slice(capitals.length);
}

/** A name such as `PetStore`. */
export function pascalCase(words: string, fallback: string): string {
  const parts = words.normalize('NFKD').match(/[A-Za-z0-9]+/g) ?? [];
  const joined = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
  if (joined === '') return fallback;
  return /^[0-9]/.test(joined) ? `${fallback}${joined}` : joined;
}

/** A name that is not taken yet: itself, or with a number. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}${number}`;
  return free;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : text(key);
}

function indented(value: string): string {
  return value.replaceAll('\n', '\n  ');
}
