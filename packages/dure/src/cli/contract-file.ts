import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractShapes } from '@dure/service/compatibility';
import { dureErrors } from '../errors.ts';

/** Beside `system.ts`, and under version control: the contracts as somebody has last agreed to them. */
export const contractFile = 'contracts.json';

const format = 1;
const lineWidth = 120;

/** Reads the contracts that were written down; undefined when none were. DURE_USAGE when the file is something else. */
export async function readContracts(folder: string): Promise<ContractShapes | undefined> {
  const text = await readFile(join(folder, contractFile), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const read = parsed(text);
  if (read?.format === format && isTable(read.services) && isTable(read.formats))
    return spelledOut(read.services, read.formats) as ContractShapes;
  throw dureErrors.USAGE(
    `${contractFile} is not what \`dure check --accept\` writes in this version; take it as it was from version control, or delete it and run \`dure check --accept\``,
    { details: { folder } },
  );
}

/** Writes contracts down, so that a change of one field is a change of one line. */
export async function writeContracts(folder: string, services: ContractShapes): Promise<void> {
  const formats: Record<string, unknown> = {};
  const short = shortened(services, formats);
  await writeFile(join(folder, contractFile), `${jsonText({ format, formats, services: short }, '', 0)}\n`);
}

/** Puts the pattern of a format, which is long and everywhere the same, into `formats`; `null` says that there is none. */
function shortened(value: unknown, formats: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((one) => shortened(one, formats));
  if (!isTable(value)) return value;
  if (!isFormatted(value)) return mapped(value, (one) => shortened(one, formats));
  const { pattern = null, ...rest } = value;
  if (!(value.format in formats)) formats[value.format] = pattern;
  return formats[value.format] === pattern ? rest : { ...rest, pattern };
}

function spelledOut(value: unknown, formats: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((one) => spelledOut(one, formats));
  if (!isTable(value)) return value;
  if (!isFormatted(value)) return mapped(value, (one) => spelledOut(one, formats));
  const { pattern = formats[value.format] ?? null, ...rest } = value;
  return pattern === null ? rest : { ...rest, pattern };
}

function isFormatted(
  value: Readonly<Record<string, unknown>>,
): value is { readonly format: string; pattern?: unknown } {
  return value.type === 'string' && typeof value.format === 'string';
}

function mapped(value: Readonly<Record<string, unknown>>, change: (one: unknown) => unknown) {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)]));
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON as formatters leave it alone: what fits on a line stands on one. `used` is what stands on the line already. */
function jsonText(value: unknown, indent: string, used: number): string {
  const short = shortText(value);
  // A comma may follow.
  if (typeof value !== 'object' || value === null || used + short.length + 1 <= lineWidth) return short;
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((one) => `${inner}${jsonText(one, inner, inner.length)}`).join(',\n')}\n${indent}]`;
  const lines = Object.entries(value).map(([key, one]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return `${head}${jsonText(one, inner, head.length)}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function shortText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shortText).join(', ')}]`;
  if (!isTable(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${shortText(one)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
