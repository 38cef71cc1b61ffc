import { bareValue } from './field-kinds.ts';

/**
 * Header fields as they are forwarded: `name: value` and a line end for each. Names are compared without regard to case.
 * Most requests change none, so the text is edited rather than taken apart for each.
 */

/** Every value of a field, in order. */
export function fieldValues(lines: string, name: string): readonly string[] {
  const values: string[] = [];
  for (const line of lines.split('\r\n')) if (isNamed(line, name)) values.push(bareValue(line.slice(name.length + 1)));
  return values;
}

/** The first value of a field. */
export function fieldValue(lines: string, name: string): string | undefined {
  return fieldValues(lines, name)[0];
}

/** With one more value of a field. The caller sees to it that neither holds a line end. */
export function withField(lines: string, name: string, value: string): string {
  return `${lines}${name}: ${value}\r\n`;
}

/** Without a field. */
export function withoutField(lines: string, name: string): string {
  return lines
    .split('\r\n')
    .filter((line) => !isNamed(line, name))
    .join('\r\n');
}

function isNamed(line: string, name: string): boolean {
  return line.charCodeAt(name.length) === 0x3a && line.slice(0, name.length).toLowerCase() === name.toLowerCase();
}
